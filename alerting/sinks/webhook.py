"""Notices as signed webhooks: whoever receives them can prove where they came from and ignore repeats."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from alerting.errors import SecretError
from alerting.outbox import PERMANENT, Delivery, Outcome
from alerting.sinks.body import body
from alerting.sinks.signing import signed_headers

RETRY_AFTER_SECONDS_MAX = 86_400.0


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """POSTs by the client it is given; addresses and secrets are looked up by `secret_of` at each attempt.

    Only 2xx is success. A redirect is a failure and is never followed: it would carry the message to somebody whom the
    ownership table does not name. The answer's body is not read.
    """

    client: httpx2.AsyncClient
    secret_of: Callable[[str], str]
    wall: Callable[[], datetime]
    attempt_seconds_max: float = 15.0

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt within `attempt_seconds_max`."""
        content = body(delivery.payload)
        try:
            url = self._address(delivery.target.address)
            secret = self.secret_of(delivery.target.secret)
            headers = signed_headers(f"msg_{delivery.key.replace('-', '')}", self.wall(), content, secret)
        except SecretError as fault:
            return Outcome("retry", note=str(fault))
        headers |= {"content-type": "application/json", "user-agent": "driftwarden"}
        try:
            async with (
                asyncio.timeout(self.attempt_seconds_max),
                self.client.stream("POST", url, content=content, headers=headers, follow_redirects=False) as answer,
            ):
                return self._outcome(answer)
        except TimeoutError:
            return Outcome("retry", note=f"no answer within {self.attempt_seconds_max:g} s")
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            # The message of these names the address, which may be a secret.
            return Outcome("refused", note="the address is not one that can be called: mend it in the ownership table")
        except httpx2.TransportError as fault:
            return Outcome("retry", note=f"the connection failed ({type(fault).__name__})")

    def _address(self, address: str) -> str:
        return self.secret_of(address) if address.startswith(("env:", "file:")) else address

    def _outcome(self, answer: httpx2.Response) -> Outcome:
        status = answer.status_code
        if answer.is_success:
            return Outcome("delivered", status)
        if status in PERMANENT:
            return Outcome("refused", status, note=f"the receiver answered {status}, which no retry changes")
        wait = _retry_after(answer.headers.get("retry-after", ""), self.wall())
        said = "a redirect, which is not followed" if answer.is_redirect else "which may pass"
        return Outcome("retry", status, wait, f"the receiver answered {status}, {said}")


def _retry_after(text: str, now: datetime) -> float | None:
    """Read seconds or an HTTP date; nonsense is as good as nothing, and a day is the most that is believed."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
            seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX) if math.isfinite(seconds) else None
