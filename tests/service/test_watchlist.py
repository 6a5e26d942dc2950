"""What this worker knows of model versions, when several loops ask and learn at once."""

import threading
from pathlib import Path

import pytest

from detectors.baseline import Baseline
from detectors.fit import fit
from service.store.changes import ModelKey
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.watchlist import Watchlist
from tests.service.store.deltas import BASELINE, KEY, watch

OTHER: Baseline = fit({"income": [float(i % 31) for i in range(500)]}, categories_max=10, segments_max=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60, durable=False)


def test_a_version_is_known_after_a_refresh(store: Store) -> None:
    watch(store)
    known = Watchlist(store, 10, learn=False)

    before = known.admit(KEY)
    known.refresh()

    assert (before, known.admit(KEY), known.watched()) == ("unknown_model", "", {KEY: BASELINE})


def test_asking_takes_no_place_and_admitting_does(store: Store) -> None:
    known = Watchlist(store, 1, learn=True)
    other = ModelKey("prediction", "other", "1")

    assert [known.refusal(KEY), known.refusal(other), known.admit(KEY)] == ["", "", ""]
    assert [known.refusal(KEY), known.refusal(other), known.admit(other)] == ["", "model_limit", "model_limit"]


def test_only_a_baseline_that_is_new_is_read_again(store: Store) -> None:
    watch(store)
    known = Watchlist(store, 10, learn=True)
    known.refresh()
    first = known.baselines[KEY]
    known.refresh()
    same = known.baselines[KEY] is first
    with store.write() as connection:
        put_baseline(connection, KEY, OTHER, "test", 0)
    known.refresh()

    assert (same, known.baselines[KEY]) == (True, OTHER)


def test_looking_while_another_loop_admits_sees_one_moment(store: Store) -> None:
    watch(store)
    known = Watchlist(store, 100_000, learn=True)
    known.refresh()
    stop = threading.Event()

    def admit() -> None:
        number = 0
        while not stop.is_set() and number < 90_000:
            known.admit(ModelKey("prediction", f"m{number}", "1"))
            number += 1

    loop = threading.Thread(target=admit)
    loop.start()
    looked = [known.watched() for _ in range(300)]
    stop.set()
    loop.join()

    assert looked == [{KEY: BASELINE}] * 300
