"""Readings as series: complete, bounded, the drifting ones first."""

import math

from alerting.finding import EventKind, Stream
from detectors.reading import Reading, State
from service.metrics.monitors import Exported, monitor_families
from service.store.queries import Read


def read(
    model: str = "m",
    *,
    kind: EventKind = "prediction",
    state: State = "ok",
    value: float | None = 0.1,
    low: float | None = 0.05,
    high: float | None = 0.2,
) -> Read:
    seen = Reading("x", "psi", "1h", state, 500, 9_000, value=value, low=low, high=high, threshold=0.02)
    return Read(Stream(kind, model, "1"), "1h", 0, [seen])


def samples(exported: Exported, name: str) -> dict[tuple[str, ...], float]:
    (family,) = (f for f in exported.families if f.name == f"driftwarden_monitor_{name}")
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_a_monitor_has_its_value() -> None:
    exported = monitor_families([read()], 100)
    assert samples(exported, "value") == {("m", "1", "", "x", "psi", "1h"): 0.1}


def test_a_monitor_is_1_in_its_state_and_0_in_the_others() -> None:
    exported = monitor_families([read(state="insufficient")], 100)
    states = {labels[-1]: value for labels, value in samples(exported, "state").items()}
    assert states == {"ok": 0.0, "drifting": 0.0, "insufficient": 1.0}


def test_a_value_that_is_none_is_left_out() -> None:
    exported = monitor_families([read(value=None)], 100)
    assert samples(exported, "value") == {}


def test_a_monitor_without_a_value_still_shows_its_events() -> None:
    exported = monitor_families([read(value=None, low=None, high=None)], 100)
    assert list(samples(exported, "events").values()) == [500.0]


def test_a_value_that_is_not_finite_is_never_exported() -> None:
    exported = monitor_families([read(value=math.nan, low=-math.inf, high=math.inf)], 100)
    values = [sample.value for family in exported.families for sample in family.samples]
    assert [value for value in values if not math.isfinite(value)] == []


def test_series_never_exceed_the_budget() -> None:
    exported = monitor_families([read(f"m{i}") for i in range(100)], 100)
    assert sum(len(family.samples) for family in exported.families) == exported.series <= 100


def test_what_the_budget_leaves_out_is_counted() -> None:
    exported = monitor_families([read(f"m{i}") for i in range(100)], 100)
    assert exported.series + exported.dropped == 100 * 8


def test_a_drifting_monitor_is_kept_before_an_earlier_model_that_is_ok() -> None:
    exported = monitor_families([read("a"), read("b", state="drifting")], 8)
    assert [labels[0] for labels in samples(exported, "value")] == ["b"]


def test_monitors_in_the_same_state_are_kept_in_order_of_models() -> None:
    exported = monitor_families([read("a"), read("b"), read("c")], 16)
    assert [labels[0] for labels in samples(exported, "value")] == ["a", "b"]


def test_a_feature_view_named_as_a_model_does_not_repeat_its_series() -> None:
    exported = monitor_families([read("m"), read("m", kind="feature", value=0.9)], 100)
    assert samples(exported, "value") == {("m", "1", "", "x", "psi", "1h"): 0.1}


def test_a_repeated_series_counts_as_dropped() -> None:
    exported = monitor_families([read("m"), read("m", kind="feature")], 100)
    assert exported.dropped == 8
