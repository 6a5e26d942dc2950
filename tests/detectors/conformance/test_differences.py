"""Every deliberate difference from other tools, each by a fixed input; docs/statistics.md lists them with sizes."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from detectors import conventional
from detectors.columns import Columns, Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold
from detectors.ks import ks
from detectors.psi import psi
from detectors.psi_table import SMALL_SHARE
from detectors.quality import quality
from detectors.reading import Reading
from tests.detectors.conformance import documented
from tests.detectors.conformance.inputs import COUNTS, SAMPLES, panes, rows

COMMON: dict[str, Any] = {"window_name": "1h", "alpha": 1e-6, "confidence": 0.99, "events_min": 50}
UNMERGED = ["a small change", "as many as the reference", "mostly zero", "two categories"]
"""Counts with at least 5 expected in each bin, so that no bins are merged."""


def of_counts(reference: list[int], window: list[int]) -> tuple[Reading, Reading]:
    """Give our PSI and KS of bins."""
    baseline, r, c = panes(reference, window)
    return psi(baseline, r, c, floor=0.02, **COMMON)[0], ks(baseline, r, c, distance_min=0.05, **COMMON)[0]


def of_values(reference: ArrayLike, window: ArrayLike) -> tuple[Reading, Reading]:
    """Give our PSI and KS of values."""
    values: list[Scalar] = np.asarray(reference, np.float64).tolist()
    drawn = np.asarray(window, np.float64)
    baseline = fit({"x": values}, categories_max=10, segments_max=0)
    r, c = baseline.reference[""], fold(baseline, Columns(len(drawn), {"x": drawn}))
    return psi(baseline, r, c, floor=0.02, **COMMON)[0], ks(baseline, r, c, distance_min=0.05, **COMMON)[0]


def plain_psi(reference: list[int], window: list[int]) -> float:
    """Give the plain PSI of bins."""
    r, c = rows(reference, window)
    return float(conventional.psi(r, c)[0])


def figures(reading: Reading) -> tuple[float, float, float, float]:
    """Give value, bounds and p of a reading that has them."""
    assert reading.value is not None
    assert reading.low is not None
    assert reading.high is not None
    assert reading.p_value is not None
    return reading.value, reading.low, reading.high, reading.p_value


# PSI


@pytest.mark.parametrize("name", UNMERGED)
def test_our_psi_is_the_plain_one_of_counts_and_a_half_less_its_expectation_without_a_change(name: str) -> None:
    reference, window = rows(*COUNTS[name])
    smoothed = conventional.psi(reference + 0.5, window + 0.5)[0]
    expectation = (reference.shape[1] - 1) * (1 / window.sum() + 1 / reference.sum())
    assert figures(of_counts(*COUNTS[name])[0])[0] == pytest.approx(max(0, smoothed - expectation), rel=1e-12)


def test_an_empty_bin_counts_as_half_a_value_and_not_as_one_in_ten_thousand() -> None:
    reference, window = COUNTS["a bin that the window leaves empty"]
    ours, plain = figures(of_counts(reference, window)[0])[0], plain_psi(reference, window)
    assert (ours, plain) == pytest.approx((0.283, 0.708), abs=0.001)


def test_smoothing_does_not_matter_to_bins_that_are_full() -> None:
    reference, window = rows([40_000, 30_000, 20_000, 10_000], [7_000, 8_000, 3_000, 2_000])
    plain = conventional.psi(reference, window)[0]
    assert conventional.psi(reference + 0.5, window + 0.5)[0] == pytest.approx(plain, rel=1e-3)


def test_frouros_says_over_a_hundred_of_a_bin_that_one_side_leaves_empty() -> None:
    reference, window = (np.linspace(low, low + 1, 100) for low in (0.0, 0.3))
    assert (documented.frouros_psi(reference, window) > 100, figures(of_values(reference, window)[0])[0] < 3) == (
        True,
        True,
    )


def test_one_wild_value_hides_a_shift_from_pooled_bins_and_not_from_ours() -> None:
    reference, window = SAMPLES["normal, half a deviation higher"]
    wild = np.append(window, 1e4)
    pooled = [documented.evidently_psi(reference, side) for side in (window, wild)]
    ours = [figures(of_values(reference, side)[0])[0] for side in (window, wild)]
    assert (pooled[1] < 0.02, abs(ours[1] - ours[0]) < 0.002) == (True, True)


def test_without_a_change_a_hundred_events_are_above_a_tenth_everywhere_but_here() -> None:
    rng = np.random.default_rng(1)
    reference = rng.normal(size=10_000)
    windows = rng.normal(size=(200, 100))
    plain = np.mean([documented.evidently_psi(reference, window) >= 0.1 for window in windows])
    drifting = [window for window in windows if of_values(reference, window)[0].state == "drifting"]
    assert (bool(plain > 0.5), len(drifting)) == (True, 0)


def test_a_hundred_thousand_events_a_quarter_of_a_deviation_off_are_below_a_tenth_and_yet_found_here() -> None:
    rng = np.random.default_rng(2)
    reference, window = rng.normal(size=10_000), rng.normal(0.25, 1, 100_000)
    assert (documented.evidently_psi(reference, window) < 0.1, of_values(reference, window)[0].state) == (
        True,
        "drifting",
    )


def test_a_few_events_have_no_psi_here() -> None:
    assert (of_counts(*COUNTS["tiny"])[0].state, plain_psi(*COUNTS["tiny"]) > 4) == (
        "insufficient",
        True,
    )


def test_our_psi_never_stands_without_its_interval() -> None:
    value, low, high, _ = figures(of_counts(*COUNTS["two categories"])[0])
    assert low < value < high


def test_more_events_than_a_third_of_the_reference_do_not_make_psi_more_certain() -> None:
    third, thrice = ([200, 300, 500], [80, 100, 153]), ([200, 300, 500], [720, 900, 1_377])
    assert figures(of_counts(*thrice)[0])[3] > 0.9 * figures(of_counts(*third)[0])[3]


def test_missing_values_are_a_bin_of_ours_and_nothing_to_others() -> None:
    known: list[Scalar] = [*range(10)]
    baseline = fit({"x": known * 500}, categories_max=10, segments_max=0)
    window = fold(baseline, columns_of(baseline, [{"x": value} for value in [*known * 60, *[None] * 400]]))
    reference = baseline.reference[""]
    bins = [conventional.value_bins(baseline.layout, side) for side in (reference, window)]
    ours = psi(baseline, reference, window, floor=0.02, **COMMON)[0]
    assert (ours.state, conventional.psi(bins[0], bins[1])[0]) == ("drifting", pytest.approx(0))


def test_what_moves_from_the_last_bin_to_one_that_the_reference_never_filled_is_seen_by_psi_and_told_by_its_rate() -> (
    None
):
    baseline = fit({"x": ["DE", "FR"] * 2_500}, categories_max=10, segments_max=0)
    reference = baseline.reference[""]
    window = fold(baseline, columns_of(baseline, [{"x": value} for value in ["DE", "fr"] * 150]))
    bins = [conventional.value_bins(baseline.layout, side) for side in (reference, window)]
    ours = psi(baseline, reference, window, floor=0.02, **COMMON)[0]
    rates = {rate.detector: rate.state for rate in quality(baseline, reference, window, rate_change_min=0.01, **COMMON)}
    assert (ours.state, figures(ours)[0] > 2, rates["unseen"]) == ("drifting", True, "drifting")
    assert conventional.psi(bins[0], bins[1])[0] > 4


def test_evidently_fills_a_zero_with_a_millionth_of_a_least_share_of_one_in_ten_thousand_or_less() -> None:
    reference, window = [19_999, 1, 0], [990, 5, 5]
    q, p = (documented.evidently_filled(np.array(side) / sum(side)) for side in (reference, window))
    assert (plain_psi(reference, window), np.sum((q - p) * np.log(q / p))) == pytest.approx((0.042, 0.115), abs=0.001)


# KS


@pytest.mark.parametrize("name", SAMPLES)
def test_our_distance_is_never_above_the_exact_one_and_at_most_a_sixtieth_below(name: str) -> None:
    reference, window = SAMPLES[name]
    short = documented.nannyml_ks(reference, window) - figures(of_values(reference, window)[1])[0]
    assert (short >= -1e-12, short <= 1 / 60) == (True, True)


@pytest.mark.parametrize("name", ["one value only", "fourteen atoms"])
def test_our_distance_of_repeated_values_is_the_exact_one(name: str) -> None:
    sides = {
        "one value only": (np.full(300, 3.0), np.append(np.full(90, 3.0), 5.0)),
        "fourteen atoms": (np.repeat(np.arange(14.0), 50), np.repeat(np.arange(14.0), np.arange(3, 17))),
    }[name]
    assert figures(of_values(*sides)[1])[0] == pytest.approx(documented.nannyml_ks(*sides), rel=1e-12)


@pytest.mark.parametrize("name", COUNTS)
def test_our_p_value_of_ks_is_the_limit_law_with_the_window_counted_as_at_most_a_third(name: str) -> None:
    reading = of_counts(*COUNTS[name])[1]
    if reading.state == "insufficient":
        assert min(sum(side) for side in COUNTS[name]) < 50
        return
    distance, _, _, p = figures(reading)
    m, n = (float(sum(side)) for side in COUNTS[name])
    counted = min(n, m / 3)
    assert p == pytest.approx(stats.kstwobign.sf(distance / np.sqrt(1 / counted + 1 / m)), rel=1e-9)


@pytest.mark.parametrize("name", SAMPLES)
def test_our_p_value_of_ks_is_never_below_evidentlys(name: str) -> None:
    reference, window = SAMPLES[name]
    assert figures(of_values(reference, window)[1])[3] >= documented.evidently_ks(reference, window)


def test_a_negligible_shift_of_very_many_values_is_drift_to_evidently_and_ok_here() -> None:
    rng = np.random.default_rng(3)
    reference, window = rng.normal(size=60_000), rng.normal(0.05, 1, 60_000)
    assert (documented.evidently_ks(reference, window) < 1e-6, of_values(reference, window)[1].state) == (True, "ok")


# Chi-square


@pytest.mark.parametrize("name", UNMERGED)
def test_our_p_value_of_categories_is_at_least_that_of_the_contingency_table(name: str) -> None:
    reference, window = rows(*COUNTS[name])
    assert figures(of_counts(*COUNTS[name])[0])[3] >= conventional.chi_square(reference, window)[1][0] * (1 - 1e-9)


def test_with_few_events_our_p_value_of_categories_is_that_of_the_contingency_table() -> None:
    # The greater of two, and here Pearson's is; a tenth of every alpha is kept for bins too small to be compared.
    reference, window = COUNTS["a bin that the window leaves empty"]
    p = figures(of_counts(reference, window)[0])[3]
    assert p * (1 - SMALL_SHARE) == pytest.approx(stats.chi2_contingency([reference, window]).pvalue, rel=1e-9)


def test_evidently_takes_the_reference_as_exact_and_finds_twice_as_much_in_as_many_events() -> None:
    reference, window = rows([500, 500], [530, 470])
    once, twice = (
        conventional.chi_square(reference, window)[0][0],
        conventional.chi_square_one_sample(reference, window)[0][0],
    )
    assert twice / once == pytest.approx(2, rel=0.01)


def test_one_new_category_is_certain_drift_to_evidently_and_ok_here() -> None:
    reference, window = np.array([600.0, 400.0, 0.0]), np.array([599.0, 400.0, 1.0])
    ours = of_counts([600, 400, 0], [599, 400, 1])[0]
    assert (documented.evidently_chi_square(reference, window), ours.state) == (0, "ok")


def test_nannyml_corrects_two_categories_after_yates_and_we_do_not() -> None:
    reference, window = rows(*COUNTS["two categories"])
    plain, yates = (
        conventional.chi_square(reference, window)[1],
        conventional.chi_square(reference, window, yates=True)[1],
    )
    assert (plain[0] < yates[0], yates[0]) == (
        True,
        pytest.approx(documented.nannyml_chi_square(reference[0], window[0])),
    )


# Wasserstein and Jensen-Shannon, which we have no reading of


def test_a_wild_value_is_as_far_as_the_references_maximum_on_cells() -> None:
    reference, window = SAMPLES["normal, unchanged"]
    wild = np.append(window, 1e6)
    baseline = fit({"x": reference.tolist()}, categories_max=10, segments_max=0)
    counts = fold(baseline, Columns(len(wild), {"x": wild}))
    cells = [conventional.fine_cells(baseline.layout, side) for side in (baseline.reference[""], counts)]
    on_cells = conventional.wasserstein_normed(cells[0], cells[1], conventional.cell_centres(baseline.subjects))[0]
    assert (documented.evidently_wasserstein(reference, wild) > 600, on_cells < 0.06) == (True, True)


def test_without_a_change_jensen_shannon_of_a_hundred_events_is_above_a_tenth_in_any_bins() -> None:
    rng = np.random.default_rng(4)
    reference, window = rng.normal(size=10_000), rng.normal(size=100)
    baseline = fit({"x": reference.tolist()}, categories_max=10, segments_max=0)
    counts = fold(baseline, Columns(100, {"x": window}))
    bins = [conventional.value_bins(baseline.layout, side) for side in (baseline.reference[""], counts)]
    distances = [
        documented.evidently_jensen_shannon(reference, window),
        documented.nannyml_jensen_shannon(reference, window),
        float(conventional.jensen_shannon(bins[0], bins[1])[0]),
    ]
    assert min(distances) > 0.1
