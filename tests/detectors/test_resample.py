"""Resampled days keep their hour, and their alarms tell whether a reference wanders more than its guarantee knows."""

import dataclasses

import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.fit import fit
from detectors.gate import thresholds
from detectors.monitors import Monitors
from detectors.resample import RUN_DAYS, Owned, alarms_by_day, draw_blocks
from detectors.tick_counts import TickCounts, count_ticks

TICK, PER_DAY, DAYS, EVENTS = 600, 144, 10, 20
FIRST = 473_352 * 6 + 11
ACCEPTS = (30.0, 4.0, 1.0)


def _wandering(step: float, seed: int) -> tuple[Baseline, TickCounts]:
    """Ten days of a value whose level is an AR(1) of coefficient 0.95 and this step."""
    rng = np.random.default_rng(seed)
    level = np.zeros(DAYS * PER_DAY)
    for tick in range(1, len(level)):
        level[tick] = 0.95 * level[tick - 1] + step * rng.normal()
    ticks = np.repeat(np.arange(len(level)) + FIRST, EVENTS)
    rows = {"amount": (np.repeat(level, EVENTS) + rng.normal(size=len(ticks))).tolist()}
    frozen = fit(rows, categories_max=10, segments_max=0, ticks=ticks.tolist(), tick_seconds=TICK)
    return frozen, count_ticks(frozen, rows, ticks)


def _without_effects(frozen: Baseline) -> Baseline:
    history = frozen.history[""]
    taken_as_independent = dataclasses.replace(history, effects=np.ones_like(history.effects))
    return Baseline(frozen.subjects, frozen.reference, {"": taken_as_independent})


def _alarms(frozen: Baseline, counted: TickCounts, days: int) -> list[int]:
    """Numbers of digests, tickets and pages."""
    monitors = Monitors.of(frozen, TICK)
    number = len(monitors.names)
    needed = thresholds(ACCEPTS, 30 * PER_DAY)
    owned = Owned(np.arange(number), np.full(number, 1 / number), needed)
    blocks = draw_blocks(counted.first, counted.ticks, TICK, days, np.random.default_rng(5))
    played = alarms_by_day(monitors, [owned], blocks, counted.at, every=5)
    levels = [alarm.level for alarms in played for alarm in alarms]
    return [levels.count(level) for level in (1, 2, 3)]


@pytest.mark.parametrize(("slots", "period"), [(24, 86_400), (168, 604_800)])
@pytest.mark.parametrize("seed", range(5))
def test_blocks_keep_their_time_of_the_day_or_week(slots: int, period: int, seed: int) -> None:
    blocks = draw_blocks(FIRST, 42 * PER_DAY, TICK, 100, np.random.default_rng(seed), slots=slots)

    assert {(block.begin - block.source) * TICK % period for block in blocks} == {0}


def test_blocks_lie_within_the_reference_and_follow_one_another() -> None:
    blocks = draw_blocks(FIRST, 8 * PER_DAY, TICK, 90, np.random.default_rng(1))
    gaps = np.diff([block.begin for block in blocks])

    assert {block.ticks for block in blocks} == {PER_DAY}
    assert all(FIRST <= block.source <= FIRST + 7 * PER_DAY for block in blocks)
    assert all(gap == PER_DAY for place, gap in enumerate(gaps, 1) if place % RUN_DAYS)
    assert (gaps >= PER_DAY).all()


def test_blocks_move_so_that_they_are_not_whole_days_of_the_calendar() -> None:
    blocks = draw_blocks(FIRST, 8 * PER_DAY, TICK, 300, np.random.default_rng(1))

    assert len({block.begin * TICK % 86_400 // 3_600 for block in blocks}) > 5


def test_a_tick_that_does_not_divide_the_day_keeps_its_time_to_within_a_tick() -> None:
    blocks = draw_blocks(FIRST, 20_000, 700, 60, np.random.default_rng(1))

    assert all((block.source - block.begin) * 700 % 86_400 < 700 for block in blocks)


def test_the_same_seed_draws_the_same_days() -> None:
    one, two = (draw_blocks(FIRST, 8 * PER_DAY, TICK, 40, np.random.default_rng(3)) for _ in range(2))

    assert one == two


def test_a_reference_without_a_day_for_every_time_is_refused() -> None:
    with pytest.raises(ValueError, match="have no day that begins at every hour; give more days"):
        draw_blocks(FIRST, PER_DAY, TICK, 40, np.random.default_rng(3))


def test_an_independent_reference_keeps_to_the_guarantee() -> None:
    digests, tickets, pages = _alarms(*_wandering(0.0, seed=1), days=150)

    assert digests <= 5 * ACCEPTS[0]
    assert tickets <= 5 * ACCEPTS[1]
    assert pages <= 5 * ACCEPTS[2]


def test_design_effects_are_what_keeps_a_wandering_reference_to_the_guarantee() -> None:
    frozen, counted = _wandering(0.1, seed=2)
    kept, loose = _alarms(frozen, counted, 60), _alarms(_without_effects(frozen), counted, 60)

    assert all(number <= 2 * accepted for number, accepted in zip(kept, ACCEPTS, strict=True))
    assert all(number > 2 * accepted for number, accepted in zip(loose, ACCEPTS, strict=True))


def test_a_page_counts_for_the_lower_levels_too() -> None:
    frozen, counted = _wandering(0.1, seed=2)
    digests, tickets, pages = _alarms(_without_effects(frozen), counted, 30)

    assert digests >= tickets >= pages > 0


def test_every_owner_is_counted_by_itself() -> None:
    frozen, counted = _wandering(0.1, seed=2)
    monitors = Monitors.of(_without_effects(frozen), TICK)
    easy = Owned(np.array([0]), np.ones(1), (100.0, 1_000.0, 10_000.0))
    never = Owned(np.array([0]), np.ones(1), (1e31, 1e31, 1e31))
    blocks = draw_blocks(counted.first, counted.ticks, TICK, 30, np.random.default_rng(5))
    alarms = [alarm for day in alarms_by_day(monitors, [easy, never], blocks, counted.at, every=5) for alarm in day]

    assert {(alarm.owner, alarm.level) for alarm in alarms} == {(0, 1), (0, 2), (0, 3)}


def test_an_alarm_names_its_monitors_and_the_moment_of_the_reference() -> None:
    frozen, counted = _wandering(0.0, seed=3)
    # For five hours every value lies below the range of the reference.
    counted.segments[""][300:330, 1:] = 0
    counted.segments[""][300:330, 1] = EVENTS
    monitors = Monitors.of(frozen, TICK)
    owned = Owned(np.array([0]), np.ones(1), (1e5, 1e6, 1e7))
    blocks = draw_blocks(counted.first, counted.ticks, TICK, 60, np.random.default_rng(5))
    alarms = [alarm for day in alarms_by_day(monitors, [owned], blocks, counted.at, every=5) for alarm in day]

    assert {alarm.places for alarm in alarms} == {(0,)}
    # What a block ends with may be told in the day that follows.
    assert np.mean([300 <= alarm.source - counted.first < 335 for alarm in alarms]) > 0.9


def test_what_a_tick_adds_is_the_same_whether_it_is_kept_or_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, counted = _wandering(0.1, seed=2)
    kept = _alarms(_without_effects(frozen), counted, 30)
    monkeypatch.setattr("detectors.resample.GAINS_BYTES_MAX", 0)

    assert _alarms(_without_effects(frozen), counted, 30) == kept
