import numpy as np

from benchmarks.detection import cost, delays, runlength
from benchmarks.detection.section import Scale
from benchmarks.detection.simulate import numbers


def _quiet(_: str) -> None:
    return None


def test_a_large_change_of_many_events_is_found_in_its_first_window_and_no_window_before_it() -> None:
    rng = np.random.default_rng(1)
    watch = delays.Watch(numbers(rng, 30, 10_000), {"e-SR": delays.NEEDED}, {})
    watch.run(rng, delays.CASES[2], 1_667, before=20, after=10)

    assert watch.waits["e-SR"].quantile(0.95) == 1
    assert watch.waits["e-SR"].false == 0


def test_who_never_alarms_has_no_delay() -> None:
    waits = delays.Waits.of(4)
    waits.add(np.array([True, False, False, True]), -1)
    waits.add(np.array([True, True, False, False]), 2)

    assert (waits.false, waits.quantile(0.25), waits.quantile(0.95)) == (2, 3, None)


def test_the_wait_of_a_known_null_is_about_what_is_stated() -> None:
    mean, error = runlength.waited(runlength.NULLS[0], 50, 300, seed=3)

    assert 50 - 2 * error <= mean <= 50 * 1.4 + 2 * error


def test_cost_says_time_state_and_their_ratio_to_a_product() -> None:
    section = cost.run(Scale(0.01), _quiet)

    assert [goal.asked for goal in section.goals] == [
        "10,000 monitors per tick <= 15 ms", "sequential state <= 300 B per monitor",
    ]  # fmt: skip
    assert section.goals[1].met
    assert section.rows[1]["x one product"] == 1
