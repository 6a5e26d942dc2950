"""The straight line end to end, in one process and without waiting: events in, notices out."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from benchmarks.simulated import MODEL, VERSION, baseline, records, rows
from service.events.record import Record
from service.sources.list import ListSource
from service.store.changes import ModelKey
from service.store.learning import model_versions, put_baseline
from service.store.queries import model_states
from service.store.schema import pane, reading, sequence, tick_close
from service.store.verify import verify_ledger
from service.store.views import current_readings
from tests.e2e.workers import pane_rows
from tests.service.lines import BEGIN, BEGIN_MS, Played, play, prepare

MINUTE = 60_000


def _history(calm_minutes: int, broken_minutes: int, *, per_second: float = 4.0, shift: float = 1.0) -> list[bytes]:
    calm = round(calm_minutes * 60 * per_second)
    broken = round(broken_minutes * 60 * per_second)
    values = list(records(calm, 21, begin_ms=BEGIN_MS, events_per_second=per_second))
    begin = BEGIN_MS + calm_minutes * MINUTE
    return values + list(records(broken, 22, begin_ms=begin, events_per_second=per_second, shift=shift))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Forty calm minutes, then thirty in which amounts are one standard deviation higher."""
    return play(prepare(tmp_path_factory.mktemp("line") / "s"), {"0": _history(40, 30)})


def test_a_broken_feature_makes_one_incident_and_one_open_notice(broken: Played) -> None:
    assert [change.type for change in broken.changes if change.type == "opened"] == ["opened"]
    assert [(notice.intent, notice.subject, notice.party) for notice in broken.notices] == [
        ("open", "amount", "credit-risk")
    ]


def test_the_change_is_found_in_the_first_window_that_lies_after_it(broken: Played) -> None:
    (opened,) = [change for change in broken.changes if change.type == "opened"]

    assert opened.at - BEGIN == timedelta(minutes=45)
    assert opened.row == 45 * 240 - 1


def test_only_what_moved_is_found(broken: Played) -> None:
    assert {finding.subject for finding, tier in broken.findings if tier != "observe"} == {"amount"}


def test_every_event_is_accounted_and_every_tick_closed(broken: Played) -> None:
    assert [verdict.faults for verdict in verify_ledger(broken.store)] == [()]
    assert broken.parts.progress.ticks == 70


def test_readings_of_all_windows_that_ended_are_kept(broken: Played) -> None:
    with broken.store.read() as connection:
        found = connection.execute(select(reading.c.window, reading.c.tick)).all()
    first = BEGIN_MS // MINUTE
    assert sorted(tick - first for window, tick in found if window == "5m") == list(range(4, 70, 5))
    assert sorted(tick - first for window, tick in found if window == "1d") == [59]


def test_what_did_not_change_stays_silent(tmp_path: Path) -> None:
    calm = play(prepare(tmp_path), {"0": _history(90, 0)})

    assert (calm.notices, [tier for _, tier in calm.findings if tier != "observe"]) == ([], [])


def test_an_incident_resolves_once_after_the_change_is_over(tmp_path: Path) -> None:
    values = _history(20, 20) + list(records(240 * 60, 23, begin_ms=BEGIN_MS + 40 * MINUTE, events_per_second=4))

    done = play(prepare(tmp_path), {"0": values})

    assert [notice.intent for notice in done.notices] == ["open", "resolve"]
    assert [change.type for change in done.changes if change.type in ("opened", "resolved")] == ["opened", "resolved"]


def test_one_and_four_partitions_give_the_same_readings_and_states(tmp_path: Path) -> None:
    values = _history(20, 20)
    one = play(prepare(tmp_path / "one"), {"0": values})
    four = play(prepare(tmp_path / "four"), {str(p): values[p::4] for p in range(4)})

    assert _decided(one) == _decided(four)


def test_batches_commits_and_restarts_change_nothing(tmp_path: Path) -> None:
    values = _history(20, 20)
    whole = play(prepare(tmp_path / "whole"), {"0": values})
    rng = random.Random(3)
    reached = 0
    while reached < len(values):
        reached = min(len(values), reached + rng.randint(500, 3_000))
        # A new process each time; it goes on from the store. Time that may still come is not closed before the end.
        part = prepare(tmp_path / "parts", store={"url": f"sqlite:///{tmp_path}/parts/s.db", "commit_events_max": 700})
        _play_live(part, values[:reached], last=reached == len(values))

    assert pane_rows(part.store) == pane_rows(whole.store)
    assert _decided(part) == _decided(whole)


def _play_live(part: Played, values: Sequence[bytes], *, last: bool) -> None:
    source = ListSource({"0": [Record(i, value) for i, value in enumerate(values)]})
    asyncio.run(part.parts.watch(lambda: source, live=not last).run(asyncio.Event()))


def _decided(played: Played) -> tuple[object, ...]:
    """What the closes made: windows, states and incidents, without how the events were partitioned."""
    with played.store.read() as connection:
        rolled = connection.execute(
            select(pane.c.span, pane.c.tick, pane.c.segment, pane.c.events, pane.c.counts)
            .where(pane.c.span > 1)
            .order_by(pane.c.span, pane.c.tick, pane.c.segment)
        ).all()
        read = connection.execute(select(reading).order_by(reading.c.window, reading.c.tick)).all()
        states = connection.execute(select(sequence.c.model, sequence.c.tick, sequence.c.content)).all()
    return [tuple(row) for row in rolled], [tuple(row) for row in read], [tuple(row) for row in states]


def test_a_new_model_learns_its_baseline_and_is_then_watched(tmp_path: Path) -> None:
    fresh = prepare(tmp_path, watched=False, baseline={"learn_events": 2_000}, store={
        "url": f"sqlite:///{tmp_path}/s.db", "commit_events_max": 500,
    })  # fmt: skip

    play(fresh, {"0": _history(30, 20)})

    (version,) = model_versions(fresh.store)
    assert (version.state, version.learned >= 2_000) == ("watched", True)
    assert [verdict.faults for verdict in verify_ledger(fresh.store)] == [()]
    assert [notice.subject for notice in fresh.notices] == ["amount"]


def test_while_it_learns_a_model_is_visible_and_nothing_is_read(tmp_path: Path) -> None:
    fresh = play(prepare(tmp_path, watched=False), {"0": _history(10, 0)})

    assert model_states(fresh.store) == {"learning": 1}
    assert current_readings(fresh.store) == []


def test_a_flood_of_nulls_is_told_as_missing_values_to_the_steward(tmp_path: Path) -> None:
    values = _history(20, 0)
    columns = rows(240 * 10, 5)
    for index in range(240 * 10):
        features = {name: column[index] for name, column in columns.items() if name != "prediction"}
        event = {
            "type": "prediction", "event_id": f"n{index}", "model": MODEL, "version": VERSION,
            "time": BEGIN_MS + 20 * MINUTE + index * 250, "features": features | {"country": None},
            "prediction": columns["prediction"][index],
        }  # fmt: skip
        values.append(msgspec.json.encode(event))

    flooded = play(prepare(tmp_path), {"0": values})

    (notice,) = flooded.notices
    assert (notice.subject, notice.detector, notice.role) == ("country", "missing", "data_steward")


def test_a_stream_that_falls_silent_is_told(tmp_path: Path) -> None:
    other = [
        msgspec.json.encode(
            {"type": "prediction", "event_id": f"o{i}", "model": "other", "version": "1", "time": BEGIN_MS + i * 1_000,
             "features": {"x": i % 7}, "prediction": 0.5}
        )
        for i in range(3 * 3_600)
    ]  # fmt: skip
    merged = sorted([*_history(70, 0), *other], key=lambda value: msgspec.json.decode(value)["time"])

    silent = play(prepare(tmp_path, detection={"freshness_seconds": 900}), {"0": merged})

    first = silent.notices[0]
    assert (first.model, first.subject, first.detector in ("freshness", "volume")) == (MODEL, "events", True)


def test_a_long_gap_in_event_time_is_skipped_in_one_step_and_journaled(tmp_path: Path) -> None:
    later = list(records(240, 8, begin_ms=BEGIN_MS + 30 * 24 * 60 * MINUTE, events_per_second=4))

    gone = play(prepare(tmp_path), {"0": _history(10, 0) + later})

    with gone.store.read() as connection:
        closes = connection.execute(select(tick_close.c.tick, tick_close.c.skipped)).all()
    assert len(closes) < 200
    assert sum(skipped for _, skipped in closes) > 40_000
    assert [verdict.faults for verdict in verify_ledger(gone.store)] == [()]


def _of(version: str, minutes: int, *, begin_minute: int, seed: int) -> list[bytes]:
    values = records(240 * minutes, seed, begin_ms=BEGIN_MS + begin_minute * MINUTE, events_per_second=4)
    return [msgspec.json.encode(msgspec.json.decode(value) | {"version": version}) for value in values]


def test_a_version_that_another_has_followed_may_fall_silent(tmp_path: Path) -> None:
    played = prepare(tmp_path, detection={"freshness_seconds": 900})
    with played.store.write() as connection:
        put_baseline(connection, ModelKey("prediction", MODEL, "32"), baseline(), "test", BEGIN_MS)
    old, new = _of(VERSION, 70, begin_minute=0, seed=31), _of("32", 75, begin_minute=60, seed=32)

    play(played, {"0": sorted([*old, *new], key=lambda value: msgspec.json.decode(value)["time"])})

    assert played.notices == []
    (silent,) = [
        found
        for read in current_readings(played.store, model=MODEL, version=VERSION)
        for found in read.readings
        if found.detector == "freshness"
    ]
    assert (silent.state, silent.why) == ("insufficient", "version 32 has taken over")
