"""The aiokafka consumer, set up so that none of its conveniences can lose, skip or repeat a record behind our back."""

import ssl

from aiokafka import AIOKafkaConsumer
from aiokafka.record import default_records

from service.settings import KafkaSettings
from service.sources.errors import KafkaUnusable

REQUEST_SECONDS = 15.0
REBALANCE_SECONDS = 60.0
"""How long the group waits for a member to rejoin; the client's own default is its session timeout."""
POLL_SECONDS_MAX = 900.0
"""Seconds without a poll after which the client leaves the group; the store fences whoever comes back."""

_FETCH_BYTES = 4 * 1024 * 1024
_PARTITION_BYTES = 256 * 1024
_BATCH_OVERHEAD = 64 * 1024


def make_consumer(
    settings: KafkaSettings, *, password: str | None, worker: str, metadata_seconds: float
) -> AIOKafkaConsumer:
    """Build a consumer that is not started and not subscribed; raises KafkaUnusable when it cannot work well.

    Small fetches keep the buffers in the processor's cache. The limit per partition is above the largest record we
    accept, because aiokafka steps over a record that does not fit.
    """
    if not default_records.DefaultRecordBatch.__module__.startswith("aiokafka.record._crecords"):
        raise KafkaUnusable(
            "aiokafka was installed without its C extension and would be about 20 times slower: install the wheel of "
            "your platform (pip install --force-reinstall --only-binary aiokafka aiokafka) and unset "
            "AIOKAFKA_NO_EXTENSIONS"
        )
    partition_bytes = max(_PARTITION_BYTES, settings.record_bytes_max + _BATCH_OVERHEAD)
    session_ms = int(settings.session_timeout_seconds * 1000)
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        client_id=f"driftwarden-{worker}",
        group_id=settings.group,
        auto_offset_reset="none",
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_bytes=max(_FETCH_BYTES, partition_bytes),
        max_partition_fetch_bytes=partition_bytes,
        metadata_max_age_ms=int(metadata_seconds * 1000),
        request_timeout_ms=int(REQUEST_SECONDS * 1000),
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=min(3_000, session_ms // 3),
        rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000),
        max_poll_interval_ms=int(POLL_SECONDS_MAX * 1000),
        **_security(settings, password),
    )


def words(error: Exception) -> str:
    """Say what an exception of the client is, for those that have no text of their own."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _security(settings: KafkaSettings, password: str | None) -> dict[str, str | ssl.SSLContext]:
    options: dict[str, str | ssl.SSLContext] = {"security_protocol": settings.security}
    if settings.security in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if settings.security.startswith("SASL"):
        if not settings.sasl_username or password is None:
            raise KafkaUnusable(
                f"kafka.security is {settings.security}: set kafka.sasl_username and kafka.sasl_password"
            )
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = password
    return options


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        raise KafkaUnusable(
            f"kafka.ca_file {settings.ca_file}, cert_file {settings.cert_file}, key_file {settings.key_file}: {error}"
        ) from error
    return context
