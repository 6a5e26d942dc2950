"""Where each partition stands, and what its open ticks remember."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import and_, select, update

from service.store.apply import unpack
from service.store.changes import Outcomes
from service.store.engine import Store
from service.store.schema import clock, dead_reason, ledger, seen, source_partition


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition as the store knows it; `end` is where it was last seen to end."""

    source: str
    partition: str
    begin: int
    next: int
    outcomes: Outcomes
    time_max_ms: int | None
    idle: bool
    end: int | None
    updated_ms: int


def partitions(store: Store) -> list[Partition]:
    """Every partition ever read."""
    table = source_partition
    with store.read() as connection:
        rows = connection.execute(select(table).order_by(table.c.source, table.c.partition)).all()
    return [
        Partition(
            row.source, row.partition, row.begin, row.next,
            Outcomes(row.accepted, row.duplicate, row.late, row.dead, row.filtered, row.gap),
            row.time_max_ms, bool(row.idle), row.end, row.updated_ms,
        )
        for row in rows
    ]  # fmt: skip


def position(store: Store, source: str, partition: str) -> int | None:
    """The offset the store wants next, None for a partition never read."""
    table = source_partition
    with store.read() as connection:
        here = and_(table.c.source == source, table.c.partition == partition)
        return connection.execute(select(table.c.next).where(here)).scalar()


@dataclass(frozen=True, slots=True)
class Memory:
    """What folding a partition must remember: its newest event time and the ids accepted in open ticks."""

    next: int | None
    time_max_ms: int | None
    seen: dict[int, set[int]]
    closed: int | None


def memory(store: Store, source: str, partition: str) -> Memory:
    """Read what a worker needs before it folds a partition, in one snapshot."""
    table = source_partition
    with store.read() as connection:
        here = and_(table.c.source == source, table.c.partition == partition)
        row = connection.execute(select(table.c.next, table.c.time_max_ms).where(here)).one_or_none()
        ids: dict[int, set[int]] = {}
        own = and_(seen.c.source == source, seen.c.partition == partition)
        for tick, packed in connection.execute(select(seen.c.tick, seen.c.ids).where(own)):
            ids.setdefault(tick, set()).update(unpack(packed))
        closed = connection.execute(select(clock.c.closed)).scalar()
    return Memory(row.next if row else None, row.time_max_ms if row else None, ids, closed)


def set_idle(store: Store, source: str, partition: str, *, idle: bool, now_ms: int) -> None:
    """Note that a partition is fully read and silent, so that it stops to hold the clock, or that it no longer is."""
    table = source_partition
    with store.write() as connection:
        connection.execute(
            update(table)
            .where(table.c.source == source, table.c.partition == partition, table.c.idle != int(idle))
            .values(idle=int(idle), updated_ms=now_ms)
        )


def release(store: Store, reads: Callable[[str, str], bool], *, silent_since_ms: int, now_ms: int) -> list[str]:
    """Let go of partitions that no setting reads any more, so that they do not hold the clock for ever; names them.

    Those that moved after `silent_since_ms` are spared: another worker, set up otherwise, may be reading them.
    """
    left = [
        held
        for held in partitions(store)
        if not held.idle and held.updated_ms < silent_since_ms and not reads(held.source, held.partition)
    ]
    for held in left:
        set_idle(store, held.source, held.partition, idle=True, now_ms=now_ms)
    return [f"{held.source} {held.partition}" for held in left]


def dead_reasons(store: Store) -> dict[str, int]:
    """How many dead letters there ever were, by reason."""
    with store.read() as connection:
        rows = connection.execute(select(dead_reason.c.reason, dead_reason.c.letters).order_by(dead_reason.c.reason))
        return {row.reason: row.letters for row in rows}


def ledger_rows(store: Store, source: str, partition: str, limit: int) -> list[tuple[int, int, Outcomes]]:
    """The newest commits of a partition: lo, hi and what became of the records between."""
    with store.read() as connection:
        rows = connection.execute(
            select(ledger)
            .where(ledger.c.source == source, ledger.c.partition == partition)
            .order_by(ledger.c.lo.desc())
            .limit(limit)
        ).all()
    return [
        (row.lo, row.hi, Outcomes(row.accepted, row.duplicate, row.late, row.dead, row.filtered, row.gap))
        for row in rows
    ]
