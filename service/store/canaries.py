"""The canary that is under way, or was last: one row, beside the incidents of people and never among them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, delete, insert, select, update

from alerting.canary import LOOPBACK
from alerting.incident import Intent
from alerting.outbox import DeliveryState
from service.store.engine import Store
from service.store.metadata import metadata
from service.store.schema import delivery

Leg: TypeAlias = Literal["out", "home", "back", "lost"]
"""Where a canary is: its opening is on its way, its end is, both have arrived, or one of them never will."""

canary = Table(
    "canary",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", String, nullable=False),
    Column("leg", String, nullable=False),
    Column("arrived", String, nullable=False),
    Column("begun_ms", BigInteger, nullable=False),
    Column("back_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
)
"""One row. `arrived` is what the loopback noted last; `back_ms` is when a canary last came back, and before the first
one has, when that was sent out."""

_ONLY = 1


@dataclass(frozen=True, slots=True)
class Canary:
    """The row: `content` is the incident as JSON, times are ms since 1970."""

    incident: str
    leg: Leg
    arrived: str
    begun_ms: int
    back_ms: int
    content: str


def canary_now(connection: Connection) -> Canary | None:
    """The canary under way, or the last one; None before the first."""
    table = canary.c
    columns = (table.incident, table.leg, table.arrived, table.begun_ms, table.back_ms, table.content)
    row = connection.execute(select(*columns)).one_or_none()
    return Canary(*row) if row is not None else None


def put_canary(connection: Connection, made: Canary) -> None:
    """Write the canary as it now is, in the place of the one before."""
    values = {
        "incident": made.incident, "leg": made.leg, "arrived": made.arrived, "begun_ms": made.begun_ms,
        "back_ms": made.back_ms, "content": made.content,
    }  # fmt: skip
    if connection.execute(update(canary).values(**values)).rowcount == 0:
        connection.execute(insert(canary).values(id=_ONLY, **values))


def note_arrival(connection: Connection, incident: str, intent: Intent) -> None:
    """Note that a delivery reached the loopback; one of an earlier canary no longer matters."""
    connection.execute(update(canary).where(canary.c.incident == incident).values(arrived=intent))


def delivery_state(connection: Connection, incident: str, seq: int) -> DeliveryState | None:
    """How one delivery of a canary stands in the outbox; None when it is not there."""
    table = delivery.c
    line = (table.incident == incident, table.destination == LOOPBACK.name, table.seq == seq)
    found: DeliveryState | None = connection.execute(select(table.state).where(*line)).scalar()
    return found


def forget_deliveries(connection: Connection) -> None:
    """Remove the deliveries of canaries that are over."""
    connection.execute(delete(delivery).where(delivery.c.destination == LOOPBACK.name))


def back_ms(store: Store) -> int | None:
    """When a canary last came back, or the first was sent out; None before that."""
    with store.read() as connection:
        found: int | None = connection.execute(select(canary.c.back_ms)).scalar()
        return found
