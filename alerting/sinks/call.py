"""One call over HTTP: how long it may take, what its answer means, and errors that never tell an address."""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from alerting.outbox import PERMANENT, Outcome

RETRY_AFTER_SECONDS_MAX = 86_400.0

ANSWER_BYTES_MAX = 262_144
"""The most that is read of an answer; the rest is not waited for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the first bytes of the body, and how long the receiver wants to be left alone."""

    status: int
    body: bytes = b""
    retry_after_seconds: float | None = None

    def outcome(self, permanent: Collection[int] = PERMANENT) -> Outcome:
        """Read the status alone: 2xx is delivered, `permanent` is refused, and anything else may pass."""
        if 200 <= self.status < 300:
            return Outcome("delivered", self.status)
        # A server that breaks may have taken the message first; one that says no has not.
        lost = self.status < 500
        if self.status in permanent:
            note = f"the receiver answered {self.status}, which no retry changes"
            return Outcome("refused", self.status, note=note, lost=lost)
        said = "a redirect, which is not followed" if 300 <= self.status < 400 else "which may pass"
        note = f"the receiver answered {self.status}, {said}"
        return Outcome("retry", self.status, self.retry_after_seconds, note, lost=lost)


@dataclass(frozen=True, slots=True)
class Call:
    """Makes calls by the client it is given, each within `seconds_max`.

    A redirect is never followed: it would carry the message to somebody whom the ownership table does not name.
    """

    client: httpx2.AsyncClient
    wall: Callable[[], datetime]
    seconds_max: float = 15.0

    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str], *, read_bytes_max: int = 0
    ) -> Answer | Outcome:
        """Send a POST and give its answer, or the Outcome of a call that got none.

        `read_bytes_max` is how much of the answer's body the caller wants (0: it is not read).
        """
        return await self._made("POST", url, content, headers, read_bytes_max)

    async def get(self, url: str) -> Answer | Outcome:
        """Send a GET whose answer's body nobody wants."""
        return await self._made("GET", url, None, {}, 0)

    async def _made(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str], read_bytes_max: int
    ) -> Answer | Outcome:
        sent = {"user-agent": "driftwarden", "accept-encoding": "identity", **headers}
        try:
            async with (
                asyncio.timeout(self.seconds_max),
                self.client.stream(method, url, content=content, headers=sent, follow_redirects=False) as answer,
            ):
                body = await _first(answer, min(read_bytes_max, ANSWER_BYTES_MAX))
                wait = retry_after(answer.headers.get("retry-after", ""), self.wall())
                return Answer(answer.status_code, body, wait)
        except TimeoutError:
            return Outcome("retry", note=f"no answer within {self.seconds_max:g} s")
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            # The message of these names the address, which may be a secret.
            note = "the address is not one that can be called: mend it in the ownership table"
            return Outcome("refused", note=note, lost=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as fault:
            return Outcome("retry", note=f"the connection failed ({type(fault).__name__})", lost=True)
        except httpx2.RequestError as fault:
            return Outcome("retry", note=f"the connection failed ({type(fault).__name__})")


def address_of(address: str, secret_of: Callable[[str], str]) -> str:
    """Look up an address that is a reference, and give any other as it is; raises SecretError."""
    return secret_of(address) if address.startswith(("env:", "file:")) else address


def retry_after(text: str, now: datetime) -> float | None:
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


async def _first(answer: httpx2.Response, bytes_max: int) -> bytes:
    body = b""
    if bytes_max:
        async for part in answer.aiter_bytes():
            body += part
            if len(body) >= bytes_max:
                break
    return body[:bytes_max]
