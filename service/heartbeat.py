"""The heartbeat: a sign of life outside, so that our own silence is heard. It is sent only while all is well."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from alerting.errors import SecretError
from alerting.outbox import Outcome
from alerting.sinks.call import Call, address_of
from service.progress import Progress
from service.settings import HeartbeatSettings

log = logging.getLogger(__name__)

Beat: TypeAlias = Literal["sent", "failed", "withheld"]


@dataclass(slots=True)
class Heartbeat:
    """Calls the address again and again; `faults` says what is not well, and anything is reason enough to keep silent.

    One try a beat: whoever waits for it allows for one that is missing. The address is looked up each time and named
    nowhere, since whoever knows it can fake our life.
    """

    settings: HeartbeatSettings
    call: Call
    secret_of: Callable[[str], str]
    faults: Callable[[], list[str]]
    progress: Progress
    _said: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until `stop` is set; the first beat comes when everything has had the time to begin."""
        while self.settings.url and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.settings.seconds)
            if not stop.is_set():
                await self.once()

    async def once(self) -> Beat:
        """Beat once, or keep silent; gives which."""
        faults = await asyncio.to_thread(self.faults)
        if faults:
            return self._note("withheld", "no heartbeat is sent while this is so: " + "; ".join(faults))
        why = await self._send()
        if why:
            return self._note("failed", f"the heartbeat was not sent, and is tried again at the next beat: {why}")
        return self._note("sent", "")

    async def _send(self) -> str:
        try:
            url = address_of(self.settings.url, self.secret_of)
        except SecretError as fault:
            return str(fault)
        get = self.settings.method == "GET"
        answered = await (self.call.get(url) if get else self.call.post(url, b"", {}))
        outcome = answered if isinstance(answered, Outcome) else answered.outcome()
        if outcome.kind == "refused" and not outcome.status:
            return "heartbeat.url is not an address that can be called: mend it"
        return "" if outcome.kind == "delivered" else outcome.note

    def _note(self, beat: Beat, why: str) -> Beat:
        """Count it, and log each outage once, however its numbers change, and its end."""
        counts = self.progress.heartbeats
        counts[beat] = counts.get(beat, 0) + 1
        if beat != "sent" and self._said != beat:
            log.error("%s", why)
        elif beat == "sent" and self._said not in ("", "sent"):
            log.warning("the heartbeat is sent again")
        self._said = beat
        return beat
