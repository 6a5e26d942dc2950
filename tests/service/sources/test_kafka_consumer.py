"""Setting up the client: what is refused, and the settings that guard against its conveniences."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from service.settings import KafkaSettings
from service.sources.errors import KafkaUnusable
from service.sources.kafka_consumer import make_consumer, words


def consumer_for(password: str | None = None, **changed: object) -> AIOKafkaConsumer:
    settings = KafkaSettings.model_validate({"bootstrap": "127.0.0.1:1", **changed})
    return make_consumer(settings, password=password, worker="w", metadata_seconds=30)


async def option(name: str, **changed: object) -> object:
    """Build a consumer and look at one of its options."""
    consumer = consumer_for(None, **changed)
    await consumer.stop()
    return getattr(consumer, f"_{name}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto_offset_reset", "none"),
        ("enable_auto_commit", False),
        ("isolation_level", "read_committed"),
        ("value_deserializer", None),
        ("key_deserializer", None),
        ("session_timeout_ms", 45_000),
        ("heartbeat_interval_ms", 3_000),
        ("rebalance_timeout_ms", 60_000),
        ("max_poll_interval_ms", 900_000),
        ("fetch_max_bytes", 4_194_304),
        ("check_crcs", True),
    ],
)
async def test_the_client_is_told(name: str, value: object) -> None:
    assert await option(name) == value


@pytest.mark.parametrize(("record_bytes_max", "partition_bytes"), [(1024, 262_144), (8_000_000, 8_065_536)])
async def test_the_largest_record_fits_into_a_fetch(record_bytes_max: int, partition_bytes: int) -> None:
    assert await option("max_partition_fetch_bytes", record_bytes_max=record_bytes_max) == partition_bytes


async def test_a_short_session_gets_a_shorter_heartbeat() -> None:
    assert await option("heartbeat_interval_ms", session_timeout_seconds=3) == 1_000


async def test_sasl_without_a_password_is_refused() -> None:
    with pytest.raises(KafkaUnusable, match=r"set kafka\.sasl_username and kafka\.sasl_password"):
        consumer_for(security="SASL_PLAINTEXT", sasl_username="me")


async def test_sasl_without_a_user_is_refused() -> None:
    with pytest.raises(KafkaUnusable, match=r"set kafka\.sasl_username and kafka\.sasl_password"):
        consumer_for("secret", security="SASL_PLAINTEXT")


async def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(KafkaUnusable, match=r"kafka\.ca_file .*none\.pem"):
        consumer_for(security="SSL", ca_file=str(tmp_path / "none.pem"))


def test_a_client_without_its_extension_is_refused() -> None:
    program = (
        "import asyncio\n"
        "from tests.service.sources.test_kafka_consumer import consumer_for\n"
        "async def main() -> None:\n    consumer_for()\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert "KafkaUnusable: aiokafka was installed without its C extension" in done.stderr


def test_an_exception_without_text_is_named() -> None:
    assert words(TimeoutError()) == "TimeoutError"
