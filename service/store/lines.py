"""Lines: what one incident tells one destination, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from alerting.outbox import Delivery, key_of
from service.store.schema import delivery, incident

LOOKED_AT = 50
"""Deliveries of one line that are looked at to either side of a number; nobody is told as much of one incident."""


@dataclass(frozen=True, slots=True)
class Line:
    """An incident, a destination, and the number of the last delivery that there was when somebody looked."""

    incident: str
    destination: str
    seq: int


def standing_lines(connection: Connection, sink: str, since_ms: int) -> Sequence[Line]:
    """The lines to destinations of one kind that may have something to say still, by destination and incident.

    They are of incidents that are open or not closed, or have a delivery that was due since `since_ms`.
    """
    standing = select(incident.c.id).where(or_(incident.c.open == 1, incident.c.handling != "closed"))
    rows = connection.execute(
        select(delivery.c.incident, delivery.c.destination, func.max(delivery.c.seq).label("seq"))
        .where(delivery.c.destination.startswith(f"{sink}:", autoescape=True))
        .where(or_(delivery.c.incident.in_(standing), delivery.c.next_ms >= since_ms))
        .group_by(delivery.c.destination, delivery.c.incident)
        .order_by(delivery.c.destination, delivery.c.incident)
    )
    return [Line(row.incident, row.destination, row.seq) for row in rows]


def deliveries_of(connection: Connection, line: Line) -> list[Delivery]:
    """The deliveries of a line around its number, later ones too, oldest first.

    They are looked up by their keys, which name incident, destination and number: the table knows no shorter way.
    """
    numbers = range(max(0, line.seq - LOOKED_AT), line.seq + LOOKED_AT)
    keys = [key_of(line.incident, line.destination, seq) for seq in numbers]
    rows = connection.execute(
        select(delivery.c.content).where(delivery.c.key.in_(keys)).order_by(delivery.c.seq)
    ).scalars()
    return [Delivery.from_json(content) for content in rows]


def tried_before(connection: Connection, later: Delivery) -> list[Delivery]:
    """The deliveries that were tried on the same line before this one, oldest first."""
    line = Line(later.incident_id, later.destination, later.seq)
    return [past for past in deliveries_of(connection, line) if past.seq < later.seq and past.attempts]
