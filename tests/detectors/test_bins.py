import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bins import FINE_SHARE, center_and_scale, numeric_bins


def shares(values: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    edges, _ = numeric_bins(values)
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)


def test_no_cell_of_a_continuous_reference_holds_more_than_its_share() -> None:
    values = np.random.default_rng(1).normal(size=60_000)
    assert shares(values).max() == pytest.approx(FINE_SHARE, abs=1e-4)


def test_psi_bins_are_deciles_with_thin_tails() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    edges, coarse = numeric_bins(values)
    bins = np.bincount(np.array(coarse)[np.searchsorted(edges, values)]) / 10_000
    assert bins.round(4).tolist() == [0.005, 0.015, 0.08, *[0.1] * 8, 0.08, 0.015, 0.005]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3).map(float)), min_size=1))
def test_edges_rise_and_bins_step_by_at_most_one_for_any_reference(values: list[float]) -> None:
    edges, coarse = numeric_bins(np.array(values))
    steps = set(np.diff(coarse).tolist())
    assert (bool((np.diff(edges) > 0).all()), steps <= {0, 1}, coarse[0], len(coarse)) == (
        True,
        True,
        0,
        len(edges) + 1,
    )


def test_an_atom_shares_its_cell_with_nothing() -> None:
    values = np.concatenate([np.full(200, 5.0), np.linspace(0, 10, 9_800)])
    edges, _ = numeric_bins(values)
    place = edges.index(5.0)
    assert edges[place - 1] == np.nextafter(5.0, 0.0)


def test_cells_stay_few_when_every_value_is_an_atom() -> None:
    edges, _ = numeric_bins(np.repeat(np.arange(60.0), 10))
    assert len(edges) <= 125


def test_scale_is_robust_against_a_wild_value() -> None:
    values = np.append(np.random.default_rng(2).normal(10, 2, 10_000), 1e12)
    assert center_and_scale(values) == pytest.approx((10, 2), rel=0.03)
