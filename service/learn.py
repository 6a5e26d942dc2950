"""Freezing a baseline from the first events of a model version."""

import logging
from collections.abc import Sequence

from sqlalchemy import select

from detectors.baseline import Baseline
from detectors.columns import Scalar
from detectors.fit import fit
from service.events.row import row_of
from service.settings import BaselineSettings
from service.store.changes import ModelKey
from service.store.engine import Store
from service.store.learning import learned_rows, put_baseline
from service.store.schema import model_version

log = logging.getLogger(__name__)


def freeze_learned(store: Store, settings: BaselineSettings, tick_seconds: int, now_ms: int) -> bool:
    """Give a baseline to every model version that has learned from enough events; say whether any did.

    Fitting and switching are one transaction: a worker that still folds without a baseline has its commit refused
    and reads the range again.
    """
    frozen = False
    table = model_version
    with store.read() as connection:
        due = connection.execute(
            select(table.c.kind, table.c.model, table.c.version).where(
                table.c.state == "learning", table.c.learned >= settings.learn_events
            )
        ).all()
    for row in due:
        key = ModelKey(row.kind, row.model, row.version)
        with store.write() as connection:
            timed = [row_of(packed) for packed in learned_rows(connection, key)]
            events = [event for _, event in timed]
            if not any(name for event in events for name in event if name):
                # Events that carry no values are counted; there is nothing in them that a baseline could be made of.
                continue
            ticks = [time_ms // (tick_seconds * 1000) for time_ms, _ in timed]
            learned = fit_rows(events, settings, ticks, tick_seconds)
            put_baseline(connection, key, learned, f"learned from the first {len(events)} events", now_ms)
        log.info("baseline of %s %s learned from %d events", key.model, key.version, len(events))
        frozen = True
    return frozen


def fit_rows(
    events: list[dict[str, Scalar]], settings: BaselineSettings, ticks: Sequence[int], tick_seconds: int
) -> Baseline:
    """Fit a baseline to rows by subject name, and when they were; the name "" holds the segment."""
    names = sorted({name for event in events for name in event if name})
    columns = {name: [event.get(name) for event in events] for name in names}
    segments = [str(event.get("") or "") for event in events]
    return fit(
        columns,
        segments=segments,
        categories_max=settings.categories_max,
        segments_max=settings.segments_max,
        ticks=ticks,
        tick_seconds=tick_seconds,
    )
