"""Work for one worker at a time, by rows that end."""

from pathlib import Path

import pytest

from service.store.engine import Store, open_store
from service.store.lease import AHEAD_MAX, give_back, hold

LENGTH = 30.0


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60, durable=False)


def test_another_worker_waits_until_the_lease_has_ended(store: Store) -> None:
    turns = (("a", 0), ("b", 30_000), ("b", 30_001), ("a", 30_002))

    assert [hold(store, "x", who, at, LENGTH) for who, at in turns] == [True, False, True, False]


def test_a_lease_that_was_given_back_is_free(store: Store) -> None:
    hold(store, "x", "a", 0, LENGTH)
    give_back(store, "x", "b")
    assert not hold(store, "x", "b", 1, LENGTH)
    give_back(store, "x", "a")
    assert hold(store, "x", "b", 1, LENGTH)


def test_a_clock_that_ran_ahead_for_hours_holds_nobody_up_and_one_that_differs_a_little_does(store: Store) -> None:
    ahead = round(AHEAD_MAX * LENGTH * 1000)
    assert hold(store, "x", "fast", ahead - 30_000, LENGTH)
    assert not hold(store, "x", "b", 0, LENGTH)
    assert hold(store, "x", "fast", 6 * 3_600_000, LENGTH)
    assert hold(store, "x", "b", 0, LENGTH)
