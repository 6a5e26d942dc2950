"""Windows are held against the reference of their own hours, and count as many events as they are worth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.against import hours
from detectors.baseline import Baseline, Counts
from detectors.catalog import Options, read_window
from detectors.columns import Columns
from detectors.fit import fit
from detectors.fold import fold
from detectors.reading import Reading

TICK_SECONDS, DAYS, PER_TICK = 600, 21, 100
OPTIONS = Options(
    alpha=1e-6, confidence=0.99, events_min=50, psi_floor=0.02, ks_distance_min=0.05, rate_change_min=0.01
)


def _values(rng: np.random.Generator, ticks: NDArray[np.int64], amplitude: float) -> NDArray[np.float64]:
    daily = amplitude * np.sin(2 * np.pi * ticks * TICK_SECONDS / 86_400)
    return rng.normal(daily, 1.0)


@pytest.fixture(scope="module")
def seasonal() -> Baseline:
    """Three weeks of `daily`, which goes up and down once a day, and of `steady`, which does not."""
    rng = np.random.default_rng(1)
    ticks = np.repeat(np.arange(DAYS * 86_400 // TICK_SECONDS), PER_TICK)
    columns = {"daily": _values(rng, ticks, 1.0).tolist(), "steady": _values(rng, ticks, 0.0).tolist()}
    return fit(columns, categories_max=10, segments_max=0, ticks=ticks.tolist(), tick_seconds=TICK_SECONDS)


def _window(baseline: Baseline, begin: int, length: int, *, shift: float = 0.0) -> Counts:
    rng = np.random.default_rng(begin)
    ticks = np.repeat(np.arange(begin, begin + length), 500)
    parts = {"daily": _values(rng, ticks, 1.0) + shift, "steady": _values(rng, ticks, 0.0) + shift}
    return fold(baseline, Columns(len(ticks), parts))


def _psi(readings: list[Reading]) -> dict[str, Reading]:
    return {reading.subject: reading for reading in readings if reading.detector == "psi"}


def test_the_peak_of_the_day_is_no_drift_when_its_hour_is_known_and_drift_when_it_is_not(seasonal: Baseline) -> None:
    peak = 144 * 40 + 36
    counts = _window(seasonal, peak, 5)

    known = _psi(read_window(seasonal, "", counts, "50m", OPTIONS, (peak, peak + 4)))
    unknown = _psi(read_window(seasonal, "", counts, "50m", OPTIONS))

    assert {name: reading.low for name, reading in known.items()} == {"daily": 0, "steady": 0}
    assert unknown["daily"].value is not None
    assert unknown["daily"].value > 0.5


@pytest.mark.parametrize("begin", [0, 20, 36, 77, 108])
def test_a_shift_has_the_same_size_at_every_hour(seasonal: Baseline, begin: int) -> None:
    begin += 144 * 40
    counts = _window(seasonal, begin, 6, shift=0.5)

    found = _psi(read_window(seasonal, "", counts, "1h", OPTIONS, (begin, begin + 5)))["daily"]

    assert found.value == pytest.approx(0.25, abs=0.1)


def test_a_whole_day_is_held_against_all_hours(seasonal: Baseline) -> None:
    begin = 144 * 40
    counts = _window(seasonal, begin, 144)

    found = _psi(read_window(seasonal, "", counts, "1d", OPTIONS, (begin, begin + 143)))

    assert {name: (reading.state, reading.low) for name, reading in found.items()} == {
        "daily": ("ok", 0), "steady": ("ok", 0),
    }  # fmt: skip


def test_a_mixture_is_worth_no_more_than_its_parts(seasonal: Baseline) -> None:
    history = seasonal.history[""]
    one, worth_one = hours(history, (0, 4))
    both, worth_both = hours(history, (3, 8))
    hour = DAYS * 6 * PER_TICK

    assert one[0] * worth_one == pytest.approx(hour)
    assert both[0] * worth_both == pytest.approx(2 * hour)


def test_events_that_depend_on_each_other_make_a_window_less_certain() -> None:
    rng = np.random.default_rng(2)
    level = np.repeat(np.repeat(rng.normal(0, 0.3, 400), 10), 40)
    ticks = np.repeat(np.arange(4_000), 40)
    values = (level + rng.normal(size=len(level))).tolist()
    told = fit({"x": values}, categories_max=10, segments_max=0, ticks=ticks.tolist(), tick_seconds=60)
    untold = fit({"x": values}, categories_max=10, segments_max=0)
    counts = fold(told, Columns(2_000, {"x": rng.normal(0.4, 1.04, 2_000)}))

    certain, careful = (
        {reading.detector: reading for reading in read_window(baseline, "", counts, "5m", OPTIONS)}
        for baseline in (untold, told)
    )

    for detector in ("psi", "ks"):
        ours, plain = (kind[detector] for kind in (careful, certain))
        assert (ours.low or 0.0) < (plain.low or 0.0)
        assert (ours.p_value or 0.0) > (plain.p_value or 0.0)
