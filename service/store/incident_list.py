"""Which incidents there are, the newest first, picked by what people look for and cut into pages."""

from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Select, and_, or_, select

from alerting.cause import cause_of
from alerting.finding import EventKind, Stream
from alerting.handling import Handling
from alerting.incident import Incident
from alerting.tiers import Tier
from service.store.engine import Store
from service.store.records import ms
from service.store.schema import incident, notice


@dataclass(frozen=True, slots=True)
class Which:
    """What is looked for; None takes everything. `party` was told of it; `owed` waits for a person.

    `waiting_for` leaves of those that somebody must act on the ones that nobody holds, or that this person
    acknowledged. `after` is the (opened ms, id) that a page begins after.
    """

    open: bool | None = None
    model: str | None = None
    handling: Handling | None = None
    tier: Tier | None = None
    party: str | None = None
    owed: bool | None = None
    waiting_for: str | None = None
    after: tuple[int, str] | None = None


EVERY = Which()


def find_incidents(store: Store, which: Which = EVERY, *, limit: int) -> list[Incident]:
    """Give the incidents that fit, newest first, at most so many."""
    found: list[Incident] = []
    with store.read() as connection:
        for content in connection.execute(_query(which)).scalars():
            known = Incident.from_json(content)
            if _fits(known, which):
                found.append(known)
            if len(found) == limit:
                break
    return found


def place_of(known: Incident) -> tuple[int, str]:
    """Give where an incident stands in the list, for `Which.after`."""
    return ms(known.opened_at), known.id


def _query(which: Which) -> Select[Any]:
    table = incident.c
    query = select(table.content).order_by(table.opened_ms.desc(), table.id)
    if which.open is not None:
        query = query.where(table.open == int(which.open))
    if which.handling is not None:
        query = query.where(table.handling == which.handling)
    if which.tier is not None:
        query = query.where(table.tier == str(which.tier))
    if which.owed is not None:
        over = ("new", "closed")
        query = query.where(table.handling.not_in(over) if which.owed else table.handling.in_(over))
    if which.waiting_for is not None:
        query = query.where(table.handling.in_(("notified", "acked")))
    if which.party is not None:
        query = query.where(table.id.in_(select(notice.c.incident).where(notice.c.party == which.party)))
    if which.model is not None:
        # LIKE takes no account of case, so what it finds is looked at again in `_fits`.
        causes = [cause_of(Stream(kind, which.model, "")) for kind in get_args(EventKind)]
        sights = [cause.replace("version:", "sight:", 1) for cause in causes]
        query = query.where(or_(*(table.cause.startswith(name, autoescape=True) for name in causes + sights)))
    if which.after is not None:
        opened_ms, incident_id = which.after
        same = and_(table.opened_ms == opened_ms, table.id > incident_id)
        query = query.where(or_(table.opened_ms < opened_ms, same))
    return query


def _fits(known: Incident, which: Which) -> bool:
    if which.model is not None and known.stream.model != which.model:
        return False
    held_by = known.hold.by if known.hold is not None else ""
    return which.waiting_for is None or known.handling == "notified" or held_by == which.waiting_for
