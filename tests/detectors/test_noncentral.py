import numpy as np
import pytest
from scipy import special

from detectors.noncentral import _bisected, bounds


@pytest.mark.parametrize("df", [1.0, 3.0, 13.0, 102.0])
def test_bounds_are_those_of_the_exact_inverse(df: float) -> None:
    x = np.geomspace(df, 5_000, 200)
    low, high = bounds(x, np.full(200, df), 0.99)
    exact_low = np.where(special.chdtrc(df, x) > 0.005, 0, special.chndtrinc(x, df, 0.995))
    exact_high = special.chndtrinc(x, df, 0.005)
    assert (np.abs(low - exact_low).max() < 0.15, np.abs(high - exact_high).max() < 0.35) == (True, True)


def test_what_chance_explains_has_lower_bound_zero() -> None:
    low, _ = bounds(np.array([0.0, 5.0, 20.0]), np.full(3, 9.0), 0.99)
    assert low.tolist() == [0.0, 0.0, 0.0]


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    x = np.random.default_rng(1).noncentral_chisquare(9, 30, 40_000)
    low, high = bounds(x, np.full(40_000, 9.0), 0.95)
    assert ((low <= 30) & (high >= 30)).mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("df", [1.0, 3.0, 14.0, 100.0])
def test_the_bounds_are_where_the_approximation_puts_its_quantiles(df: float, confidence: float) -> None:
    x = np.concatenate([np.linspace(0.01, 60, 400), np.geomspace(60, 1e7, 200)])
    low, high = bounds(x, np.full(x.shape, df), confidence)
    z = float(special.ndtri((1 - confidence) / 2))
    bisected = _bisected(x, np.full(x.shape, df), z)

    assert np.all(np.abs(high - bisected) <= 0.02 * np.maximum(1, bisected))
    assert np.all(low <= high)
