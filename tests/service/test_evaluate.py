"""From panes to findings: many models, damaged panes, and what is kept between evaluations."""

import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from alerting.finding import Stream
from alerting.ownership_file import parse_ownership
from benchmarks.simulated import records
from detectors.fold import merge
from service.build import Line, line
from service.settings import Settings
from service.store.apply import apply
from service.store.changes import ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.closing import segment_ticks
from service.store.engine import open_store
from service.store.learning import put_baseline
from service.store.retention import Keep, retire
from service.store.schema import pane, reading
from service.store.verify import verify_ledger
from tests.e2e.workers import OWNERS
from tests.service.lines import BEGIN_MS, prepare
from tests.service.store.deltas import BASELINE, KEY, STREAM, delta, watch
from tests.service.watching import Plan, records_of, until_read, watch_of

MODELS = 100
FIRST = 14_400


def _parts(folder: Path) -> Line:
    settings = Settings.model_validate({"store": {"url": f"sqlite:///{folder}/s.db"}, "time": {"lateness_seconds": 0}})
    store = open_store(settings.store.url, tick_seconds=60, durable=False)
    table = parse_ownership(OWNERS, "owners.yaml")
    return line(settings, store, lambda: table, wall_ms=lambda: 0, monotonic=lambda: 0.0)


def test_the_ticks_of_a_model_are_merged_over_partitions_and_in_order(tmp_path: Path) -> None:
    store = _parts(tmp_path).store
    watch(store)
    made = [delta(0, 10, tick=7), delta(0, 20, tick=7, partition="t/1"), delta(0, 5, tick=9, partition="t/2")]
    assert not apply(store, made, 1).refused

    with store.read() as connection:
        ticks = segment_ticks(connection, KEY, BASELINE.id, 6, 9)

    first, second, third = (one.panes[STREAM, tick].counts for one, tick in zip(made, (7, 7, 9), strict=True))
    assert first is not None
    assert second is not None
    assert third is not None
    expected = [None, merge(first, second).tolist(), None, third.tolist()]
    assert [counts[""].tolist() if counts else None for counts in ticks] == expected


def test_a_hundred_models_are_each_read_at_the_boundary_within_seconds(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    keys = [ModelKey("prediction", f"m{number}", "1") for number in range(MODELS)]
    with parts.store.write() as connection:
        for key in keys:
            put_baseline(connection, key, BASELINE, "test", 0)
    folded = delta(0, 60).panes[STREAM, 7].counts
    for tick in range(FIRST, FIRST + 6):
        lo = (tick - FIRST) * MODELS * 60
        panes = {(Stream("prediction", key.model, "1"), tick): PaneDelta(60, lo, folded, BASELINE.id) for key in keys}
        made = PartitionDelta(
            "kafka", "t/0", lo, lo + MODELS * 60, Outcomes(accepted=MODELS * 60), (tick + 1) * 60_000, None, None,
            panes, baselines=dict.fromkeys(keys, BASELINE.id),
        )  # fmt: skip
        assert not apply(parts.store, [made], 1).refused

    began = time.monotonic()
    parts.closer.close_due(live=True)
    seconds = time.monotonic() - began

    with parts.store.read() as connection:
        read = connection.execute(
            select(func.count()).select_from(reading).where(reading.c.window == "5m", reading.c.tick == FIRST + 4)
        ).scalar_one()
    assert read == MODELS
    # Ten times what it takes on a quiet machine: this finds what grows with the square of the models.
    assert seconds < 15


def test_a_damaged_pane_stops_the_close_loudly_and_writes_nothing(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    watch(parts.store)
    assert not apply(parts.store, [delta(0, 10, tick=7), delta(10, 11, tick=12)], 1).refused
    with parts.store.write() as connection:
        connection.execute(update(pane).values(counts=b"\x01damaged"))

    with pytest.raises(ValueError, match="damaged"):
        parts.closer.close_due(live=False)

    with parts.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(reading)).scalar_one() == 0


async def test_retention_while_running_keeps_the_ledger_balanced(tmp_path: Path) -> None:
    made = prepare(tmp_path, store={"url": f"sqlite:///{tmp_path}/s.db", "commit_events_max": 300})
    values: list[bytes] = []
    for index, value in enumerate(records(6_000, 3, begin_ms=BEGIN_MS, events_per_second=1)):
        values.append(b"not json" if index % 50 == 0 else value)
    faults: list[tuple[str, ...]] = []

    def look(poll: int) -> None:
        closed = made.parts.closer.closed
        if closed is not None:
            retire(made.store, Keep(closed - 10, closed - 10, BEGIN_MS + poll, 7))
        faults.extend(verdict.faults for verdict in verify_ledger(made.store))

    await until_read(watch_of(made.parts, Plan({"0": records_of(values)}, before=look)), 6_000)

    (verdict,) = verify_ledger(made.store)
    assert set(faults) == {()}
    assert (verdict.faults, verdict.outcomes["accepted"], verdict.outcomes["dead"]) == ((), 5_880, 120)
    with made.store.read() as connection:
        kept = connection.execute(select(func.count(pane.c.tick.distinct())).where(pane.c.span == 1)).scalar_one()
    assert kept < 100
