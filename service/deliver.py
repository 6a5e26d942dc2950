"""The outbox loop: notices to destinations, at least once, in order per incident and destination."""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.exc import OperationalError

from alerting.audit import AuditEntry
from alerting.outbox import Delivery, RetryRules, after, coalesce, due
from alerting.policy import Policy
from alerting.route import THREADED
from alerting.sinks.sink import Outcome, Sink
from alerting.tell import Telling
from service.progress import Progress
from service.rendering import pictured
from service.reroute import reroute
from service.store.engine import Store
from service.store.errors import passes
from service.store.lease import hold
from service.store.records import append_audit, drop_delivery, first_receipt, ms, pending_deliveries, put_delivery

log = logging.getLogger(__name__)

LINES_MAX = 1_000
"""Lines of deliveries looked at in one turn; the rest wait, the longest overdue first."""

AT_ONCE_MAX = 10
"""Attempts at one destination in one turn, so that one that hangs does not take the turn of the others."""

LEASE_SECONDS = 30.0
"""How long nobody else sends after the last turn began; longer than an attempt takes, or two would send at once."""


@dataclass(slots=True)
class Deliver:
    """Sends what is due: only the worker that holds the lease, and "sent" only after the destination said so.

    `linked` adds signed links to what is sent; what is recorded has none.
    """

    store: Store
    sinks: Mapping[str, Sink]
    rules: RetryRules
    worker: str
    wall: Callable[[], datetime]
    rng: random.Random
    progress: Progress
    lease_seconds: float = LEASE_SECONDS
    policy: Policy = field(default_factory=Policy)
    linked: Callable[[Delivery], Delivery] = lambda delivery: delivery

    async def run(self, stop: asyncio.Event, pause_seconds: float = 0.5) -> None:
        """Send until `stop` is set."""
        while not stop.is_set():
            try:
                await self.once()
                self.progress.turned("deliver")
            except OperationalError as failure:
                if not passes(failure):
                    raise
                # What was sent and could not be recorded is sent again under the same key.
                log.error("deliveries wait, because the store cannot be used: %s", failure.orig)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_seconds)

    async def once(self) -> int:
        """Attempt every delivery that is due now and say how many were attempted."""
        held = await asyncio.to_thread(hold, self.store, "deliver", self.worker, ms(self.wall()), self.lease_seconds)
        if not held:
            return 0
        pending = await asyncio.to_thread(self._pending)
        ready = _shared(due(pending, self.wall(), limit=LINES_MAX))
        # All attempts end before a failure of one is raised, so that the next turn meets none of them under way.
        ended = await asyncio.gather(*(self._attempt(delivery) for delivery in ready), return_exceptions=True)
        for failure in ended:
            if failure is not None:
                raise failure
        return len(ready)

    def _pending(self) -> tuple[Delivery, ...]:
        """What waits to be sent; an open that resolved before it was ever tried is dropped with its resolve."""
        with self.store.read() as connection:
            found = coalesce(pending_deliveries(connection, ms(self.wall()), LINES_MAX))
        if found.dropped:
            now = self.wall()
            with self.store.write() as connection:
                for delivery in found.dropped:
                    drop_delivery(connection, delivery.key)
                append_audit(connection, [_entry(delivery, now, "dropped", _DROPPED) for delivery in found.dropped])
        return found.keep

    async def _attempt(self, delivery: Delivery) -> None:
        if delivery.target.sink in THREADED:
            delivery = replace(delivery, thread=await asyncio.to_thread(self._thread, delivery))
        # Noted before the attempt, so that links made for it and for a retry last to the same time.
        delivery = replace(delivery, tried_at=delivery.tried_at or self.wall())
        outcome = await self.sinks[delivery.target.sink].send(pictured(self.linked(delivery), self.progress))
        await asyncio.to_thread(self._record, delivery, outcome)

    def _thread(self, delivery: Delivery) -> str:
        with self.store.read() as connection:
            return first_receipt(connection, delivery.incident_id, delivery.destination)

    def _record(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self.wall()
        changed = after(delivery, outcome, now, self.rng, self.rules)
        key = (delivery.destination, outcome.kind)
        self.progress.delivered[key] = self.progress.delivered.get(key, 0) + 1
        with self.store.write() as connection:
            put_delivery(connection, changed, ms(now))
            # Canaries that come back would be most of the audit, and say nothing about any decision.
            if changed.state == "dead" or (changed.state == "sent" and changed.target.sink != "loopback"):
                reason = changed.last_error or "the destination accepted it"
                append_audit(connection, [_entry(changed, now, changed.state, reason)])
            if changed.state == "dead":
                reroute(connection, changed, Telling(self.policy, now))
        if changed.state == "dead":
            log.error("delivery %s to %s is dead: %s", changed.key, changed.destination, changed.last_error)


def _shared(ready: Sequence[Delivery]) -> list[Delivery]:
    """Give every destination its share of a turn."""
    taken: Counter[str] = Counter()
    shared = []
    for delivery in ready:
        taken[delivery.destination] += 1
        if taken[delivery.destination] <= AT_ONCE_MAX:
            shared.append(delivery)
    return shared


_DROPPED = "the incident resolved before anything of it was sent"


def _entry(delivery: Delivery, now: datetime, became: str, reason: str) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor="driftwarden",
        action=f"delivery.{became}",
        subject=delivery.incident_id,
        before=None,
        after={"destination": delivery.destination, "intent": delivery.intent, "attempts": delivery.attempts},
        reason=reason,
    )
