"""Learning a baseline from the stream: over partitions, over restarts, and from whatever the events hold."""

import json
import math
from pathlib import Path

import msgspec
import pytest

from benchmarks.simulated import MODEL, VERSION, records
from detectors.baseline import Baseline
from detectors.columns import Scalar
from service.learn import fit_rows
from service.settings import BaselineSettings
from service.store.changes import ModelKey, Outcomes
from service.store.engine import Store
from service.store.learning import baseline_of, model_versions
from service.store.verify import verify_ledger
from tests.e2e.bad_input import books
from tests.service.lines import BEGIN_MS, Played, play, prepare
from tests.service.watching import Plan, records_of, until_read, watch_of

EVENTS = 2_000
KEY = ModelKey("prediction", MODEL, VERSION)
PARTITIONS = {
    name: records_of(list(records(EVENTS, seed, begin_ms=BEGIN_MS, events_per_second=10)))
    for name, seed in (("0", 1), ("1", 2))
}


def _line(folder: Path, **sections: dict[str, object]) -> Played:
    store = {"url": f"sqlite:///{folder}/s.db", "commit_events_max": 200}
    whole: dict[str, dict[str, object]] = {"store": store, "baseline": {"learn_events": 1_000}}
    return prepare(folder, watched=False, **(whole | sections))


def _learned(store: Store) -> Baseline:
    found = baseline_of(store, KEY)
    assert found is not None
    return found


async def test_two_partitions_learn_one_baseline_and_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    whole = _line(tmp_path / "whole")
    await until_read(watch_of(whole.parts, Plan(PARTITIONS)), 2 * EVENTS)
    first = _line(tmp_path / "cut")
    await until_read(watch_of(first.parts, Plan({name: all_[:300] for name, all_ in PARTITIONS.items()})), 600)
    learned = [version.learned for version in model_versions(first.store)]
    second = _line(tmp_path / "cut")
    await until_read(watch_of(second.parts, Plan(PARTITIONS)), 2 * EVENTS)

    assert learned == [600]
    assert _learned(second.store).id == _learned(whole.store).id
    assert [verdict.faults for verdict in verify_ledger(second.store)] == [(), ()]


async def test_a_model_beyond_the_limit_is_a_dead_letter_and_the_first_ones_are_watched(tmp_path: Path) -> None:
    line = _line(tmp_path, limits={"models_max": 1})
    other = json.dumps(
        {"type": "prediction", "event_id": "o", "model": "other", "version": "1", "time": BEGIN_MS,
         "features": {}, "prediction": 0.5}
    ).encode()  # fmt: skip
    values = [record.value for record in PARTITIONS["0"][:50] if record.value is not None]

    await until_read(watch_of(line.parts, Plan({"0": records_of([*values, other])})), 51)

    assert books(line.store) == Outcomes(accepted=50, dead=1)
    assert [version.key for version in model_versions(line.store)] == [KEY]


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("nothing at all", {}),
        ("only null", {"x": None}),
        ("only NaN", {"x": math.nan}),
        ("one constant", {"x": 7}),
        ("the largest number", {"x": 1.7e308}),
        ("the smallest number", {"x": 5e-324}),
        ("a number too large", {"x": 10**400}),
        ("a list", {"x": [1, 2]}),
        ("a long text", {"x": "t" * 10_000}),
        ("a name like the score", {"prediction": 1, "latency_ms": 2}),
        ("an empty name", {"": 1}),
        ("a name of control characters", {"\x1f\x00": "\x00"}),
    ],
)
async def test_a_baseline_is_learned_from_whatever_features_hold(
    tmp_path: Path, name: str, features: dict[str, object]
) -> None:
    line = _line(tmp_path, baseline={"learn_events": 100})
    values = [
        json.dumps(
            {"type": "prediction", "event_id": f"e{index}", "model": MODEL, "version": VERSION,
             "time": BEGIN_MS + index * 1_000, "features": features, "prediction": None}
        ).encode()
        for index in range(400)
    ]  # fmt: skip

    await until_read(watch_of(line.parts, Plan({"0": records_of(values)})), 400)
    line.parts.closer.close_due(live=False)

    assert [version.state for version in model_versions(line.store)] == ["watched"]
    assert books(line.store) == Outcomes(accepted=400)


async def test_every_kind_of_event_learns_a_baseline_of_its_own(tmp_path: Path) -> None:
    line = _line(tmp_path, baseline={"learn_events": 100})
    shapes: list[dict[str, object]] = [
        {"type": "label", "model": "m", "label": True},
        {"type": "feature", "feature_view": "v", "version": "1", "entity": "e", "features": {"x": 1.5}},
        {"type": "health", "model": "m", "version": "1", "instance": "i", "latency": 3.0},
    ]
    values = [
        json.dumps({"event_id": f"e{index}", "time": BEGIN_MS + index * 1_000} | shapes[index % 3]).encode()
        for index in range(900)
    ]

    await until_read(watch_of(line.parts, Plan({"0": records_of(values)})), 900)
    line.parts.closer.close_due(live=False)

    assert [version.state for version in model_versions(line.store)] == ["watched"] * 3


def test_rows_with_different_names_are_fitted_with_what_is_not_there_as_missing() -> None:
    shapes: list[dict[str, Scalar]] = [{"": "north", "a": 1.0}, {"b": "x"}]
    events = [shapes[index % 2] for index in range(500)]

    fitted = fit_rows(events, BaselineSettings(), ticks=[index // 60 for index in range(500)], tick_seconds=60)

    assert [subject.name for subject in fitted.subjects] == ["a", "b"]
    assert fitted.history[""].ticks == 9


def test_events_without_any_value_leave_the_model_learning(tmp_path: Path) -> None:
    events = [
        msgspec.json.encode(
            {"type": "feature", "event_id": f"f{i}", "feature_view": "empty", "version": "1", "entity": "e",
             "time": BEGIN_MS + i, "features": {}}
        )
        for i in range(150)
    ]  # fmt: skip
    empty = play(prepare(tmp_path, watched=False, baseline={"learn_events": 100}), {"0": events})

    (version,) = model_versions(empty.store)
    assert (version.state, version.learned) == ("learning", 150)
