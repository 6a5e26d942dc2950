"""Whether all is well: each thing that must hold, and that it says so in words once it does not."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from service.progress import Progress
from service.pulse import Pulse
from service.settings import Settings
from service.store.apply import apply
from service.store.canaries import Canary, put_canary
from service.store.engine import Store, open_store
from service.store.schema import clock
from tests.service.store.deltas import delta, watch

WALL = 1_764_000_000.0


@dataclass(slots=True)
class _Watched:
    """A service that is well at 1,000 s of its own clock, and a minute to let pass."""

    store: Store
    minutes: float = 15
    now: float = 1_000.0
    progress: Progress = field(default_factory=Progress)
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        settings = Settings.model_validate({"canary": {"minutes": self.minutes}})
        self.pulse = Pulse(
            self.store, settings, self.progress, lambda: round((WALL + self.now) * 1000), lambda: self.now, 45.0
        )
        self.go_on(0)
        self.back()

    def go_on(self, seconds: float, *still: str) -> None:
        """Let time pass in which everything turns but what is named."""
        self.now += seconds
        if "polls" not in still:
            self.progress.polled(self.now)
        for loop in ("deliver", "clocks"):
            if loop not in still:
                self.progress.turned(loop)

    def back(self) -> None:
        """Let a canary come back."""
        at = round((WALL + self.now) * 1000)
        with self.store.write() as connection:
            put_canary(connection, Canary("inc_1", "back", "resolve", at, at, ""))


@pytest.fixture
def watched(tmp_path: Path) -> _Watched:
    """One over a new store."""
    return _Watched(open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60))


def test_all_is_well_while_everything_turns(watched: _Watched) -> None:
    for _ in range(3):
        watched.go_on(60)
        assert watched.pulse.faults() == []


@pytest.mark.parametrize(("loop", "most"), [("deliver", 45), ("clocks", 30)])
def test_a_loop_that_does_not_come_round_is_named_once_a_turn_cannot_take_so_long(
    watched: _Watched, loop: str, most: int
) -> None:
    watched.pulse.faults()
    watched.go_on(most, loop)
    assert watched.pulse.faults() == []
    watched.go_on(1, loop)
    assert watched.pulse.faults() == [f"the loop {loop!r} has not come round for {most + 1} s"]
    watched.go_on(1)
    assert watched.pulse.faults() == []


def test_a_loop_that_never_came_round_is_named_too(watched: _Watched) -> None:
    watched.progress.turns.clear()
    watched.pulse.faults()

    watched.go_on(60, "deliver")

    assert watched.pulse.faults() == ["the loop 'deliver' has not come round for 60 s"]


def test_a_source_that_is_not_polled_and_a_trouble_of_the_reading_loop_are_named(watched: _Watched) -> None:
    watched.go_on(31, "polls")
    watched.progress.troubles["log"] = "the store is full"

    assert watched.pulse.faults() == ["a source was last polled 31 s ago", "the store is full"]


def test_before_the_first_poll_nobody_is_told_that_models_are_watched(tmp_path: Path) -> None:
    fresh = _Watched(open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60))
    fresh.progress = fresh.pulse.progress = Progress()

    assert fresh.pulse.faults() == ["no source has been polled yet"]


def test_a_canary_that_is_late_by_a_whole_interval_is_named(watched: _Watched) -> None:
    watched.go_on(1_800)
    assert watched.pulse.faults() == []
    watched.go_on(1)
    assert watched.pulse.faults() == ["no canary has come back for 1801 s"]
    watched.back()
    assert watched.pulse.faults() == []


def test_where_canaries_are_off_none_is_missed(tmp_path: Path) -> None:
    off = _Watched(open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60), minutes=0)
    off.go_on(86_400)

    assert off.pulse.faults() == []


def test_a_tick_that_stays_due_is_named_and_one_that_is_closed_in_time_is_not(watched: _Watched) -> None:
    watch(watched.store)
    applied = apply(watched.store, [delta(0, 10)], 1)
    assert not applied.refused
    _closed(watched, 0)
    watched.pulse.faults()
    watched.go_on(300)
    watched.back()
    assert watched.pulse.faults() == []
    watched.go_on(1)
    assert watched.pulse.faults() == ["a tick has been due for 301 s and none was closed"]

    _closed(watched, 1)

    assert watched.pulse.faults() == []


def test_sources_that_are_idle_make_nothing_due(watched: _Watched) -> None:
    watch(watched.store)
    apply(watched.store, [delta(0, 10)], 1)
    _closed(watched, 10**9)
    for _ in range(10):
        watched.go_on(300)
        watched.back()
        assert watched.pulse.faults() == []


def test_a_store_that_cannot_be_read_is_named_without_its_statement(watched: _Watched) -> None:
    with watched.store.write() as connection:
        connection.execute(text("DROP TABLE canary"))

    assert watched.pulse.faults() == ["the store cannot be read (OperationalError)"]


def _closed(watched: _Watched, tick: int) -> None:
    with watched.store.write() as connection:
        connection.execute(text("DELETE FROM clock"))
        connection.execute(clock.insert().values(id=1, closed=tick))
