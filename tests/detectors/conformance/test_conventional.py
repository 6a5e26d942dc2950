"""The plain statistics on rows of counts: many rows at once, nothing to compare, and floats at their ends."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from detectors import conventional
from detectors.baseline import Counts
from detectors.columns import Columns
from detectors.fit import fit
from detectors.fold import fold
from tests.detectors.conformance import documented
from tests.detectors.conformance.inputs import COUNTS, SAMPLES, Floats, rows

EVERY: dict[str, Callable[[Floats, Floats], Floats]] = {
    "psi": conventional.psi,
    "chi_square": lambda r, c: conventional.chi_square(r, c)[0],
    "chi_square p": lambda r, c: conventional.chi_square(r, c)[1],
    "chi_square_one_sample": lambda r, c: conventional.chi_square_one_sample(r, c)[0],
    "chi_square_one_sample p": lambda r, c: conventional.chi_square_one_sample(r, c)[1],
    "wasserstein": lambda r, c: conventional.wasserstein(r, c, np.arange(float(r.shape[1]))[None, :]),
    "wasserstein_normed": lambda r, c: conventional.wasserstein_normed(r, c, np.arange(float(r.shape[1]))[None, :]),
    "jensen_shannon": conventional.jensen_shannon,
    "hellinger": conventional.hellinger,
    "l_infinity": conventional.l_infinity,
    "ks": lambda r, c: conventional.ks(r, c)[0],
    "ks p": lambda r, c: conventional.ks(r, c)[1],
}


def on_cells(name: str) -> tuple[Floats, Floats, Floats]:
    """Give the fine cells of a sample's reference and window as a service would count them, and their centres."""
    reference, window = SAMPLES[name]
    baseline = fit({"x": reference.tolist()}, categories_max=10, segments_max=0)
    counts = fold(baseline, Columns(len(window), {"x": window}))
    cells = [conventional.fine_cells(baseline.layout, side) for side in (baseline.reference[""], counts)]
    return cells[0], cells[1], conventional.cell_centres(baseline.subjects)


@pytest.mark.parametrize("statistic", EVERY)
def test_many_rows_at_once_are_each_what_they_are_alone(statistic: str) -> None:
    width = max(len(reference) for reference, _ in COUNTS.values())
    table = [
        np.array([[*row, *[0] * (width - len(row))] for row in side], float)
        for side in zip(*COUNTS.values(), strict=True)
    ]
    alone = [EVERY[statistic](*rows(*pair))[0] for pair in COUNTS.values()]
    np.testing.assert_allclose(EVERY[statistic](table[0], table[1]), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("statistic", EVERY)
@pytest.mark.parametrize("empty", [(0,), (1,), (0, 1)], ids=["reference", "window", "both"])
def test_a_side_without_values_is_not_compared(statistic: str, empty: tuple[int, ...]) -> None:
    sides = [np.zeros((1, 3)) if side in empty else np.array([[5.0, 0.0, 7.0]]) for side in (0, 1)]
    assert np.isnan(EVERY[statistic](*sides)).tolist() == [True]


def test_a_baseline_without_numbers_has_no_cells() -> None:
    baseline = fit({"a": ["x", "y"] * 50}, categories_max=10, segments_max=0)
    cells = conventional.fine_cells(baseline.layout, baseline.reference[""])
    assert (cells.shape, conventional.cell_centres(baseline.subjects).shape) == ((0, 0), (0, 0))


def test_cells_of_subjects_of_different_width_are_rows_that_end_in_nothing() -> None:
    rng = np.random.default_rng(1)
    values = {"wide": rng.normal(size=2_000).tolist(), "names": ["a", "b"] * 1_000, "narrow": [3.0] * 2_000}
    baseline = fit(values, categories_max=10, segments_max=0)
    cells = conventional.fine_cells(baseline.layout, baseline.reference[""])
    narrow = next(subject for subject in baseline.subjects if subject.name == "narrow")
    row = [subject.name for subject in baseline.subjects if subject.kind == "numeric"].index("narrow")
    assert (cells.sum(axis=1).tolist(), cells[row, narrow.value_cells :].sum()) == ([2_000.0, 2_000.0], 0.0)


def test_value_bins_leave_missing_values_out() -> None:
    baseline = fit({"x": [True, False, None, None] * 100}, categories_max=10, segments_max=0)
    reference: Counts = baseline.reference[""]
    kept = conventional.value_bins(baseline.layout, reference)
    assert (kept.sum(), baseline.layout.bins(reference).sum()) == (200, 400)


@pytest.mark.parametrize("name", SAMPLES)
def test_psi_of_the_bins_of_evidently_is_evidentlys(name: str) -> None:
    q, p = documented.evidently_shares(*SAMPLES[name])
    assert conventional.psi(q[None, :], p[None, :])[0] == pytest.approx(documented.evidently_psi(*SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
def test_psi_of_ten_equal_bins_is_radicalbits(name: str) -> None:
    edges = np.histogram_bin_edges(np.concatenate(SAMPLES[name]), bins=10)
    q, p = (np.histogram(side, edges)[0][None, :].astype(float) for side in SAMPLES[name])
    assert conventional.psi(q, p)[0] == pytest.approx(documented.radicalbit_psi(*SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_distances_of_the_bins_of_nannyml_are_nannymls(name: str) -> None:
    q, p = (shares[None, :] for shares in documented.nannyml_shares(*SAMPLES[name]))
    found = conventional.jensen_shannon(q, p, base=2)[0], conventional.hellinger(q, p)[0]
    expected = documented.nannyml_jensen_shannon(*SAMPLES[name]), documented.nannyml_hellinger(*SAMPLES[name])
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("name", [name for name, (reference, _) in COUNTS.items() if len(reference) > 1])
def test_chi_square_of_categories_is_that_of_either_tool(name: str) -> None:
    both = rows(*COUNTS[name])
    reference, window = (row[:, (both[0] + both[1])[0] > 0] for row in both)
    found = (
        conventional.chi_square_one_sample(reference, window)[1][0],
        conventional.chi_square(reference, window, yates=True)[1][0],
    )
    expected = (
        documented.evidently_chi_square(reference[0], window[0]),
        documented.nannyml_chi_square(reference[0], window[0]),
    )
    assert found == pytest.approx(expected, rel=1e-9, abs=0)


def test_chi_square_of_a_binary_feature_is_evidentlys_z() -> None:
    reference, window = rows(*COUNTS["two categories"])
    assert conventional.chi_square(reference, window)[1][0] == pytest.approx(
        documented.evidently_z(reference[0], window[0]), rel=1e-9
    )


@pytest.mark.parametrize("p", [0.9, 0.5, 0.15, 0.05, 0.01])
@pytest.mark.parametrize("events", [100, 1_000, 100_000])
def test_the_p_value_of_ks_is_scipys_within_two_percent(events: int, p: float) -> None:
    moved = int(events * stats.kstwo.isf(p, events // 2))
    half = events // 2
    distance, found = conventional.ks(*rows([half, half], [half + moved, half - moved]))
    assert found[0] == pytest.approx(stats.kstwo.sf(distance[0], half), rel=0.02)


@pytest.mark.parametrize("name", SAMPLES)
def test_wasserstein_on_cells_is_that_of_the_values_within_five_percent(name: str) -> None:
    exact = documented.evidently_wasserstein(*SAMPLES[name])
    assert conventional.wasserstein_normed(*on_cells(name))[0] == pytest.approx(exact, rel=0.05)


def test_the_largest_floats_have_a_distance_in_deviations() -> None:
    centres = np.array([[-1.7e308, 0.0, 1.7e308]])
    reference, window = np.array([[50.0, 0.0, 50.0]]), np.array([[25.0, 0.0, 75.0]])
    assert conventional.wasserstein_normed(reference, window, centres).tolist() == [0.5]


def test_the_smallest_floats_have_a_distance_in_deviations() -> None:
    centres = np.array([[0.0, 5e-324]])
    reference, window = np.array([[50.0, 50.0]]), np.array([[0.0, 100.0]])
    assert conventional.wasserstein_normed(reference, window, centres).tolist() == [0.0]
