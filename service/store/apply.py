"""The commit: state, offsets and ledger of several partitions in one transaction, each under compare-and-swap.

Source: the consumer position kept with the state it produced, as the Kafka consumer's documentation describes for
storing offsets outside Kafka; a stale owner's commit changes no row and is refused, so no fencing by group is needed.
"""

import json
from array import array
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, and_, bindparam, insert, select, tuple_, update

from alerting.finding import Stream
from detectors.fold import merge
from detectors.pane import decode, encode
from service.store.changes import Applied, DeadLetter, ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.engine import Store
from service.store.errors import LedgerMismatch
from service.store.learning import add_learned
from service.store.schema import (
    clock,
    dead_letter,
    dead_reason,
    ledger,
    model_version,
    pane,
    seen,
    source_partition,
)

VALUE_BYTES_MAX = 65_536
"""How much of a dead letter's value is kept."""


def apply(store: Store, deltas: Iterable[PartitionDelta], now_ms: int) -> Applied:
    """Apply each delta whole or not at all; say which were refused and why.

    A delta is refused when the store's next offset is not its `lo` (another worker was faster), when a baseline it
    was folded with is no longer current, or when a tick it adds to has been closed. Raises LedgerMismatch, and writes
    nothing, when a delta does not account for every offset of its range.
    """
    refused: dict[tuple[str, str], str] = {}
    with store.write() as connection:
        closed = connection.execute(select(clock.c.closed)).scalar()
        for delta in deltas:
            if delta.outcomes.total() != delta.hi - delta.lo:
                raise LedgerMismatch(
                    f"{delta.source} {delta.partition}: offsets {delta.lo} to {delta.hi} hold {delta.hi - delta.lo} "
                    f"records, accounted are {delta.outcomes}"
                )
            reason = _stale(connection, delta, closed) or _swap(connection, delta, now_ms)
            if reason:
                refused[delta.source, delta.partition] = reason
            else:
                _write(connection, delta, now_ms)
    return Applied(refused)


def _stale(connection: Connection, delta: PartitionDelta, closed: int | None) -> str:
    """Say why the delta was folded under facts that no longer hold; "" when they do."""
    if closed is not None and any(tick <= closed for _, tick in delta.panes):
        return "closed"
    if not delta.baselines:
        return ""
    keys = [(key.kind, key.model, key.version) for key in delta.baselines]
    columns = (model_version.c.kind, model_version.c.model, model_version.c.version)
    rows = connection.execute(select(*columns, model_version.c.baseline).where(tuple_(*columns).in_(keys)))
    current = {ModelKey(row.kind, row.model, row.version): row.baseline for row in rows}
    moved = any(current.get(key, "") != folded for key, folded in delta.baselines.items())
    return "baseline" if moved else ""


def _swap(connection: Connection, delta: PartitionDelta, now_ms: int) -> str:
    """Move the partition's position from lo to hi; "fenced" when it is not at lo."""
    table = source_partition
    here = and_(table.c.source == delta.source, table.c.partition == delta.partition)
    row = connection.execute(select(table.c.next, table.c.time_max_ms).where(here)).one_or_none()
    outcomes = _outcome_values(delta.outcomes)
    if row is None:
        connection.execute(
            insert(table).values(
                source=delta.source, partition=delta.partition, begin=delta.lo, next=delta.hi, retired=0,
                dead_retired=0, time_max_ms=delta.time_max_ms, idle=0, end=delta.end, updated_ms=now_ms, **outcomes,
            )
        )  # fmt: skip
        return ""
    newest = max((t for t in (row.time_max_ms, delta.time_max_ms) if t is not None), default=None)
    moved = connection.execute(
        update(table)
        .where(here, table.c.next == delta.lo)
        .values(
            next=delta.hi, time_max_ms=newest, idle=0, end=delta.end, updated_ms=now_ms,
            **{name: table.c[name] + count for name, count in outcomes.items()},
        )
    )  # fmt: skip
    return "" if moved.rowcount == 1 else "fenced"


def _write(connection: Connection, delta: PartitionDelta, now_ms: int) -> None:
    connection.execute(
        insert(ledger).values(
            source=delta.source, partition=delta.partition, lo=delta.lo, hi=delta.hi, at_ms=now_ms,
            **_outcome_values(delta.outcomes),
        )
    )  # fmt: skip
    _add_panes(connection, delta)
    add_learned(connection, delta, now_ms)
    rows = [
        {"source": delta.source, "partition": delta.partition, "tick": tick, "lo": delta.lo, "ids": pack(ids)}
        for tick, ids in delta.seen.items()
        if ids
    ]
    if rows:
        connection.execute(insert(seen), rows)
    if delta.dead_letters:
        _bury(connection, delta, now_ms)


def _add_panes(connection: Connection, delta: PartitionDelta) -> None:
    """Add to the panes of this partition; only the partition's owner writes them, so read and write need no lock."""
    if not delta.panes:
        return
    ticks = sorted({tick for _, tick in delta.panes})
    own = and_(pane.c.span == 1, pane.c.source == delta.source, pane.c.partition == delta.partition)
    held = {}
    for chunk in (ticks[i : i + 500] for i in range(0, len(ticks), 500)):
        for row in connection.execute(select(pane).where(own, pane.c.tick.in_(chunk))):
            held[row.kind, row.model, row.version, row.segment, row.baseline, row.tick] = row
    new, changed = [], []
    for (stream, tick), add in delta.panes.items():
        key = (stream.kind, stream.model, stream.version, stream.segment, add.baseline, tick)
        if key not in held:
            new.append(_pane_values(delta, stream, tick, add))
        else:
            row = held[key]
            counts = merge(decode(row.counts), add.counts) if add.counts is not None else None
            changed.append(
                {
                    **{f"k_{name}": value for name, value in zip(_KEY, key, strict=True)},
                    "events": row.events + add.events,
                    "last_row": max(row.last_row, add.last_row),
                    "counts": encode(counts) if counts is not None else row.counts,
                }
            )
    if new:
        connection.execute(insert(pane), new)
    if changed:
        where = [pane.c[name] == bindparam(f"k_{name}") for name in _KEY]
        connection.execute(
            update(pane)
            .where(own, *where)
            .values(events=bindparam("events"), last_row=bindparam("last_row"), counts=bindparam("counts")),
            changed,
        )


_KEY = ("kind", "model", "version", "segment", "baseline", "tick")


def _pane_values(delta: PartitionDelta, stream: Stream, tick: int, add: PaneDelta) -> dict[str, object]:
    return {
        "span": 1, "tick": tick, "source": delta.source, "partition": delta.partition, "kind": stream.kind,
        "model": stream.model, "version": stream.version, "segment": stream.segment, "baseline": add.baseline,
        "events": add.events, "last_row": add.last_row,
        "counts": encode(add.counts) if add.counts is not None else b"",
    }  # fmt: skip


def _bury(connection: Connection, delta: PartitionDelta, now_ms: int) -> None:
    connection.execute(insert(dead_letter), [_grave(delta, letter, now_ms) for letter in delta.dead_letters])
    counts: dict[str, int] = {}
    for letter in delta.dead_letters:
        counts[letter.reason] = counts.get(letter.reason, 0) + 1
    for reason, count in counts.items():
        moved = connection.execute(
            update(dead_reason).where(dead_reason.c.reason == reason).values(letters=dead_reason.c.letters + count)
        )
        if moved.rowcount == 0:
            connection.execute(insert(dead_reason).values(reason=reason, letters=count))


def _grave(delta: PartitionDelta, letter: DeadLetter, now_ms: int) -> dict[str, object]:
    headers = [[name, value[:1024].decode("utf-8", "replace")] for name, value in letter.headers[:50]]
    return {
        "source": delta.source, "partition": delta.partition, "offset": letter.offset, "at_ms": now_ms,
        "reason": letter.reason, "detail": letter.detail[:2000],
        "value": letter.value[:VALUE_BYTES_MAX] if letter.value is not None else None,
        "headers": json.dumps(headers),
    }  # fmt: skip


def _outcome_values(outcomes: Outcomes) -> dict[str, int]:
    return {name: getattr(outcomes, name) for name in ("accepted", "duplicate", "late", "dead", "filtered", "gap")}


def pack(ids: Sequence[int]) -> bytes:
    """Encode 64-bit unsigned hashes, 8 bytes each."""
    return array("Q", ids).tobytes()


def unpack(packed: bytes) -> Sequence[int]:
    """Decode what `pack` made."""
    ids = array("Q")
    ids.frombytes(packed)
    return ids
