"""The clocks of incidents: whatever runs out by itself is told, recorded and set anew in one transaction."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alerting.escalate import begun, fired
from alerting.incident import Incident
from alerting.policy import Policy
from alerting.tell import Telling, state_of
from service.progress import Progress
from service.rendering import note_faults
from service.repeat import repeat
from service.store.decisions import put_told
from service.store.engine import Store
from service.store.lease import give_back, hold
from service.store.records import clockless_incidents, due_incidents, ms

log = logging.getLogger(__name__)

AT_ONCE_MAX = 1_000
"""Incidents in one transaction, which holds the store's lock for some 2 s.

What is too much for a party to be told one by one is summed up once for all of them."""

LEASE_SECONDS = 30.0


@dataclass(slots=True)
class Timekeeper:
    """Fires what is due: only the worker that holds the lease. `canary` is moved on at the end of each of its turns."""

    store: Store
    policy: Policy
    worker: str
    wall: Callable[[], datetime]
    progress: Progress
    canary: Callable[[], None] = lambda: None

    async def run(self, stop: asyncio.Event, pause_seconds: float = 1.0) -> None:
        """Look at the clocks until `stop` is set."""
        await repeat(self._turn, stop, pause_seconds, "clocks of incidents wait")
        await asyncio.to_thread(give_back, self.store, "timers", self.worker)

    async def _turn(self) -> None:
        await asyncio.to_thread(self.once)
        self.progress.turned("clocks")

    def once(self) -> int:
        """Fire what is due now; gives how many incidents that were."""
        if not hold(self.store, "timers", self.worker, ms(self.wall()), LEASE_SECONDS):
            return 0
        self._start_clocks()
        fired_in_all, counts = 0, Counter[str]()
        while True:
            count = self._fire(counts)
            fired_in_all += count
            if count < AT_ONCE_MAX:
                self.canary()
                return fired_in_all

    def _fire(self, counts: Counter[str]) -> int:
        now = self.wall()
        with self.store.read() as connection:
            if not due_incidents(connection, ms(now), 1):
                return 0
        telling = Telling(self.policy, now, counts=counts)
        with self.store.write() as connection:
            due = due_incidents(connection, ms(now), AT_ONCE_MAX)
            changed = {incident.id: fired(incident, telling) for incident in due}
            changed |= {incident.id: incident for incident in telling.sum_up(changed)}
            put_told(connection, list(changed.values()), telling.notices, telling.deliveries, telling.audits, now)
        note_faults(telling.notices, self.progress)
        for incident in due:
            self._count(incident, now)
        return len(due)

    def _count(self, incident: Incident, now: datetime) -> None:
        for timer in incident.timers:
            if timer.due_at <= now:
                self.progress.escalated[timer.kind] = self.progress.escalated.get(timer.kind, 0) + 1
        self.progress.escalation_late_seconds = (now - incident.timers[0].due_at).total_seconds()

    def _start_clocks(self) -> None:
        """Give clocks to incidents that were told without any: by a release that had none."""
        with self.store.read() as connection:
            if not clockless_incidents(connection, 1):
                return
        now = self.wall()
        telling = Telling(self.policy, now)
        with self.store.write() as connection:
            found = clockless_incidents(connection, AT_ONCE_MAX)
            started = [begun(incident, now) for incident in found]
            for before, incident in zip(found, started, strict=True):
                telling.write("incident.clocks_started", incident, state_of(before), state_of(incident), "it had none")
            put_told(connection, started, (), (), telling.audits, now)
        log.warning("%d incidents that people were told of had no clocks; they run from now on", len(found))
