"""Evidence that was gathered under one share of a budget is worth no more under a larger one."""

import numpy as np
import pytest

from service.shares import Numbers, kept_mass


def test_nothing_changes_where_needs_stay_or_rise() -> None:
    needs = np.array([[10.0, 20.0], [30.0, np.inf]])

    assert kept_mass(needs, needs).tolist() == [1, 1]
    assert kept_mass(needs, needs * 3).tolist() == [1, 1]


def test_without_needs_of_these_monitors_there_is_nothing_to_compare() -> None:
    assert kept_mass(None, np.ones((3, 2))).tolist() == [1, 1]
    assert kept_mass(np.ones((3, 5)), np.ones((3, 2))).tolist() == [1, 1]


def test_the_rank_whose_need_falls_most_decides() -> None:
    before = np.array([[8.0], [8.0], [8.0]])

    assert kept_mass(before, np.array([[8.0], [4.0], [2.0]])).tolist() == [0.25]


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 5, 50])
def test_shares_that_take_turns_keep_the_budget(every: int) -> None:
    """Twenty coins of which in turn one has all the weight: without kept masses each turn is a chance of its own."""
    rng, ticks, threshold, runs = np.random.default_rng(1), 20_000, 1_000.0, 5
    alarms = {
        kept: sum(_alarms(rng, ticks, every, threshold, kept=kept) for _ in range(runs)) for kept in (True, False)
    }

    assert alarms[True] <= 1.2 * runs * ticks / threshold
    if every < 50:
        assert alarms[False] > 2 * runs * ticks / threshold


def _alarms(rng: np.random.Generator, ticks: int, every: int, threshold: float, *, kept: bool) -> int:
    held, before, alarms = np.zeros(20), None, 0
    heads, bet = 0.5, 0.6
    for tick in range(ticks):
        weights = np.zeros(20)
        weights[tick // every % 20] = 1
        needs: Numbers = np.where(weights > 0, threshold, np.inf)[None]
        if kept:
            held = held * kept_mass(before, needs)
        before = needs
        held = (held + 1) * np.where(rng.random(20) < heads, bet / heads, (1 - bet) / (1 - heads))
        if (held / needs[0]).sum() >= 1:
            alarms += 1
            held[weights > 0] = 0
    return alarms
