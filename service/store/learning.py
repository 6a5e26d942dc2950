"""Model versions: the first sight of one, the events its baseline is learned from, and its baselines."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from detectors.baseline import Baseline
from service.store.changes import ModelKey, PartitionDelta
from service.store.engine import Store
from service.store.schema import baseline, learning, model_version


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """Where a model version stands: learning (and how far), or watched against a baseline."""

    key: ModelKey
    state: str
    baseline: str
    learned: int
    first_ms: int
    last_ms: int


def add_learned(connection: Connection, delta: PartitionDelta, now_ms: int) -> None:
    """Note every model version of the delta, and keep the events that a baseline will be learned from."""
    for key in delta.baselines:
        events = delta.learned.get(key, ())
        moved = connection.execute(
            update(model_version).where(_is(key)).values(last_ms=now_ms, learned=model_version.c.learned + len(events))
        )
        if moved.rowcount == 0:
            connection.execute(
                insert(model_version).values(
                    kind=key.kind, model=key.model, version=key.version, state="learning", baseline="",
                    learned=len(events), first_ms=now_ms, last_ms=now_ms,
                )
            )  # fmt: skip
        if events:
            connection.execute(
                insert(learning).values(
                    kind=key.kind, model=key.model, version=key.version, source=delta.source,
                    partition=delta.partition, lo=delta.lo, events=len(events), rows=msgspec.msgpack.encode(events),
                )
            )  # fmt: skip


def model_versions(store: Store) -> list[ModelVersion]:
    """Every model version ever seen, in order of its key."""
    table = model_version
    order = (table.c.kind, table.c.model, table.c.version)
    with store.read() as connection:
        rows = connection.execute(select(table).order_by(*order)).all()
    return [
        ModelVersion(
            ModelKey(row.kind, row.model, row.version), row.state, row.baseline, row.learned, row.first_ms, row.last_ms
        )
        for row in rows
    ]


def learned_rows(connection: Connection, key: ModelKey) -> Sequence[bytes]:
    """The events kept for a model version that is learning, in a fixed order."""
    rows = connection.execute(
        select(learning.c.rows)
        .where(_is(key, learning))
        .order_by(learning.c.source, learning.c.partition, learning.c.lo)
    ).scalars()
    return [event for packed in rows for event in msgspec.msgpack.decode(packed, type=list[bytes])]


def baseline_of(store: Store, key: ModelKey) -> Baseline | None:
    """The current baseline of a model version, None while it has none."""
    table = baseline
    with store.read() as connection:
        content = connection.execute(
            select(table.c.content)
            .join(model_version, and_(_same_key(table), model_version.c.baseline == table.c.baseline))
            .where(_is(key, table))
        ).scalar()
    return Baseline.from_json(content) if content is not None else None


def put_baseline(connection: Connection, key: ModelKey, new: Baseline, origin: str, now_ms: int) -> None:
    """Make `new` the current baseline; what was kept for learning is deleted, older baselines stay on record."""
    same = and_(_is(key, baseline), baseline.c.baseline == new.id)
    if connection.execute(select(func.count()).select_from(baseline).where(same)).scalar() == 0:
        connection.execute(
            insert(baseline).values(
                kind=key.kind, model=key.model, version=key.version, baseline=new.id, content=new.to_json(),
                origin=origin, created_ms=now_ms,
            )
        )  # fmt: skip
    moved = connection.execute(update(model_version).where(_is(key)).values(state="watched", baseline=new.id))
    if moved.rowcount == 0:
        connection.execute(
            insert(model_version).values(
                kind=key.kind, model=key.model, version=key.version, state="watched", baseline=new.id,
                learned=0, first_ms=now_ms, last_ms=now_ms,
            )
        )  # fmt: skip
    connection.execute(delete(learning).where(_is(key, learning)))


def _is(key: ModelKey, table: object = model_version) -> ColumnElement[bool]:
    columns = table.c  # type: ignore[attr-defined]
    return and_(columns.kind == key.kind, columns.model == key.model, columns.version == key.version)


def _same_key(table: object) -> ColumnElement[bool]:
    columns = table.c  # type: ignore[attr-defined]
    return and_(
        model_version.c.kind == columns.kind,
        model_version.c.model == columns.model,
        model_version.c.version == columns.version,
    )
