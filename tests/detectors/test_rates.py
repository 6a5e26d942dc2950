import numpy as np
import pytest
from scipy import stats

from detectors.rates import change, discounted, greater


def one(k: float, n: float, r: float, m: float) -> float:
    return float(greater(*(np.array([part]) for part in (k, n, r, m)))[0])


@pytest.mark.parametrize(
    ("k", "n", "r", "m"),
    [
        (2, 50, 0, 5_000),
        (5, 1_000, 0, 5_000),
        (20, 1_000, 10, 5_000),
        (60, 300, 500, 5_000),
        (400, 1_000, 1_500, 5_000),
        (990, 1_000, 4_500, 5_000),
        (1_000, 1_000, 4_900, 5_000),
        (3_000, 100_000, 20, 5_000),
        (50_400, 100_000, 10_000, 20_000),
    ],
)
def test_p_values_are_fishers_exact_ones_far_into_the_tail(k: int, n: int, r: int, m: int) -> None:
    exact = stats.hypergeom.sf(k - 1, n + m, k + r, n)
    assert one(k, n, r, m) == pytest.approx(exact, rel=0.12)


def test_random_tables_agree_with_fisher() -> None:
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(300):
        n, m = rng.integers(50, 20_000, 2)
        rate = np.exp(rng.uniform(np.log(1e-3), np.log(0.9)))
        r = rng.binomial(m, rate)
        k = min(n, round(n * rate + rng.uniform(0, 7) * np.sqrt(n * rate)))
        exact = stats.hypergeom.sf(k - 1, n + m, k + r, n)
        if k >= 2 and exact > 1e-250:
            ratios.append(one(k, n, r, m) / exact)
    assert (min(ratios) > 0.88, max(ratios) < 1.06, len(ratios) > 200) == (True, True, True)


@pytest.mark.parametrize(("k", "r"), [(0, 0), (0, 10), (100, 1_000), (5, 1_000)])
def test_what_cannot_be_greater_has_p_one(k: int, r: int) -> None:
    assert one(k, 100, r, 1_000) == 1.0


@pytest.mark.parametrize("rate", [0.0005, 0.01, 0.3])
def test_false_alarms_stay_below_alpha(rate: float) -> None:
    rng = np.random.default_rng(8)
    k, r = rng.binomial(1_000, rate, 200_000), rng.binomial(5_000, rate, 200_000)
    p = greater(k.astype(np.float64), np.full(200_000, 1e3), r.astype(np.float64), np.full(200_000, 5e3))
    assert [bool((p <= alpha).mean() <= alpha * 1.1) for alpha in (1e-2, 1e-3)] == [True, True]


def test_the_interval_of_a_change_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(9)
    k = rng.binomial(300, 0.06, 20_000).astype(np.float64)
    r = rng.binomial(2_000, 0.02, 20_000).astype(np.float64)
    _, low, high = change(k, np.full(20_000, 300.0), r, np.full(20_000, 2_000.0), 0.95)
    assert ((low <= 0.04) & (high >= 0.04)).mean() == pytest.approx(0.95, abs=0.012)


def test_a_change_is_never_beyond_all_or_nothing() -> None:
    value, low, high = change(np.array([50.0]), np.array([50.0]), np.array([0.0]), np.array([50.0]), 0.999)
    assert (value[0], bool(0 < low[0] < 1), high[0]) == (1.0, True, 1.0)


def test_a_window_counts_as_a_third_of_the_reference_at_most() -> None:
    assert discounted(np.array([100.0, 9_000.0]), np.array([3_000.0, 3_000.0])).tolist() == [100.0, 1_000.0]
