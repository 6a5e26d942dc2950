"""The gate keeps the budget of every level, whatever depends on what, and names whom the evidence speaks against."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.gate import gate, needs_of, thresholds

NEEDED = (100.0, 1_000.0, 10_000.0)


def _even(monitors: int, needed: tuple[float, ...] = NEEDED) -> np.ndarray:
    return needs_of(np.full(monitors, 1 / monitors), needed)


def test_one_monitor_alone_needs_the_share_of_all() -> None:
    evidence = np.zeros(50)
    evidence[7] = 50 * 999.0
    levels = gate(evidence, _even(50), np.zeros(50, int))

    assert levels[7] == 1
    evidence[7] = 50 * 1_001.0
    assert gate(evidence, _even(50), levels)[7] == 2


def test_many_that_move_together_need_less_each() -> None:
    evidence = np.full(50, 1_100.0)

    assert gate(evidence, _even(50), np.zeros(50, int)).tolist() == [2] * 50


def test_bystanders_are_not_named() -> None:
    evidence = np.array([9e6, 3.0, 40.0, 0.0])

    assert gate(evidence, _even(4), np.zeros(4, int)).tolist() == [3, 0, 0, 0]


def test_calm_monitors_are_never_named_for_what_one_of_them_has_nearly_reached() -> None:
    evidence = np.full(74, 316.0)
    evidence[0] = 74 * 999.0

    levels = gate(evidence, _even(74, (1_000.0,)), np.zeros(74, int))

    assert levels.tolist() == [0] * 74
    evidence[0] = 74 * 1_001.0
    assert gate(evidence, _even(74, (1_000.0,)), levels).tolist() == [1] + [0] * 73


def test_a_monitor_that_has_reached_a_level_no_longer_counts_for_it() -> None:
    evidence = np.array([9e9, 90.0])
    levels = gate(evidence, _even(2), np.array([3, 0]))

    assert levels.tolist() == [3, 0]


def test_a_weight_of_nothing_never_reaches_anything() -> None:
    assert gate(np.array([1e12, 0.0]), needs_of(np.array([0.0, 1.0]), NEEDED), np.zeros(2, int)).tolist() == [0, 0]


@given(
    evidence=st.lists(st.floats(0, 1e7), min_size=1, max_size=30),
    old=st.integers(0, 3),
)
def test_each_rise_uses_up_the_evidence_that_its_bound_counts_on(evidence: list[float], old: int) -> None:
    held = np.array(evidence)
    before = np.full(len(held), old)
    after = gate(held, _even(len(held)), before)

    assert (after >= before).all()
    for level, needed in enumerate(NEEDED, start=1):
        raised = (before < level) & (after >= level)
        if raised.any():
            # Whoever reaches a higher level reaches the lower ones with it, so the mass is at least the higher need.
            assert (held[raised] / len(held)).sum() >= needed * (1 - 1e-9)


def test_the_thresholds_of_a_period_follow_from_its_budget() -> None:
    assert thresholds((30, 4, 1), 43_200) == (1_440, 10_800, 43_200)


@pytest.mark.slow
def test_the_budget_is_kept_when_all_monitors_are_one_and_the_same() -> None:
    rng = np.random.default_rng(1)
    pages = 0
    for _ in range(200):
        held = 0.0
        for _ in range(2_000):
            # An e-value with mean 1 and a heavy tail, the same for all monitors.
            held = (held + 1) * float(np.exp(rng.normal(-0.5, 1.0)))
            if gate(np.full(20, held), _even(20, (2_000.0,)), np.zeros(20, int))[0]:
                pages, held = pages + 1, 0.0

    assert pages <= 200 * 1.3
