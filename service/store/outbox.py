"""What waits to be sent: which lines are looked at, and what of them."""

from collections.abc import Collection

from sqlalchemy import Connection, case, func, select, tuple_

from alerting.outbox import Delivery
from service.store.schema import delivery, incident

ABOUT_MAX = 500
"""Deliveries of one incident that are looked at together, the newest; nobody is told as much of one."""

EACH_MAX = 20
"""Lines to one destination that are looked at in one turn."""


def pending_deliveries(
    connection: Connection, now_ms: int, limit: int, without: Collection[str] = (), each: int = EACH_MAX
) -> list[Delivery]:
    """The deliveries of the lines whose first pending one is due, of every destination its most urgent lines.

    A line is what one incident tells one destination, in order. Lines that wait for a retry are not looked at, nor are
    the destinations `without`, so that one that is away for long does not hold up the others. Of a destination, those
    of the gravest incidents come first, then the longest overdue; beyond `limit`, every destination gets its share.
    """
    table = delivery.c
    first = (
        select(table.incident, table.destination, func.min(table.seq).label("seq"))
        .where(table.state == "pending", table.destination.not_in(without))
        .group_by(table.incident, table.destination)
        .subquery()
    )
    gravity = case({"act": 0, "blind": 1, "investigate": 2}, value=incident.c.tier, else_=3)
    place = func.row_number().over(partition_by=table.destination, order_by=(gravity, table.next_ms, table.key))
    due = (
        select(table.incident, table.destination, table.next_ms.label("since"), place.label("place"))
        .join(first, (table.incident == first.c.incident) & (table.destination == first.c.destination))
        .outerjoin(incident, incident.c.id == table.incident)
        .where(table.seq == first.c.seq, table.state == "pending", table.next_ms <= now_ms)
        .subquery()
    )
    taken = select(due).where(due.c.place <= each).order_by(due.c.place, due.c.since).limit(limit).subquery()
    rows = connection.execute(
        select(table.content)
        .join(taken, (table.incident == taken.c.incident) & (table.destination == taken.c.destination))
        .where(table.state == "pending")
        .order_by(taken.c.since, table.seq)
    ).scalars()
    return [Delivery.from_json(content) for content in rows]


def long_pending(
    connection: Connection, before_ms: int, after: tuple[int, str], limit: int
) -> list[tuple[int, str, Delivery]]:
    """What was made before a time and still waits, in order of when it was made, from behind (that time, key) on."""
    rows = connection.execute(
        select(delivery.c.created_ms, delivery.c.key, delivery.c.content)
        .where(delivery.c.state == "pending", delivery.c.created_ms <= before_ms)
        .where(tuple_(delivery.c.created_ms, delivery.c.key) > tuple_(*after))
        .order_by(delivery.c.created_ms, delivery.c.key)
        .limit(limit)
    )
    return [(row.created_ms, row.key, Delivery.from_json(row.content)) for row in rows]


def deliveries_about(connection: Connection, incident_id: str) -> list[Delivery]:
    """The newest deliveries of an incident, to whomever."""
    rows = connection.execute(
        select(delivery.c.content)
        .where(delivery.c.incident == incident_id)
        .order_by(delivery.c.seq.desc())
        .limit(ABOUT_MAX)
    ).scalars()
    return [Delivery.from_json(content) for content in rows]
