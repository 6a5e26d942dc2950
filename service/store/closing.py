"""Closing ticks: the clock, the journal, and the panes that windows are made of."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from alerting.finding import Stream
from detectors.baseline import Counts
from detectors.fold import merge
from detectors.pane import decode, encode
from service.clock import Due, PartitionTime
from service.store.changes import ModelKey
from service.store.schema import clock, pane, seen, sequence, source_partition, tick_close


@dataclass(frozen=True, slots=True)
class ClosedPane:
    """The counts of one stream over a span of ticks, merged over partitions; `last_row` is the last offset in it."""

    counts: Counts
    events: int
    last_row: int


def closed_tick(connection: Connection) -> int | None:
    """The last closed tick."""
    return connection.execute(select(clock.c.closed)).scalar()


def partition_times(connection: Connection) -> list[PartitionTime]:
    """What every partition that has shown a valid event says about time."""
    table = source_partition
    rows = connection.execute(
        select(table.c.time_max_ms, table.c.idle, table.c.updated_ms).where(table.c.time_max_ms.is_not(None))
    )
    return [PartitionTime(row.time_max_ms, bool(row.idle), row.updated_ms) for row in rows]


def next_filled_tick(connection: Connection, after: int | None) -> int | None:
    """The first tick later than `after` that holds a pane."""
    query = select(func.min(pane.c.tick)).where(pane.c.span == 1)
    if after is not None:
        query = query.where(pane.c.tick > after)
    return connection.execute(query).scalar()


def advance(connection: Connection, held: int | None, tick: int, due: Due, skipped: int, now_ms: int) -> bool:
    """Move the clock to `tick` and journal it; False when another worker moved the clock first."""
    if held is None and connection.execute(select(func.count()).select_from(clock)).scalar() == 0:
        connection.execute(insert(clock).values(id=1, closed=tick))
    else:
        moved = connection.execute(update(clock).where(clock.c.closed == held).values(closed=tick))
        if moved.rowcount != 1:
            return False
    table = source_partition
    positions = {
        f"{row.source} {row.partition}": row.next
        for row in connection.execute(select(table.c.source, table.c.partition, table.c.next))
    }
    connection.execute(
        insert(tick_close).values(
            tick=tick, at_ms=now_ms, reason=due.reason, watermark_ms=due.watermark_ms, skipped=skipped,
            positions=json.dumps(positions, sort_keys=True),
        )
    )  # fmt: skip
    connection.execute(delete(seen).where(seen.c.tick <= tick))
    return True


def panes(
    connection: Connection, span: int, first: int, last: int, baselines: Iterable[str] | None = None
) -> dict[tuple[Stream, str], ClosedPane]:
    """The merged panes of every stream with first <= tick <= last, keyed by stream and baseline id."""
    rows = connection.execute(
        select(pane).where(pane.c.span == span, pane.c.tick >= first, pane.c.tick <= last, pane.c.baseline != "")
    )
    wanted = None if baselines is None else frozenset(baselines)
    merged: dict[tuple[Stream, str], ClosedPane] = {}
    for row in rows:
        if wanted is not None and row.baseline not in wanted:
            continue
        key = (Stream(row.kind, row.model, row.version, row.segment), row.baseline)
        counts = decode(row.counts)
        held = merged.get(key)
        if held is not None:
            counts = merge(held.counts, counts)
        merged[key] = ClosedPane(
            counts,
            row.events + (held.events if held else 0),
            max(row.last_row, held.last_row if held else -1),
        )
    return merged


def put_panes(
    connection: Connection, span: int, tick: int, rolled: Iterable[tuple[tuple[Stream, str], ClosedPane]]
) -> None:
    """Write the merged panes of `span` ticks that begin at `tick`."""
    rows = [
        {
            "span": span, "tick": tick, "source": "", "partition": "", "kind": stream.kind, "model": stream.model,
            "version": stream.version, "segment": stream.segment, "baseline": baseline,
            "events": closed.events, "last_row": closed.last_row, "counts": encode(closed.counts),
        }
        for (stream, baseline), closed in rolled
    ]  # fmt: skip
    if rows:
        connection.execute(insert(pane), rows)


def segment_ticks(
    connection: Connection, key: ModelKey, baseline: str, first: int, last: int
) -> list[dict[str, Counts]]:
    """The counts of one model version in each tick from first to last, by segment; "" is all of them together."""
    ticks: dict[int, dict[str, Counts]] = {}
    for row in connection.execute(
        _TICKS, {"kind": key.kind, "model": key.model, "version": key.version, "baseline": baseline, "first": first,
                 "last": last},
    ):  # fmt: skip
        counts = decode(row.counts)
        of = ticks.setdefault(row.tick, {})
        for segment in {row.segment, ""}:
            of[segment] = merge(of[segment], counts) if segment in of else counts
    return [ticks.get(tick, {}) for tick in range(first, last + 1)]


def stream_panes(
    connection: Connection, stream: Stream, baseline: str, span: int, first: int, last: int
) -> list[tuple[int, Counts]]:
    """The panes of one stream that span `span` ticks and begin with a tick from first to last, in order of time."""
    rows = _of_stream(connection, stream, baseline, span, first, last)
    return [(row.tick, decode(row.counts)) for row in rows]


def stream_pane(connection: Connection, stream: Stream, baseline: str, first: int, last: int) -> ClosedPane | None:
    """Everything of one stream from tick first, a multiple of 5, to tick last; hourly panes where there are any."""
    hour, end = -(-first // 60) * 60, (last + 1) // 60 * 60
    spans = [(5, first, last)] if end <= hour else [(5, first, hour - 1), (60, hour, end - 1), (5, end, last)]
    merged: ClosedPane | None = None
    for span, begin, until in spans:
        for row in _of_stream(connection, stream, baseline, span, begin, until):
            counts = decode(row.counts)
            merged = (
                ClosedPane(counts, row.events, row.last_row)
                if merged is None
                else ClosedPane(
                    merge(merged.counts, counts), merged.events + row.events, max(merged.last_row, row.last_row)
                )
            )
    return merged


def _of_stream(
    connection: Connection, stream: Stream, baseline: str, span: int, first: int, last: int
) -> Sequence[Row[Any, Any, Any, Any]]:
    return connection.execute(
        _OF_STREAM, {"kind": stream.kind, "model": stream.model, "version": stream.version,
                     "segment": stream.segment, "baseline": baseline, "span": span, "first": first, "last": last},
    ).all()  # fmt: skip


# Built once: with a thousand models, building the statement costs more than running it.
_TICKS = select(pane.c.tick, pane.c.segment, pane.c.counts).where(
    pane.c.kind == bindparam("kind"), pane.c.model == bindparam("model"), pane.c.version == bindparam("version"),
    pane.c.span == 1, pane.c.tick >= bindparam("first"), pane.c.tick <= bindparam("last"),
    pane.c.baseline == bindparam("baseline"),
)  # fmt: skip
_OF_STREAM = select(pane.c.tick, pane.c.counts, pane.c.events, pane.c.last_row).where(
    pane.c.kind == bindparam("kind"), pane.c.model == bindparam("model"), pane.c.version == bindparam("version"),
    pane.c.segment == bindparam("segment"), pane.c.span == bindparam("span"), pane.c.tick >= bindparam("first"),
    pane.c.tick <= bindparam("last"), pane.c.baseline == bindparam("baseline"),
).order_by(pane.c.tick)  # fmt: skip


def sequences(connection: Connection) -> dict[ModelKey, bytes]:
    """The state of tick-by-tick detectors of every model version."""
    rows = connection.execute(select(sequence).where(sequence.c.segment == ""))
    return {ModelKey(row.kind, row.model, row.version): row.content for row in rows}


def sequence_tick(connection: Connection) -> int | None:
    """The tick of the newest evaluation."""
    return connection.execute(select(func.max(sequence.c.tick))).scalar()


def put_sequences(connection: Connection, tick: int, states: Sequence[tuple[ModelKey, bytes]]) -> None:
    """Replace the state of some model versions."""
    if not states:
        return
    for key, _ in states:
        connection.execute(
            delete(sequence).where(
                and_(sequence.c.kind == key.kind, sequence.c.model == key.model, sequence.c.version == key.version)
            )
        )
    connection.execute(
        insert(sequence),
        [
            {
                "kind": key.kind,
                "model": key.model,
                "version": key.version,
                "segment": "",
                "tick": tick,
                "content": content,
            }
            for key, content in states
        ],
    )
