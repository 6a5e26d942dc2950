import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from detectors.baseline import Baseline, Counts
from detectors.columns import Columns, Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold
from detectors.psi import psi
from detectors.psi_table import PsiTable
from detectors.reading import Reading

NORMAL = np.random.default_rng(1).normal(size=10_000)


def read(
    baseline: Baseline,
    reference: Counts,
    window: Counts,
    *,
    alpha: float = 1e-6,
    floor: float = 0.02,
    events_min: int = 50,
) -> list[Reading]:
    return psi(
        baseline,
        reference,
        window,
        window_name="5m",
        alpha=alpha,
        confidence=0.99,
        floor=floor,
        events_min=events_min,
    )


def compare(reference: Sequence[Scalar], window: Sequence[Scalar], **options: Any) -> Reading:
    baseline = fit({"x": reference}, categories_max=100, segments_max=0)
    counts = fold(baseline, columns_of(baseline, [{"x": value} for value in window]))
    return read(baseline, baseline.reference[""], counts, **options)[0]


@pytest.mark.parametrize(("events", "least"), [(60, 0.1), (300, 0.5), (1_000, 0.6), (10_000, 0.7)])
def test_false_alarms_are_as_rare_as_stated_when_nothing_changed(
    fleet: Callable[..., Any], events: int, least: float
) -> None:
    copies = fleet(40_000, NORMAL)
    rng = np.random.default_rng(events)
    readings = read(copies.baseline, copies.draw(100_000, rng), copies.draw(events, rng))
    p = np.array([reading.p_value for reading in readings])
    rates = {alpha: (p <= alpha).mean() / alpha for alpha in (0.01, 0.001)}
    # Conservative by design (the greater of two p-values), the more the smaller the window; 1.2 allows for chance, and
    # so do three standard deviations below, which are wide where 40 alarms are expected (other releases of numpy draw
    # other windows).
    chance = {alpha: 3 * math.sqrt(least / (40_000 * alpha)) for alpha in rates}
    assert {alpha: least - chance[alpha] <= rate <= 1.2 for alpha, rate in rates.items()} == {
        0.01: True, 0.001: True,
    }, rates  # fmt: skip


def test_one_unlucky_reference_does_not_fire_window_after_window(fleet: Callable[..., Any]) -> None:
    copies = fleet(2_000, NORMAL)
    rng = np.random.default_rng(3)
    reference = copies.draw(1_000, rng)
    fired = np.zeros(2_000)
    for _ in range(20):
        readings = read(copies.baseline, reference, copies.draw(20_000, rng))
        fired += [reading.p_value is not None and reading.p_value <= 0.001 for reading in readings]
    assert fired.max() == 0


@pytest.mark.parametrize(("events", "power"), [(300, 0.1), (1_000, 0.95), (10_000, 1.0)])
def test_a_quarter_sigma_shift_is_found(events: int, power: float) -> None:
    baseline = fit({"x": NORMAL.tolist()}, categories_max=10, segments_max=0)
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(200):
        window = fold(baseline, Columns(events, {"x": rng.normal(0.25, 1, events)}))
        found += (read(baseline, baseline.reference[""], window, alpha=1e-4)[0].p_value or 0) <= 1e-4
    assert found / 200 >= power


def test_five_percent_of_wild_values_are_found() -> None:
    rng = np.random.default_rng(5)
    window = np.concatenate([rng.normal(size=950), np.full(50, 4.0)])
    assert compare(NORMAL.tolist(), window.tolist()).state == "drifting"


def test_the_debiased_value_of_a_half_sigma_shift_is_its_square() -> None:
    window = np.random.default_rng(6).normal(0.5, 1, 50_000)
    assert compare(NORMAL.tolist(), window.tolist()).value == pytest.approx(0.25, abs=0.03)


def test_the_interval_holds_the_true_value_as_often_as_it_says(fleet: Callable[..., Any]) -> None:
    copies = fleet(4_000, NORMAL)
    rng = np.random.default_rng(7)
    reference = copies.draw(10_000, rng)
    tilted = copies.shares * np.linspace(0.6, 1.4, len(copies.shares))
    tilted /= tilted.sum()
    coarse = np.array(copies.baseline.subjects[0].coarse)
    p, q = np.bincount(coarse, tilted), np.bincount(coarse, copies.shares)
    truth = float(((p - q) * np.log(p / q)).sum())
    copies.shares = tilted
    readings = read(copies.baseline, reference, copies.draw(2_000, rng))
    low, high = (np.array([getattr(reading, name) for reading in readings]) for name in ("low", "high"))
    assert ((low <= truth) & (high >= truth)).mean() == pytest.approx(0.99, abs=0.008)


def test_the_bounds_enclose_the_value() -> None:
    reading = compare(NORMAL.tolist(), np.random.default_rng(8).normal(0.4, 1, 30_000).tolist())
    assert reading.low is not None
    assert reading.value is not None
    assert reading.high is not None
    assert reading.low < reading.value < reading.high


def test_a_real_but_negligible_change_is_ok() -> None:
    window = np.random.default_rng(9).normal(0.06, 1, 200_000)
    reading = compare(np.random.default_rng(9).normal(size=200_000).tolist(), window.tolist(), alpha=0.01)
    assert (reading.state, (reading.p_value or 1) < 0.01) == ("ok", True)


@pytest.mark.parametrize(
    ("reference", "window"),
    [
        ([False] * 5_000, [True] * 500),
        (["DE"] * 5_000, ["FR"] * 500),
        ([1.0] * 5_000, [None] * 500),
        ([0] * 4_999 + [1], [1] * 500),
        ([f"id{number}" for number in range(5_000)], [None] * 500),
        ([None] * 5_000, ["suddenly"] * 500),
    ],
)
def test_a_reference_that_is_all_one_bin_is_not_blind(reference: Sequence[Scalar], window: Sequence[Scalar]) -> None:
    assert compare(reference, window).state == "drifting"


def test_one_stray_value_in_a_one_bin_reference_is_no_drift() -> None:
    assert compare([False] * 5_000, [True] + [False] * 99).state == "ok"


def test_missing_values_are_a_bin_like_any_other() -> None:
    values: list[Scalar] = NORMAL.tolist()
    reading = compare(values, [*values[:900], *[None] * 300])
    assert (reading.state, reading.moves[0].label) == ("drifting", "missing or unusable")


def test_a_large_change_shows_its_bins_whatever_its_p_value_is() -> None:
    values: list[Scalar] = NORMAL.tolist()
    moved = compare(values, [*values[:900], *[None] * 300], alpha=0.0)
    still = compare(values, values[:900], alpha=0.0)

    assert (moved.state, moved.moves[0].label, still.moves) == ("ok", "missing or unusable", ())


def test_the_bins_of_a_reading_are_all_that_hold_anything_and_know_their_places() -> None:
    values: list[Scalar] = NORMAL.tolist()
    moves = compare(values, [*values[:900], *[None] * 300]).moves

    assert sorted(move.place for move in moves) == list(range(15))
    assert sum(move.observed for move in moves) == pytest.approx(1)


def test_new_categories_show_as_unseen() -> None:
    reading = compare(["a", "b"] * 2_000, ["a", "b", "c"] * 300)
    assert (reading.state, reading.moves[0].label, reading.moves[0].observed) == ("drifting", "unseen", 1 / 3)


@pytest.mark.parametrize(
    ("reference", "events", "why"),
    [
        (5_000, 49, "only 49 of the 50 events it takes"),
        (49, 5_000, "the reference has only 49 of the 50 events it takes"),
        (5_000, 0, "only 0 of the 50 events it takes"),
    ],
)
def test_too_few_events_are_insufficient_and_say_so(reference: int, events: int, why: str) -> None:
    rng = np.random.default_rng(10)
    reading = compare(rng.normal(size=reference).tolist(), rng.normal(5, 1, events).tolist())
    assert (reading.state, reading.value, reading.why) == ("insufficient", None, why)


def test_a_drift_is_told_in_one_plain_sentence() -> None:
    window = np.random.default_rng(11).normal(0.7, 1, 2_000)
    assert compare(NORMAL.tolist(), window.tolist()).why == (
        "PSI 0.502 (0.417 to 0.597), n=2,000, p 2.8e-173: "
        "values are higher; 1.251 to 2.031 8% -> 20%; -2.058 to -1.287 8% -> 1.8%"
    )


@pytest.mark.parametrize(("events", "effect"), [(5_000, 10), (1_000, 50), (5_000, 50)])
@pytest.mark.parametrize("moved", [False, True])
def test_the_lower_bound_holds_where_events_depend_on_each_other(events: int, effect: int, moved: bool) -> None:
    """Every event stands for `effect` of them: there are as few as 20 independent ones in a window."""
    rng = np.random.default_rng(12)
    q = np.array([0.005, 0.015, 0.08, *[0.1] * 8, 0.08, 0.015, 0.005])
    p = q * np.exp(0.3 * np.linspace(-1.7, 1.7, 14)) if moved else q
    p = p / p.sum()
    times = 3_000
    reference = (rng.multinomial(50_000 // effect, q, times) * effect).astype(np.float64)
    window = (rng.multinomial(events // effect, p, times) * effect).astype(np.float64)
    table = PsiTable.of(reference, window, np.full(times, 14), 0.99, np.full((times, 17), float(effect)))

    assert (table.low > ((p - q) * np.log(p / q)).sum()).mean() < 0.015
