import numpy as np
import pytest
from scipy import stats

from benchmarks.detection.window_rules import InARow, benjamini_hochberg, deciles, psi_p, window_rules

EVEN = np.full((1, 10), 1_000.0)


def _null(windows: int, events: int, monitors: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.multinomial(events, np.full(10, 0.1), monitors).astype(float) for _ in range(windows)]


def test_every_rule_finds_an_obvious_change() -> None:
    counts = np.array([[0, 0, 0, 0, 0, 200, 200, 200, 200, 200.0]])

    for name, rule in window_rules().items():
        found = [bool(rule(counts, EVEN)[0]) for _ in range(3)]
        assert found[-1], name


def test_what_alarms_without_a_change_is_what_is_known_of_the_rules() -> None:
    reference = np.full((500, 10), 1_000.0)
    rules = window_rules()
    share = {
        name: np.mean([rule(counts, reference) for counts in _null(20, 100, 500, seed=4)])
        for name, rule in rules.items()
    }

    assert share["PSI > .1"] == pytest.approx(0.40, abs=0.02)
    assert share["PSI > .2"] == pytest.approx(0.034, abs=0.01)
    assert share["KS p < .05, 3 in a row"] < share["KS p < .05"] < 0.06
    assert share["BH 5 %"] < 0.001


def test_the_p_value_of_psi_is_uniform_without_a_change() -> None:
    reference = np.random.default_rng(1).multinomial(10_000, np.full(10, 0.1), 4_000).astype(float)

    p = psi_p(_null(1, 1_000, 4_000, seed=2)[0], reference)

    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_in_a_row_counts_each_monitor_by_itself_and_begins_anew_after_an_alarm() -> None:
    rule = InARow(2, lambda counts, reference: counts[:, 0] > 0)
    windows = [[1, 1], [1, 0], [1, 1], [1, 1]]

    alarmed = [rule(np.array(window, float)[:, None], EVEN).tolist() for window in windows]

    assert alarmed == [[False, False], [True, False], [False, False], [True, True]]


def test_benjamini_hochberg_is_that_of_the_paper() -> None:
    p = np.array([0.9, 0.001, 0.012, 0.2, 0.03])

    assert benjamini_hochberg(p, 0.05).tolist() == (stats.false_discovery_control(p) <= 0.05).tolist()
    assert benjamini_hochberg(np.ones(4), 0.05).tolist() == [False] * 4


def test_tail_bins_are_merged_into_their_tenths() -> None:
    fine = np.array([[5, 15, 80, *[100] * 8, 80, 15, 5.0]])

    counts, reference = deciles(fine, fine)

    assert reference.tolist() == [[100.0] * 10]
    assert counts.tolist() == [[100.0] * 10]


def test_a_window_without_events_alarms_under_no_rule() -> None:
    for name, rule in window_rules().items():
        assert not rule(np.zeros((2, 10)), np.vstack([EVEN, EVEN])).any(), name
