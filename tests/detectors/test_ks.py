from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from detectors.baseline import Baseline, Counts
from detectors.columns import Columns, Scalar
from detectors.fit import fit
from detectors.fold import fold
from detectors.ks import ks
from detectors.reading import Reading

NORMAL = np.random.default_rng(1).normal(size=10_000)


def read(baseline: Baseline, reference: Counts, window: Counts, alpha: float = 1e-6) -> list[Reading]:
    return ks(
        baseline,
        reference,
        window,
        window_name="5m",
        alpha=alpha,
        confidence=0.99,
        distance_min=0.05,
        events_min=50,
    )


def compare(reference: Sequence[Scalar], window: NDArray[np.float64], alpha: float = 1e-6) -> Reading:
    baseline = fit({"x": reference}, categories_max=10, segments_max=0)
    counts = fold(baseline, Columns(len(window), {"x": window}))
    return read(baseline, baseline.reference[""], counts, alpha)[0]


@pytest.mark.parametrize("seed", range(8))
def test_the_distance_is_scipys_within_one_cell_and_never_above(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, window = rng.gamma(2, 3, 6_000), rng.gamma(2.2, 3, 1_500)
    short = stats.ks_2samp(window, reference).statistic - (compare(reference.tolist(), window).value or 0)
    assert (short >= -1e-12, short <= 1 / 60) == (True, True)


@pytest.mark.parametrize("seed", range(4))
def test_the_distance_of_integers_is_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, window = rng.poisson(4, 6_000).astype(float), rng.poisson(4.4, 1_500).astype(float)
    exact = stats.ks_2samp(window, reference, method="asymp").statistic
    # The rare largest counts share a cell, which holds too little to matter.
    assert compare(reference.tolist(), window).value == pytest.approx(exact, abs=0.003)


@pytest.mark.parametrize(
    "reference",
    [NORMAL, np.repeat(np.arange(14.0), 700), np.concatenate([np.zeros(8_000), NORMAL[:2_000]])],
    ids=["continuous", "fourteen atoms", "mostly zero"],
)
def test_false_alarms_stay_below_alpha_ties_or_not(fleet: Callable[..., Any], reference: NDArray[np.float64]) -> None:
    copies = fleet(20_000, reference)
    rng = np.random.default_rng(2)
    readings = read(copies.baseline, copies.draw(20_000, rng), copies.draw(1_000, rng))
    p = np.array([reading.p_value for reading in readings])
    rates = [(p <= alpha).mean() / alpha for alpha in (0.01, 0.001)]
    assert [rate <= 1.1 for rate in rates] == [True, True], rates


def test_the_p_value_of_a_continuous_subject_is_close_to_scipys() -> None:
    window = np.random.default_rng(3).normal(0.1, 1, 2_000)
    exact = stats.ks_2samp(window, NORMAL, method="asymp").pvalue
    ours = compare(NORMAL.tolist(), window).p_value or 0
    assert exact <= ours <= 30 * exact


def test_the_band_holds_the_true_distance_at_least_as_often_as_it_says(fleet: Callable[..., Any]) -> None:
    copies = fleet(2_000, NORMAL)
    rng = np.random.default_rng(4)
    reference = copies.draw(10_000, rng)
    tilted = copies.shares * np.linspace(0.7, 1.3, len(copies.shares))
    tilted /= tilted.sum()
    truth = float(np.abs(np.cumsum(tilted - copies.shares)).max())
    copies.shares = tilted
    readings = read(copies.baseline, reference, copies.draw(1_000, rng))
    inside = [(reading.low or 0) <= truth <= (reading.high or 0) for reading in readings]
    assert np.mean(inside) >= 0.99


def test_a_half_sigma_shift_drifts_and_names_where() -> None:
    reading = compare(NORMAL.tolist(), np.random.default_rng(5).normal(0.5, 1, 3_000))
    assert (reading.state, len(reading.moves), reading.moves[0].label[:3]) == ("drifting", 1, "<= ")


def test_a_negligible_shift_of_very_many_values_is_ok() -> None:
    reading = compare(NORMAL.tolist(), np.random.default_rng(6).normal(0.1, 1, 500_000), alpha=0.01)
    assert (reading.state, (reading.p_value or 1) < 0.01) == ("ok", True)


def test_a_constant_that_becomes_another_constant_drifts() -> None:
    assert compare([3.0] * 1_000, np.full(300, 5.0)).state == "drifting"


def test_missing_values_are_no_values() -> None:
    window = np.concatenate([np.random.default_rng(7).normal(size=40), np.full(5_000, np.nan)])
    reading = compare(NORMAL.tolist(), window)
    assert (reading.state, reading.n, reading.why) == ("insufficient", 40, "only 40 of the 50 usable values it takes")


def test_only_numeric_subjects_have_a_distance() -> None:
    rows: dict[str, list[Scalar]] = {"a": [*"xyz"], "b": [True] * 3, "c": [1.0, 2.0, 3.0]}
    baseline = fit(rows, categories_max=10, segments_max=0)
    reference = baseline.reference[""]
    assert [reading.subject for reading in read(baseline, reference, reference)] == ["c"]


def test_a_baseline_without_numbers_has_no_distances() -> None:
    baseline = fit({"a": ["x"] * 3}, categories_max=10, segments_max=0)
    assert read(baseline, baseline.reference[""], baseline.reference[""]) == []
