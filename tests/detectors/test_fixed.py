"""Fixed thresholds do what other tools do, and say what that costs."""

import numpy as np
import pytest

from detectors import conventional
from detectors.baseline import Baseline
from detectors.columns import Columns
from detectors.fit import fit
from detectors.fixed import beyond_by_chance, read_fixed
from detectors.fold import fold
from detectors.reading import Reading

RNG = np.random.default_rng(5)
BASELINE = fit({"x": RNG.normal(size=10_000).tolist()}, categories_max=10, segments_max=0)


def _read(values: list[float] | np.ndarray, baseline: Baseline = BASELINE) -> dict[str, Reading]:
    counts = fold(baseline, Columns(len(values), {"x": np.asarray(values, np.float64)}))
    found = read_fixed(baseline, "", counts, "5m", psi_min=0.1, ks_p=0.05, events_min=50, times=8_640)
    return {reading.detector: reading for reading in found}


def test_the_value_is_the_plain_statistic() -> None:
    values = RNG.normal(0.4, 1, 2_000)
    counts = fold(BASELINE, Columns(2_000, {"x": values}))
    known, seen = (conventional.value_bins(BASELINE.layout, side) for side in (BASELINE.reference[""], counts))

    assert _read(values)["psi"].value == pytest.approx(conventional.psi(known, seen)[0])


def test_it_drifts_from_the_threshold_on_and_has_no_interval() -> None:
    calm, moved = _read(RNG.normal(0, 1, 2_000)), _read(RNG.normal(0.5, 1, 2_000))

    assert [calm[name].state for name in ("psi", "ks")] == ["ok", "ok"]
    assert [moved[name].state for name in ("psi", "ks")] == ["drifting", "drifting"]
    assert (moved["psi"].low, moved["psi"].high) == (None, None)


@pytest.mark.parametrize(("events", "psi", "allowed"), [(150, 0.32, 0.25), (250, 0.03, 0.12)])
def test_the_false_alarms_it_names_are_the_least_that_it_has(events: int, psi: float, allowed: float) -> None:
    windows = [_read(RNG.normal(0, 1, events)) for _ in range(800)]
    psi_share, ks_share = (np.mean([w[name].state == "drifting" for w in windows]) for name in ("psi", "ks"))

    assert beyond_by_chance(0.1, 14, events, 10_000) == pytest.approx(psi, abs=0.01)
    # Empty bins count for more in plain PSI than its law knows.
    assert psi - 0.02 < psi_share < psi + allowed
    assert ks_share == pytest.approx(0.05, abs=0.025)


def test_the_price_is_in_the_sentence() -> None:
    assert _read(RNG.normal(0, 1, 100))["ks"].why.endswith(
        "the fixed threshold p 0.05 is passed without any change in at least 432 of 8,640 readings in 30 days"
    )


def test_too_few_or_unusable_values_are_insufficient_and_never_ok() -> None:
    few, unusable = _read(RNG.normal(0, 1, 49)), _read([float("nan")] * 500)

    assert {reading.state for reading in (*few.values(), *unusable.values())} == {"insufficient"}
    assert few["psi"].why == "only 49 of the 50 usable values it takes"
