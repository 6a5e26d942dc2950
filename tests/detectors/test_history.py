"""A baseline fitted to rows with times knows how long, how dependent and how seasonal they were, and keeps it."""

import json
import random

import numpy as np
import pytest

from detectors.baseline import Baseline, BaselineError
from detectors.fit import fit
from detectors.monitors import Monitors

MINUTES = 15 * 1_440
TICKS = [900_000 * 60 // 60 + minute for minute in range(0, MINUTES, 2) for _ in range(3)]


def _rows(daily: float) -> dict[str, list[float | str | None]]:
    chance = random.Random(3)
    hours = [tick // 60 % 24 for tick in TICKS]
    return {
        "income": [chance.gauss(daily * float(np.sin(2 * np.pi * hour / 24)), 1) for hour in hours],
        "country": [chance.choice(("DE", "FR", "NO")) for _ in hours],
        "age": [None if chance.random() < 0.05 else chance.randint(18, 90) for _ in hours],
    }


def _fit(daily: float = 0.0, segments: list[str] | None = None) -> Baseline:
    return fit(_rows(daily), segments=segments, categories_max=100, segments_max=10, ticks=TICKS)


SEASONAL = _fit(daily=0.8)


def test_rows_without_times_have_no_history_and_the_same_identity_as_ever() -> None:
    plain = fit(_rows(0.0), categories_max=100, segments_max=10)

    assert plain.history == {}
    assert json.loads(plain.to_json())["version"] == 1


def test_the_length_of_the_reference_is_known() -> None:
    assert _fit().history[""].days == pytest.approx(15, abs=0.01)


def test_only_the_subject_with_a_season_has_one() -> None:
    names = [subject.name for subject in SEASONAL.subjects]
    history = SEASONAL.history[""]

    assert dict(zip(names, history.seasonal.tolist(), strict=True)) == {"age": False, "country": False, "income": True}
    assert history.slots.shape == (24, SEASONAL.cells)
    assert history.slots.sum(axis=0).tolist() == SEASONAL.reference[""].tolist()


def test_a_reference_without_a_season_keeps_no_slots() -> None:
    assert _fit().history[""].slots.shape == (0, SEASONAL.cells)


def test_a_baseline_with_a_history_goes_through_json_unchanged() -> None:
    again = Baseline.from_json(SEASONAL.to_json())

    assert again.id == SEASONAL.id
    assert again.history[""].effects.tolist() == SEASONAL.history[""].effects.tolist()
    assert again.history[""].slots.tolist() == SEASONAL.history[""].slots.tolist()


def test_each_segment_has_a_history_of_its_own() -> None:
    segments = ["north" if place % 3 else "south" for place in range(len(TICKS))]
    made = _fit(segments=segments)

    assert set(made.history) == {"", "north", "south"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ticks", 0, "ticks: 0"),
        ("tick_seconds", True, "tick_seconds: True"),
        ("effects", [[0.5] * 18] * 3, "at least 1"),
        ("effects", [[float("nan")] * 18] * 3, "at least 1"),
        ("effects", [1.0], "reshape"),
        ("rate_effects", [[1.0, 1.0, 1.0, 0.0]] * 3, "at least 1"),
        ("days_seen", 0, "days_seen: 0"),
        ("events_per_tick", [0.0, 1.0, 1.0, 1.0], "above 0"),
        ("usable_per_tick", [[1.0, float("inf"), 1.0]] * 4, "above 0"),
        ("slots", [[1, 2]], "slots"),
    ],
)
def test_a_damaged_history_is_refused(field: str, value: object, words: str) -> None:
    content = json.loads(SEASONAL.to_json())
    width = SEASONAL.layout.width
    if field == "effects" and isinstance(value, list) and isinstance(value[0], list):
        value = [row[:1] * (3 + width) for row in value]
    content["history"][""][field] = value

    with pytest.raises(BaselineError, match=words):
        Baseline.from_json(json.dumps(content))


def test_the_reference_of_an_hour_is_what_that_hour_was() -> None:
    monitors = Monitors.of(SEASONAL, tick_seconds=60)
    place = monitors.names.index(("", "income", "psi"))
    costs = monitors.histograms.curves.cost[:, place]

    assert monitors.slots == 24
    assert not np.allclose(costs[6], costs[18])
    calm = monitors.names.index(("", "country", "psi"))
    assert np.allclose(monitors.histograms.bins.cost[6, calm], monitors.histograms.bins.cost[18, calm])


def test_a_number_of_ticks_that_differs_from_the_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="ticks: 2 values"):
        fit({"x": [1.0, 2.0, 3.0]}, categories_max=10, segments_max=0, ticks=[1, 2])


def test_days_without_a_row_do_not_count() -> None:
    """Two stray times, a week before and after three hours of rows, do not make a fortnight of them."""
    ticks = [1_000_000 + place // 5 for place in range(900)] + [1_000_000 - 10_080, 1_000_000 + 10_080]
    chance = random.Random(4)
    history = fit({"x": [chance.gauss(0, 1) for _ in ticks]}, categories_max=10, segments_max=0, ticks=ticks).history[
        ""
    ]

    assert history.ticks > 14 * 1_440
    assert (history.days, history.states_rate) == (3, False)


def test_the_usual_tick_is_the_one_that_an_event_is_in() -> None:
    history = _fit().history[""]

    # Three events in every other tick: of any five or more ticks, half of three each.
    assert history.events_per_tick.tolist() == pytest.approx([3, 1.56, 1.5, 1.5], abs=0.01)
    age = [subject.name for subject in SEASONAL.subjects].index("age")
    assert 2.8 < history.usable_per_tick[0, age] < 3


def test_a_day_that_holds_one_batch_as_ever_is_no_crowd_and_a_day_of_ten_times_as_much_is() -> None:
    chance = random.Random(6)
    ticks = [day * 1_440 + 600 for day in range(14) for _ in range(500)]
    level = [chance.gauss(0, 0.3) for _ in range(14)]
    values: list[float | str | None] = [chance.gauss(level[tick // 1_440], 1) for tick in ticks]
    baseline = fit({"x": values}, categories_max=10, segments_max=0, ticks=ticks)
    history, reference = baseline.history[""], baseline.reference[""]
    effects = {
        (batch, length): history.at(baseline.layout, reference, reference * batch // 14, length)[0][0, 0]
        for batch in (1, 10) for length in (1, 5, 60, 1_440)
    }  # fmt: skip

    assert history.effects[0, 0] > 10
    assert [effects[1, length] / history.effects[0, 0] for length in (1, 5, 60, 1_440)] == pytest.approx([1] * 4)
    assert [effects[10, length] / history.effects[0, 0] for length in (1, 5, 60, 1_440)] == pytest.approx([10] * 4)


def test_each_rate_has_an_effect_of_its_own() -> None:
    """A steady third of missing values does not hide that wrongly typed ones come forty at once."""
    chance = random.Random(5)
    ticks = [minute for minute in range(14 * 1_440) for _ in range(50)]
    burst = {minute for minute in range(14 * 1_440) if chance.random() < 1 / 700}
    values: list[float | str | None] = [
        "?" if minute in burst and place % 50 < 40 else None if chance.random() < 1 / 3 else chance.gauss(0, 1)
        for place, minute in enumerate(ticks)
    ]
    history = fit({"x": values}, categories_max=10, segments_max=0, ticks=ticks).history[""]

    missing, not_finite, wrong_type, _ = history.rate_effects[0]
    assert wrong_type > 40
    assert missing < 6
    assert not_finite < 6


def test_a_window_of_many_more_events_than_usual_is_less_certain_where_events_are_dependent() -> None:
    history = _fit(daily=0.3).history[""]
    layout, reference = SEASONAL.layout, SEASONAL.reference[""]
    window = reference * 10
    usual = history.at(layout, reference, window, history.ticks * 10)
    crowded = history.at(layout, reference, window, history.ticks)

    assert np.allclose(usual[0], history.effects, rtol=1e-3)
    dependent = history.effects > 1
    assert (crowded[0][dependent] > 9 * history.effects[dependent]).all()
    # What looks independent may be dependent by what chance hides.
    assert ((crowded[0][~dependent] > 2) & (crowded[0][~dependent] <= 10.1)).all()


def test_a_history_of_ticks_of_another_length_is_refused_with_both_lengths() -> None:
    text = SEASONAL.to_json()

    assert Baseline.from_json(text, 60).id == SEASONAL.id
    with pytest.raises(BaselineError, match=r"tick_seconds: 60, but time.tick_seconds is 300; fit the baseline again"):
        Baseline.from_json(text, 300)


def test_a_stray_time_of_decades_ago_changes_nothing() -> None:
    ticks = [28_000_000 + minute for minute in range(15 * 1_440)]
    chance = random.Random(8)
    values: list[float | str | None] = [chance.gauss(0, 1) for _ in ticks]
    plain = fit({"x": values}, categories_max=10, segments_max=0, ticks=ticks)
    stray = fit({"x": [*values, 0.5]}, categories_max=10, segments_max=0, ticks=[*ticks, 0])

    assert (stray.history[""].ticks, stray.history[""].days) == (plain.history[""].ticks, plain.history[""].days)
    assert np.allclose(stray.history[""].effects, plain.history[""].effects, rtol=0.1)
