"""Letting go of old rows, without the books losing a single record."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from service.store.engine import Store
from service.store.schema import dead_letter, finding, ledger, pane, reading, source_partition, tick_close

_OUTCOMES = ("accepted", "duplicate", "late", "dead", "filtered", "gap")


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept: ticks from which panes and history stay, the time before which commits are merged, dead letters."""

    panes_from_tick: int
    history_from_tick: int
    ledger_from_ms: int
    dead_letters_max: int


def retire(store: Store, keep: Keep) -> None:
    """Delete what is too old, adding it to the partitions' `retired` counts in the same transaction."""
    with store.write() as connection:
        _retire_panes(connection, keep.panes_from_tick)
        connection.execute(delete(pane).where(pane.c.span == 5, pane.c.tick < keep.panes_from_tick))
        connection.execute(delete(pane).where(pane.c.span == 60, pane.c.tick < keep.history_from_tick))
        for table in (reading, finding, tick_close):
            connection.execute(delete(table).where(table.c.tick < keep.history_from_tick))
        _retire_letters(connection, keep.dead_letters_max)
        _merge_ledger(connection, keep.ledger_from_ms)


def _retire_panes(connection: Connection, from_tick: int) -> None:
    old = and_(pane.c.span == 1, pane.c.tick < from_tick)
    sums = connection.execute(
        select(pane.c.source, pane.c.partition, func.sum(pane.c.events).label("events"))
        .where(old)
        .group_by(pane.c.source, pane.c.partition)
    ).all()
    for row in sums:
        connection.execute(
            update(source_partition)
            .where(_partition(row.source, row.partition))
            .values(retired=source_partition.c.retired + row.events)
        )
    connection.execute(delete(pane).where(old))


def _retire_letters(connection: Connection, letters_max: int) -> None:
    over = connection.execute(select(func.count()).select_from(dead_letter)).scalar_one() - letters_max
    if over <= 0:
        return
    oldest = connection.execute(
        select(dead_letter.c.source, dead_letter.c.partition, dead_letter.c.offset)
        .order_by(dead_letter.c.at_ms, dead_letter.c.source, dead_letter.c.partition, dead_letter.c.offset)
        .limit(over)
    ).all()
    for row in oldest:
        here = and_(
            dead_letter.c.source == row.source,
            dead_letter.c.partition == row.partition,
            dead_letter.c.offset == row.offset,
        )
        connection.execute(delete(dead_letter).where(here))
        connection.execute(
            update(source_partition)
            .where(_partition(row.source, row.partition))
            .values(dead_retired=source_partition.c.dead_retired + 1)
        )


def _merge_ledger(connection: Connection, before_ms: int) -> None:
    """Merge each partition's commits older than `before_ms` into one row that covers them all."""
    sums = [func.sum(ledger.c[name]).label(name) for name in _OUTCOMES]
    merged = connection.execute(
        select(
            ledger.c.source,
            ledger.c.partition,
            func.min(ledger.c.lo).label("lo"),
            func.max(ledger.c.hi).label("hi"),
            func.max(ledger.c.at_ms).label("at_ms"),
            func.count().label("rows"),
            *sums,
        )
        .where(ledger.c.at_ms < before_ms)
        .group_by(ledger.c.source, ledger.c.partition)
    ).mappings()
    for row in merged.all():
        if row["rows"] < 2:
            continue
        here = and_(ledger.c.source == row["source"], ledger.c.partition == row["partition"])
        connection.execute(delete(ledger).where(here, ledger.c.at_ms < before_ms))
        connection.execute(insert(ledger).values({name: value for name, value in row.items() if name != "rows"}))


def _partition(source: str, partition: str) -> ColumnElement[bool]:
    return and_(source_partition.c.source == source, source_partition.c.partition == partition)
