"""Alerts again and again: Alertmanager forgets what it is not told, so that open alerts are sent anew every minute."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.audit import Json
from alerting.outbox import Delivery
from alerting.route import Destination
from alerting.sinks.alertmanager import PERIOD_SECONDS, AlertmanagerSink, alerts
from alerting.sinks.sink import Outcome
from service.progress import Progress
from service.repeat import repeat
from service.store.engine import Store
from service.store.lease import hold
from service.store.lines import Line, deliveries_of, standing_lines
from service.store.records import ms

log = logging.getLogger(__name__)

LINES_MAX = 50
"""Lines of one destination that are read and sent at once; the next fifty follow in the same turn."""

ENDED_SECONDS = 300.0
"""How long the end of an alert is repeated, in case Alertmanager was away when it was told."""


@dataclass(slots=True)
class Resend:
    """Sends again how every incident stands; a failure is logged and counted, and the next turn tries again.

    It holds the lease of the outbox: within that one worker, a destination's calls are made in turn, so that an alert
    that has ended is never opened again by what was read before.
    """

    store: Store
    sink: AlertmanagerSink
    worker: str
    wall: Callable[[], datetime]
    progress: Progress
    lease_seconds: float

    async def run(self, stop: asyncio.Event, period_seconds: float = PERIOD_SECONDS) -> None:
        """Send again until `stop` is set."""
        await repeat(self.once, stop, period_seconds, "alerts are not sent again")

    async def once(self) -> int:
        """Send every alert again that is open or has just ended, and say how many were sent."""
        held = await asyncio.to_thread(hold, self.store, "deliver", self.worker, ms(self.wall()), self.lease_seconds)
        if not held:
            return 0
        by_name: dict[str, list[Line]] = {}
        for line in await asyncio.to_thread(self._standing):
            by_name.setdefault(line.destination, []).append(line)
        return sum(await asyncio.gather(*(self._destination(name, lines) for name, lines in by_name.items())))

    def _standing(self) -> Sequence[Line]:
        since = ms(self.wall() - timedelta(seconds=ENDED_SECONDS))
        with self.store.read() as connection:
            return standing_lines(connection, "alertmanager", since)

    async def _destination(self, name: str, lines: Sequence[Line]) -> int:
        sent = 0
        for begin in range(0, len(lines), LINES_MAX):
            async with self.sink.turn(name):
                told = await asyncio.to_thread(self._read, lines[begin : begin + LINES_MAX])
                made = [alert for line in told for alert in again(line, self.wall())]
                if made and not await self._post(told[-1][-1].target, made):
                    break
                sent += len(made)
        return sent

    def _read(self, lines: Sequence[Line]) -> list[list[Delivery]]:
        """Read the lines as they are now: what was told since they were looked for counts too."""
        with self.store.read() as connection:
            found = [deliveries_of(connection, line) for line in lines]
        return [line for line in found if line]

    async def _post(self, target: Destination, made: Sequence[dict[str, Json]]) -> bool:
        outcome: Outcome = await self.sink.post(target, made)
        key = (target.name, outcome.kind)
        self.progress.resent[key] = self.progress.resent.get(key, 0) + len(made)
        if outcome.kind != "delivered":
            log.warning("%d alerts could not be sent to %s again: %s", len(made), target.name, outcome.note)
        return outcome.kind == "delivered"


def again(line: Sequence[Delivery], now: datetime) -> list[dict[str, Json]]:
    """Give the alerts of a line that are to be sent again.

    The last delivery that is due counts, sent or not: were an older one repeated while a resolve waits for its next
    attempt, an alert would begin that is over. What is held back until later is not told early, and a line of which
    nothing was tried yet is left to its first attempt.
    """
    told = [d for d in line if d.attempts or d.next_at <= now or d.intent == "resolve"]
    if not any(delivery.attempts for delivery in told):
        return []
    last = told[-1]
    fresh = last.next_at >= now - timedelta(seconds=ENDED_SECONDS)
    if last.intent == "resolve" and not fresh:
        return []
    made = alerts(last, told[:-1], now)
    return made if fresh else made[:1]
