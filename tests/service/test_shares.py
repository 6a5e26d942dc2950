"""Evidence that was gathered under one share of a budget is worth no more under a larger one."""

import numpy as np
import pytest

from service.shares import kept_mass


def test_nothing_changes_where_shares_stay() -> None:
    shares = np.array([0.5, 0.0])

    assert kept_mass(shares, shares).tolist() == [1, 1]


def test_without_shares_of_these_monitors_there_is_nothing_to_compare() -> None:
    assert kept_mass(None, np.ones(2)).tolist() == [1, 1]
    assert kept_mass(np.ones(5), np.ones(2)).tolist() == [1, 1]


def test_a_share_that_goes_and_comes_back_leaves_what_was_gathered() -> None:
    small, large = np.array([0.1]), np.array([0.4])

    assert kept_mass(small, large) * kept_mass(large, small) == pytest.approx(1)


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
        if kept:
            held = held * kept_mass(before, weights)
        before = weights
        held = (held + 1) * np.where(rng.random(20) < heads, bet / heads, (1 - bet) / (1 - heads))
        if (held * weights).sum() >= threshold:
            alarms += 1
            held[weights > 0] = 0
    return alarms
