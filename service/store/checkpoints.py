"""Where the chain ends, and how much of it was published to which place."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from service.store.engine import Store
from service.store.schema import audit
from service.store.schema import checkpoint as table


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The chain as it stands: the hash of its first entry, and number and hash of its last."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Published:
    """The newest checkpoint that a place took; `at_ms` since 1970."""

    place: str
    seq: int
    hash: str
    at_ms: int


def chain_end(connection: Connection) -> ChainEnd | None:
    """Where the chain stands; None while it has no entry."""
    first = connection.execute(select(audit.c.hash).order_by(audit.c.seq).limit(1)).scalar()
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    return ChainEnd(first, last.seq, last.hash) if first is not None and last is not None else None


def published(connection: Connection) -> dict[str, Published]:
    """What was last published, by place."""
    return {row.place: Published(*row) for row in connection.execute(select(table))}


def put_published(connection: Connection, made: Published) -> None:
    """Note what a place has taken."""
    values = {"seq": made.seq, "hash": made.hash, "at_ms": made.at_ms}
    moved = connection.execute(update(table).where(table.c.place == made.place).values(**values))
    if moved.rowcount == 0:
        connection.execute(insert(table).values(place=made.place, **values))


def still_there(connection: Connection, made: Published) -> bool:
    """Whether the chain still holds the entry that was published."""
    held = connection.execute(select(audit.c.hash).where(audit.c.seq == made.seq)).scalar()
    return held == made.hash


def waiting_by_place(store: Store, places: Sequence[str]) -> dict[str, int | None]:
    """When the oldest entry was made (ms since 1970) that each place's newest checkpoint does not cover, if any."""
    if not places:
        return {}
    with store.read() as connection:
        held = published(connection)
        return {place: _uncovered_ms(connection, held[place].seq if place in held else 0) for place in places}


def _uncovered_ms(connection: Connection, after: int) -> int | None:
    query = select(audit.c.at_ms).where(audit.c.seq > after).order_by(audit.c.seq).limit(1)
    found: int | None = connection.execute(query).scalar()
    return found
