from collections.abc import Iterable

import numpy as np
import pytest
from river.drift import ADWIN

from detectors.adwin import TICKS_MAX, AdwinState, step, tick_values
from detectors.columns import Columns
from detectors.fit import fit
from detectors.fold import fold, zeros
from detectors.reading import Reading

REFERENCE = np.random.default_rng(1).normal(10, 3, 5_000)
BASELINE = fit({"name": ["a", "b"] * 2_500, "x": REFERENCE.tolist()}, categories_max=10, segments_max=0)


def run(values: Iterable[float], state: AdwinState | None = None) -> tuple[AdwinState, list[Reading]]:
    state = state or AdwinState()
    readings = []
    for value in values:
        state, reading = step(state, value, subject="x")
        readings.append(reading)
    return state, readings


def cuts(readings: list[Reading]) -> list[int]:
    return [tick for tick, reading in enumerate(readings) if reading.state == "drifting"]


def steps(seed: int, *levels: tuple[int, float]) -> list[float]:
    """Give ticks of noise around each level, in river's resolution of 1/4095."""
    rng = np.random.default_rng(seed)
    noise = np.concatenate([rng.normal(level, 1, ticks) for ticks, level in levels])
    return [round(float(value) * 4_095) / 4_095 for value in np.clip(noise, -8, 8)]


def plain_river(values: Iterable[float]) -> list[int]:
    window = ADWIN(delta=0.002, clock=1)  # type: ignore[no-untyped-call]
    found = []
    for tick, value in enumerate(values):
        window.update(value)  # type: ignore[no-untyped-call]
        if window.drift_detected:
            found.append(tick)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_cuts_are_those_of_plain_river(seed: int) -> None:
    values = steps(seed, (300, 0), (300, 2), (300, -1), (100, 0))
    assert cuts(run(values)[1]) == plain_river(values)


def test_the_streams_of_these_tests_do_have_cuts() -> None:
    assert len(cuts(run(steps(0, (300, 0), (300, 2), (300, -1)))[1])) == 2


@pytest.mark.parametrize("every", [1, 7, 100])
def test_a_restart_after_any_number_of_ticks_changes_nothing(every: int) -> None:
    values = steps(3, (400, 0), (300, 1.5), (600, 0))
    state, readings = AdwinState(), []
    for begin in range(0, len(values), every):
        state, more = run(values[begin : begin + every], AdwinState.decode(state.encode()))
        readings += more
    uninterrupted, expected = run(values)
    assert (readings, state.encode()) == (expected, uninterrupted.encode())


def test_a_tick_that_is_stepped_again_after_a_failed_commit_gives_the_same_answer() -> None:
    state, _ = run(steps(4, (200, 0)))
    first = step(state, 2.5, subject="x")
    step(first[0], -3.0, subject="x")
    assert step(state, 2.5, subject="x") == first


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_cannot_poison_the_window(poison: float) -> None:
    values = steps(5, (300, 0), (300, 2))
    state, _ = run([poison] * 10 + values[:300])
    state, _ = run([poison] * 10, state)
    _, readings = run(values[300:], state)
    assert [300 + tick for tick in cuts(readings)] == plain_river(values)


def test_a_wild_value_is_clipped() -> None:
    state, _ = run([1e300, -1e300])
    assert np.frombuffer(state.values, "<i2").tolist() == [8 * 4_095, -8 * 4_095]


def test_memory_stays_bounded_without_any_cut() -> None:
    state, _ = run([0.0] * (3 * TICKS_MAX))
    assert len(state.encode()) <= 5 + 2 * TICKS_MAX


def test_a_restart_past_the_bound_changes_nothing() -> None:
    values = steps(6, (TICKS_MAX + 200, 0), (200, 1))
    state, head = run(values[: TICKS_MAX + 1])
    _, tail = run(values[TICKS_MAX + 1 :], AdwinState.decode(state.encode()))
    assert head + tail == run(values)[1]


def test_there_is_no_verdict_on_the_first_ticks() -> None:
    assert [reading.state for reading in run([0.0] * 30)[1]][-2:] == ["insufficient", "ok"]


def test_cuts_are_counted_across_restarts() -> None:
    state, readings = run(steps(0, (300, 0), (300, 2), (300, -1)))
    assert AdwinState.decode(state.encode()).cuts == len(cuts(readings))


@pytest.mark.parametrize("content", [b"", b"\x02\0\0\0\0", b"\x01\0\0\0\0\x07", b"\x01" + bytes(4 + 2 * TICKS_MAX + 2)])
def test_bytes_of_another_version_or_length_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="adwin"):
        AdwinState.decode(content)


def test_a_tick_is_fed_as_its_shift_in_standard_errors() -> None:
    window = fold(BASELINE, Columns(100, {"x": np.full(100, 10 + 0.3)}))
    fed = tick_values(BASELINE, BASELINE.reference[""], window)
    # A tenth of a standard deviation in a hundred values is one standard error.
    assert fed[1] == pytest.approx(1, abs=0.15)


def test_an_unchanged_stream_is_fed_standard_normal_values() -> None:
    rng = np.random.default_rng(7)
    fed = [
        tick_values(BASELINE, BASELINE.reference[""], fold(BASELINE, Columns(50, {"x": rng.normal(10, 3, 50)})))[1]
        for _ in range(2_000)
    ]
    assert (np.mean(fed), np.std(fed)) == pytest.approx((0, 1), abs=0.15)


def test_categories_and_empty_ticks_feed_nothing() -> None:
    empty = tick_values(BASELINE, BASELINE.reference[""], zeros(BASELINE))
    names = tick_values(BASELINE, BASELINE.reference[""], fold(BASELINE, Columns(2, {"name": ["a", "b"]})))
    assert np.isnan([*empty, *names]).all()
