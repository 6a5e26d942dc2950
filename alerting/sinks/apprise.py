"""Notices through Apprise, for the hundred services that have no destination of their own: plain messages, no more."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome
from alerting.sinks.message import Message, cut, message_of
from alerting.tiers import Tier

if TYPE_CHECKING:
    from apprise import AppriseAsset

TEXT_CHARS_MAX = 10_000
THREADS_MAX = 4
"""Messages under way at once; a service that hangs takes none of the threads that the store needs."""

INSTALL = 'pip install "driftwarden[apprise]"'

_KINDS = {Tier.ACT: "failure", Tier.BLIND: "failure", Tier.INVESTIGATE: "warning", Tier.OBSERVE: "info"}
_GRACE_SECONDS = 1.0


def installed() -> bool:
    """Say whether the optional package is there."""
    return find_spec("apprise") is not None


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="apprise")


@dataclass(frozen=True, slots=True)
class AppriseSink:
    """Sends a message to the Apprise URL that `secret_of` finds; the whole URL is a secret.

    Apprise says only whether it worked, so that every failure is tried again, and nothing tells a repeat from a first
    message. Changes of facts are not sent: they would be one more message that disturbs somebody.
    """

    secret_of: Callable[[str], str]
    seconds_max: float = 15.0
    _pool: ThreadPoolExecutor = field(default_factory=_threads)

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt, in a thread: Apprise waits for its services."""
        if delivery.intent == "update":
            return Outcome("delivered", note="a change of facts is not sent as a message of its own")
        if not installed():
            return Outcome("retry", note=f"Apprise is not installed: {INSTALL}")
        try:
            url = self.secret_of(delivery.target.address).strip()
        except SecretError as fault:
            return Outcome("retry", note=str(fault))
        message = message_of(delivery)
        kind = "success" if delivery.intent == "resolve" else _KINDS[message.tier]
        loop = asyncio.get_running_loop()
        try:
            # What waits for a thread when the time is up is never sent; what has begun may still arrive.
            async with asyncio.timeout(self.seconds_max + _GRACE_SECONDS):
                return await loop.run_in_executor(self._pool, _sent, url, message, kind, self.seconds_max)
        except TimeoutError:
            return Outcome("retry", note=f"no answer within {self.seconds_max:g} s")


def _sent(url: str, message: Message, kind: str, seconds_max: float) -> Outcome:
    import apprise

    # Both log addresses, the one its own and the other each request's.
    logging.getLogger("apprise").disabled = True
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    try:
        service = apprise.Apprise.instantiate(url, asset=_asset(seconds_max))
    except Exception as fault:  # The code of a hundred services; what it raises may hold the URL.
        return Outcome("retry", note=f"Apprise failed ({type(fault).__name__})")
    if service is None:
        return Outcome("retry", note="the Apprise URL is not one it can use: mend it where its reference points")
    text = _body(message, service.body_maxlen - max(service.title_maxlen, len(message.title)) - 2)
    one = apprise.Apprise(asset=service.asset)
    try:
        one.add(service)
        told = one.notify(text, message.title, kind, body_format="text", timeout=seconds_max)
    except Exception as fault:  # Likewise.
        return Outcome("retry", note=f"Apprise failed ({type(fault).__name__})")
    return Outcome("delivered") if told else Outcome("retry", note="Apprise could not deliver it and does not say why")


def _asset(seconds_max: float) -> "AppriseAsset":
    """Settings under which it stores nothing, makes no keys, follows no redirect and loads no pictures or more code."""
    import apprise

    return apprise.AppriseAsset(
        app_id="Driftwarden", app_desc="Driftwarden", app_url="", storage_mode="memory", pgp_autogen=False,
        pem_autogen=False, http_redirects=False, allow_templates=False, image_url_mask="", image_path_mask=False,
        secure_logging=True, async_mode=False, service_timeout=seconds_max,
    )  # fmt: skip


def _body(message: Message, chars_max: int) -> str:
    """Cut the text to what the service takes, with the address of the whole of it where there is one."""
    most = min(max(chars_max, 1), TEXT_CHARS_MAX)
    if len(message.text) <= most:
        return message.text
    tail = f"\n{message.page}" if message.page and len(message.page) < most // 2 else ""
    return cut(message.text, most - len(tail)) + tail
