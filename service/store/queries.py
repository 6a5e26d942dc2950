"""Reading the store for people and dashboards: plain rows, newest first, always with a limit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from alerting.finding import Stream
from detectors.reading import Reading
from service.store.audit_tables import audit_about
from service.store.engine import Store
from service.store.reading_codec import decode_readings
from service.store.schema import (
    audit,
    baseline,
    dead_letter,
    finding,
    incident,
    model_version,
    reading,
)


@dataclass(frozen=True, slots=True)
class Read:
    """Readings of one stream in one window that ended with `tick`."""

    stream: Stream
    window: str
    tick: int
    readings: Sequence[Reading]


def history(store: Store, stream: Stream, window: str, first_tick: int, last_tick: int, limit: int) -> list[Read]:
    """Readings of one stream and window whose windows ended in a range of ticks, newest first."""
    table = reading
    query = (
        select(table)
        .where(
            table.c.kind == stream.kind, table.c.model == stream.model, table.c.version == stream.version,
            table.c.segment == stream.segment, table.c.window == window,
            table.c.tick >= first_tick, table.c.tick <= last_tick,
        )
        .order_by(table.c.tick.desc())
        .limit(limit)
    )  # fmt: skip
    with store.read() as connection:
        return [_read(row) for row in connection.execute(query)]


def _read(row: Any) -> Read:
    stream = Stream(row.kind, row.model, row.version, row.segment)
    return Read(stream, row.window, row.tick, decode_readings(row.content, row.window))


def findings(store: Store, *, model: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Findings as JSON objects, newest first."""
    query = select(finding.c.id, finding.c.tier, finding.c.content).order_by(finding.c.id.desc()).limit(limit)
    if model is not None:
        query = query.where(finding.c.model == model)
    with store.read() as connection:
        return [{"id": row.id, "tier": row.tier, **json.loads(row.content)} for row in connection.execute(query).all()]


def incidents_owed(store: Store) -> dict[str, int]:
    """How many incidents people were told of and did not close, by handling."""
    over = ("new", "closed")
    query = (
        select(incident.c.handling, func.count().label("n"))
        .where(incident.c.handling.not_in(over))
        .group_by(incident.c.handling)
    )
    with store.read() as connection:
        return {row.handling: row.n for row in connection.execute(query)}


def incidents_open(store: Store) -> dict[str, int]:
    """How many incidents are open, by tier."""
    query = select(incident.c.tier, func.count().label("n")).where(incident.c.open == 1).group_by(incident.c.tier)
    with store.read() as connection:
        return {row.tier: row.n for row in connection.execute(query)}


def dead_letters(store: Store, *, reason: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Dead letters, newest first; values as text, bytes that are no UTF-8 replaced."""
    query = select(dead_letter).order_by(dead_letter.c.at_ms.desc(), dead_letter.c.offset.desc()).limit(limit)
    if reason is not None:
        query = query.where(dead_letter.c.reason == reason)
    with store.read() as connection:
        return [
            {
                "source": row.source, "partition": row.partition, "offset": row.offset, "at_ms": row.at_ms,
                "reason": row.reason, "detail": row.detail,
                "value": row.value.decode("utf-8", "replace") if row.value is not None else None,
                "headers": json.loads(row.headers),
            }
            for row in connection.execute(query)
        ]  # fmt: skip


def audit_entries(store: Store, *, subject: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """The newest audit entries, all of them or those about one thing."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if subject is not None:
        about = select(audit_about.c.seq).where(audit_about.c.subject == subject)
        query = query.where(audit.c.seq.in_(about.order_by(audit_about.c.seq.desc()).limit(limit)))
    with store.read() as connection:
        return [
            {"seq": row.seq, **json.loads(row.content), "previous": row.previous, "hash": row.hash}
            for row in connection.execute(query)
        ]


def model_states(store: Store) -> dict[str, int]:
    """How many model versions are learning and how many are watched."""
    query = select(model_version.c.state, func.count().label("n")).group_by(model_version.c.state)
    with store.read() as connection:
        return {row.state: row.n for row in connection.execute(query)}


def models_predicting(store: Store) -> frozenset[str]:
    """Name the models whose predictions have been seen, of any version."""
    query = select(model_version.c.model).where(model_version.c.kind == "prediction").distinct()
    with store.read() as connection:
        return frozenset(row.model for row in connection.execute(query))


def baseline_text(store: Store, kind: str, model: str, version: str) -> tuple[str, str, int] | None:
    """The current baseline as JSON, where it came from and when it was made (ms)."""
    same = and_(
        baseline.c.kind == model_version.c.kind, baseline.c.model == model_version.c.model,
        baseline.c.version == model_version.c.version, baseline.c.baseline == model_version.c.baseline,
    )  # fmt: skip
    query = (
        select(baseline.c.content, baseline.c.origin, baseline.c.created_ms)
        .join(model_version, same)
        .where(baseline.c.kind == kind, baseline.c.model == model, baseline.c.version == version)
    )
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    return (row.content, row.origin, row.created_ms) if row is not None else None
