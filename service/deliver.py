"""The outbox loop: notices to destinations, at least once, in order per incident and destination."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.exc import OperationalError

from alerting.breaker import PROBE_SECONDS_MAX
from alerting.outbox import RINGS, Delivery, RetryRules, after, coalesce, due, in_vain
from alerting.policy import Policy
from alerting.route import THREADED
from alerting.sinks.sink import Outcome, Sink
from alerting.tell import Telling
from service.lanes import Lanes
from service.outbox_entries import outbox_entry, superseded_entries
from service.progress import Progress
from service.rendering import pictured
from service.reroute import Unreached, reroute
from service.store.engine import Store
from service.store.errors import passes
from service.store.lease import give_back, hold
from service.store.lines import tried_before
from service.store.outbox import pending_deliveries
from service.store.records import append_audit, drop_delivery, first_receipt, ms, put_attempt

log = logging.getLogger(__name__)

LINES_MAX = 1_000
"""Lines of deliveries looked at in one turn; the rest wait."""

SHARE_SECONDS = 10.0
"""How long one destination is sent to before it is its turn again; the last attempt may take its own time more."""

LEASE_SECONDS = 30.0
"""How long nobody else sends after the last turn began; longer than an attempt takes, or two would send at once."""


@dataclass(slots=True)
class Deliver:
    """Sends what is due: only the worker that holds the lease, and "sent" only after the destination said so.

    To one destination one message goes after the other, the most urgent first; no destination waits for another.
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
    monotonic: Callable[[], float] = time.monotonic
    next_contact_minutes: float = 15.0
    _lanes: Lanes = field(init=False)
    _sending: dict[str, asyncio.Task[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._lanes = Lanes(self.monotonic)

    async def run(self, stop: asyncio.Event, pause_seconds: float = 0.5) -> None:
        """Send until `stop` is set."""
        try:
            while not stop.is_set():
                await self._whatever_passes(self._turn())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause_seconds)
            await self._whatever_passes(self._ended(everything=True))
            await asyncio.to_thread(give_back, self.store, "deliver", self.worker)
        finally:
            for task in self._sending.values():
                task.cancel()

    async def once(self) -> int:
        """Attempt what is due now, of each destination its share, and say how many were attempted."""
        await self._begin()
        return await self._ended(everything=True)

    def unreached(self) -> Unreached:
        """Give the loop that looks for parties whom what is still tried does not reach."""
        return Unreached(
            self.store, self.policy, self.next_contact_minutes, self.worker, self.wall, self.progress,
            self.lease_seconds,
        )  # fmt: skip

    async def _turn(self) -> None:
        await self._begin()
        await self._ended(everything=False)
        self.progress.turned("deliver")

    async def _whatever_passes(self, work: Coroutine[None, None, object]) -> None:
        try:
            await work
        except OperationalError as failure:
            if not passes(failure):
                raise
            # What was sent and could not be recorded is sent again under the same key.
            log.error("deliveries wait, because the store cannot be used: %s", failure.orig)

    async def _begin(self) -> None:
        """Begin to send to every destination that has something due, is not sent to already and not left alone."""
        held = await asyncio.to_thread(hold, self.store, "deliver", self.worker, ms(self.wall()), self.lease_seconds)
        if not held:
            return
        pending = await asyncio.to_thread(self._pending, self._lanes.shut() | self._sending.keys())
        queues: dict[str, list[Delivery]] = {}
        for delivery in due(pending, self.wall(), limit=LINES_MAX):
            queues.setdefault(delivery.destination, []).append(delivery)
        until = self.monotonic() + SHARE_SECONDS
        for name, queue in queues.items():
            self._sending[name] = asyncio.create_task(self._send(name, queue, until))

    async def _ended(self, *, everything: bool) -> int:
        """Take in what came of sending, and say how many were attempted; with `everything`, wait for it.

        All that is under way ends before a failure of it is raised, so that the next turn meets none of it.
        """
        names = [name for name, task in self._sending.items() if everything or task.done()]
        ended = await asyncio.gather(*(self._sending[name] for name in names), return_exceptions=True)
        for name in names:
            del self._sending[name]
        failures = [one for one in ended if isinstance(one, BaseException)]
        if not failures:
            return sum(one for one in ended if isinstance(one, int))
        if self._sending:
            await self._rest()
        raise next((failure for failure in failures if not isinstance(failure, OperationalError)), failures[0])

    async def _rest(self) -> None:
        await asyncio.wait(self._sending.values())

    async def _send(self, name: str, queue: Sequence[Delivery], until: float) -> int:
        """Send one after the other until the share of time is over or the destination fails."""
        tried = 0
        for delivery in queue[: self._lanes.allowed(name, len(queue))]:
            if tried and self.monotonic() >= until:
                break
            if await asyncio.to_thread(self._dropped_in_vain, delivery):
                continue
            if not self._lanes.take(delivery.target):
                break
            tried += 1
            if (await self._attempt(delivery)).kind == "retry":
                break
        return tried

    def _pending(self, without: Collection[str]) -> tuple[Delivery, ...]:
        """What waits to be sent, without what is not needed any more."""
        with self.store.read() as connection:
            found = coalesce(pending_deliveries(connection, ms(self.wall()), LINES_MAX, without))
        if found.dropped or found.superseded:
            now = self.wall()
            with self.store.write() as connection:
                for delivery in (*found.dropped, *found.superseded):
                    drop_delivery(connection, delivery.key)
                entries = [outbox_entry(delivery, now, "dropped", _UNSEEN) for delivery in found.dropped]
                append_audit(connection, entries + superseded_entries(found.superseded, now))
        return found.keep

    def _dropped_in_vain(self, delivery: Delivery) -> bool:
        """Drop the end of what certainly never began at this destination."""
        if delivery.intent in RINGS or delivery.attempts:
            return False
        with self.store.read() as connection:
            if not in_vain(delivery, tried_before(connection, delivery)):
                return False
        with self.store.write() as connection:
            drop_delivery(connection, delivery.key)
            append_audit(connection, [outbox_entry(delivery, self.wall(), "dropped", _IN_VAIN)])
        return True

    async def _attempt(self, delivery: Delivery) -> Outcome:
        if delivery.target.sink in THREADED:
            delivery = replace(delivery, thread=await asyncio.to_thread(self._thread, delivery))
        delivery, waits = await asyncio.to_thread(self._begun, delivery)
        if not waits:
            return Outcome("refused", note=_ELSEWHERE)
        outcome = await self.sinks[delivery.target.sink].send(pictured(self.linked(delivery), self.progress))
        self._lanes.note(delivery.destination, outcome)
        self.progress.breakers[delivery.destination] = self._lanes.open(delivery.destination)
        await asyncio.to_thread(self._record, delivery, outcome)
        return outcome

    def _begun(self, delivery: Delivery) -> tuple[Delivery, bool]:
        """Note when it is first tried, and say whether it still waits: links made for a retry last to the same time.

        Of what begins or goes on at a destination that is written down first: where the process ends before it knows
        what came of it, it may have arrived, and then its end must be sent too.
        """
        if delivery.tried_at is not None:
            return delivery if delivery.attempts else replace(delivery, attempts=1), True
        begun = replace(delivery, tried_at=self.wall())
        if begun.intent not in RINGS:
            return begun, True
        with self.store.write() as connection:
            return begun, put_attempt(connection, begun)

    def _thread(self, delivery: Delivery) -> str:
        with self.store.read() as connection:
            return first_receipt(connection, delivery.incident_id, delivery.destination)

    def _record(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self.wall()
        # An open breaker sets the pace at which the destination is tried; the delivery's own would only be later.
        longest = PROBE_SECONDS_MAX if self._lanes.open(delivery.destination) else self.rules.seconds_max
        rules = replace(self.rules, seconds_max=min(longest, self.rules.seconds_max))
        changed = after(delivery, outcome, now, self.rng, rules)
        key = (delivery.destination, outcome.kind)
        self.progress.delivered[key] = self.progress.delivered.get(key, 0) + 1
        with self.store.write() as connection:
            if not put_attempt(connection, changed):
                log.warning("what came of delivery %s is not recorded: %s", changed.key, _ELSEWHERE)
                return
            # Canaries that come back would be most of the audit, and say nothing about any decision.
            if changed.state == "dead" or (changed.state == "sent" and changed.target.sink != "loopback"):
                reason = changed.last_error or "the destination accepted it"
                append_audit(connection, [outbox_entry(changed, now, changed.state, reason)])
            if changed.state == "dead":
                reroute(connection, changed, Telling(self.policy, now), self.progress, self.next_contact_minutes, now)
        if changed.state == "dead":
            log.error("delivery %s to %s is dead: %s", changed.key, changed.destination, changed.last_error)


_ELSEWHERE = "another worker has sent or dropped it meanwhile"
_UNSEEN = "the incident resolved before anything of it was sent"
_IN_VAIN = "nothing of the incident arrived here before, so that there is nothing to end or to change"
