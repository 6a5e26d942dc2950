"""When a party cannot be reached at all: whoever is left for everything is told instead, and why."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from alerting.incident import Incident
from alerting.outbox import Delivery
from alerting.policy import Policy
from alerting.reroute import party_of, passed_on, patience, unreached
from alerting.tell import Telling
from service.progress import Progress
from service.rendering import note_faults
from service.repeat import repeat
from service.store.decisions import put_told
from service.store.engine import Store
from service.store.lease import hold
from service.store.outbox import deliveries_about, long_pending
from service.store.records import incident_now, ms, notices_since

log = logging.getLogger(__name__)

PERIOD_SECONDS = 15.0
AT_ONCE_MAX = 500
"""Deliveries that are looked at in one turn; the next turn goes on where it ended."""


def reroute(
    connection: Connection,
    failing: Delivery,
    telling: Telling,
    progress: Progress,
    minutes: float,
    watched_since: datetime,
) -> bool:
    """Tell the fallback of the incident's route where none of a party's destinations takes what it is to be told.

    True when something was decided. When nobody is left to tell, that is said as loudly as a log can, and counted. The
    fallback gets no more of it at a time than anybody else: of what is beyond, one notice says that there is more.
    """
    incident = incident_now(connection, failing.incident_id)
    found = None if incident is None else _unreached(connection, incident, failing, telling.now, minutes, watched_since)
    if incident is None or found is None:
        return False
    last = incident.route.last.party if incident.route is not None else ""
    since = telling.now - timedelta(minutes=minutes)
    telling.counts[last] = had = notices_since(connection, last, ms(since), telling.policy.notices_max)
    changed = passed_on(incident, found, telling)
    if changed is None:
        return False
    nobody = not telling.notices and had < telling.policy.notices_max - 1
    if had == telling.policy.notices_max - 1:
        changed = next(iter(telling.sum_up({changed.id: changed}, and_more=True)), changed)
    put_told(connection, [changed], telling.notices, telling.deliveries, telling.audits, telling.now)
    note_faults(telling.notices, progress)
    if nobody:
        progress.unreachable += 1
        party = party_of(found)
        log.critical("%s cannot be reached about incident %s, and nobody is left to tell", party, changed.id)
    return True


@dataclass(slots=True)
class Unreached:
    """Looks for parties that nothing has reached for too long: only the worker that holds the lease of the outbox.

    What died is dealt with where that is recorded; this is for what is still tried, or waits at a destination that is
    left alone. `minutes` is for incidents at act and blind.
    """

    store: Store
    policy: Policy
    minutes: float
    worker: str
    wall: Callable[[], datetime]
    progress: Progress
    lease_seconds: float
    _since: datetime | None = None
    _after: tuple[int, str] = field(default=(0, ""))

    async def run(self, stop: asyncio.Event, period_seconds: float = PERIOD_SECONDS) -> None:
        """Look until `stop` is set."""
        turn = partial(asyncio.to_thread, self.once)
        await repeat(turn, stop, period_seconds, "parties out of reach are not looked for")

    def once(self) -> int:
        """Look at what has waited for long; gives for how many parties somebody else is told, or nobody is left."""
        if not hold(self.store, "deliver", self.worker, ms(self.wall()), self.lease_seconds):
            self._since = None
            return 0
        now = self.wall()
        self._since = self._since or now
        parties: dict[tuple[str, str], Delivery] = {}
        for delivery in self._waiting(now):
            parties.setdefault((delivery.incident_id, party_of(delivery)), delivery)
        return sum(self._one(delivery, now, self._since) for delivery in parties.values())

    def _waiting(self, now: datetime) -> list[Delivery]:
        before = ms(now - timedelta(minutes=self.minutes))
        with self.store.read() as connection:
            found = long_pending(connection, before, self._after, AT_ONCE_MAX)
        self._after = found[-1][:2] if len(found) == AT_ONCE_MAX else (0, "")
        return [delivery for _, _, delivery in found]

    def _one(self, delivery: Delivery, now: datetime, since: datetime) -> bool:
        with self.store.read() as connection:
            incident = incident_now(connection, delivery.incident_id)
            if incident is None or party_of(delivery) in incident.unreached:
                return False
            if _unreached(connection, incident, delivery, now, self.minutes, since) is None:
                return False
        with self.store.write() as connection:
            return reroute(connection, delivery, Telling(self.policy, now), self.progress, self.minutes, since)


def _unreached(
    connection: Connection, incident: Incident, failing: Delivery, now: datetime, minutes: float, since: datetime
) -> Delivery | None:
    """Judge by all that the party was to be told of the incident."""
    told = [one for one in deliveries_about(connection, incident.id) if party_of(one) == party_of(failing)]
    return unreached(told, now, patience(incident.tier, minutes), since)
