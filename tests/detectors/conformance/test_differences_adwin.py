"""Every deliberate difference of our ADWIN from river's, each by a fixed input."""

import numpy as np
from river.drift import ADWIN

from detectors.adwin import TICKS_MAX, AdwinState, step, tick_values
from detectors.columns import Columns
from detectors.fit import fit
from detectors.fold import fold
from tests.detectors.conformance.inputs import Floats
from tests.detectors.conformance.vectors import river_cuts, streams


def our_cuts(values: Floats) -> list[int]:
    """Give the ticks at which ours is cut."""
    state, found = AdwinState(), []
    for tick, value in enumerate(values.tolist()):
        state, reading = step(state, value, subject="x")
        found += [tick] if reading.state == "drifting" else []
    return found


def plain_river(values: Floats) -> list[int]:
    """Give the places at which river's own object says drift, with its defaults but for the clock."""
    window = ADWIN(clock=1)  # type: ignore[no-untyped-call]
    found = []
    for place, value in enumerate(values.tolist()):
        window.update(value)  # type: ignore[no-untyped-call]
        found += [place] if window.drift_detected else []
    return found


STEP = np.array(streams()["a step up"]) / 4_095


def test_ours_looks_at_every_tick_and_rivers_default_at_every_thirty_second() -> None:
    every, default = our_cuts(STEP), river_cuts(streams()["a step up"], clock=32)
    assert (every[0] < default[0], (default[0] + 1) % 32) == (True, 0)


def test_a_feature_in_thousandths_is_cut_as_early_here_and_never_by_plain_river() -> None:
    rng = np.random.default_rng(5)
    reference, ticks = rng.normal(size=5_000), rng.normal(size=(240, 50)) + np.repeat([0.0, 0.5], 120)[:, None]
    baseline = fit({"x": reference.tolist(), "small": (reference / 1_000).tolist()}, categories_max=10, segments_max=0)
    panes = [fold(baseline, Columns(50, {"x": tick, "small": tick / 1_000})) for tick in ticks]
    fed = np.array([tick_values(baseline, baseline.reference[""], pane) for pane in panes])
    names = [subject.name for subject in baseline.subjects]
    ours = [our_cuts(fed[:, names.index(name)]) for name in ("x", "small")]
    plain = plain_river(ticks.mean(axis=1) / 1_000)
    assert (len(ours[0]), ours[0] == ours[1], plain) == (1, True, [])


def test_one_nan_blinds_plain_river_and_not_ours() -> None:
    assert (our_cuts(np.append(np.nan, STEP)), plain_river(np.append(np.nan, STEP))) == ([165], [])


def test_a_wild_tick_counts_as_eight_standard_errors_here() -> None:
    wild = np.append(STEP[:150], [1e6, *STEP[:20]])
    assert (our_cuts(wild), our_cuts(np.clip(wild, -8, 8))) == (plain_river(np.clip(wild, -8, 8)), our_cuts(wild))


def test_ours_forgets_the_older_half_where_plain_river_remembers_all() -> None:
    state = AdwinState()
    window = ADWIN(clock=1)  # type: ignore[no-untyped-call]
    for _ in range(TICKS_MAX + 1):
        state, _ = step(state, 0.0, subject="x")
        window.update(0.0)  # type: ignore[no-untyped-call]
    assert (state.ticks, window.width) == (TICKS_MAX // 2, TICKS_MAX + 1)


def test_values_are_fed_to_a_4095th() -> None:
    state, _ = step(AdwinState(), 0.5, subject="x")
    assert abs(int.from_bytes(state.values, "little", signed=True) / 4_095 - 0.5) <= 0.5 / 4_095


def test_there_is_no_verdict_before_thirty_ticks_where_river_says_no_drift() -> None:
    readings = []
    state = AdwinState()
    for value in STEP[:29].tolist():
        state, reading = step(state, value, subject="x")
        readings.append(reading.state)
    assert (set(readings), plain_river(STEP[:29])) == ({"insufficient"}, [])
