"""Every odd reference against every odd window: always a verdict or a reason, never a NaN (warnings are errors)."""

import math

import numpy as np
import pytest

from detectors.baseline import Counts
from detectors.catalog import Options, read_window
from detectors.columns import Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold

RNG = np.random.default_rng(1)
REFERENCES: dict[str, list[Scalar]] = {
    "constant": [3.0] * 500,
    "nothing": [None] * 500,
    "mostly zero": [0.0] * 300 + RNG.lognormal(3, 2, 200).tolist(),
    "small integers": RNG.integers(0, 5, 500).tolist(),
    "heavy tails": RNG.standard_cauchy(500).tolist(),
    "largest floats": [1.7e308, -1.7e308] * 250,
    "smallest float": [5e-324] * 500,
    "ids": [f"user-{number}" for number in range(500)],
    "always true": [True] * 500,
    "categories": RNG.choice(["a", "b", "c"], 500).tolist(),
    "one category": ["a"] * 500,
    "mixed": [1, "a", True, None] * 125,
}
BASELINE = fit(REFERENCES, categories_max=50, segments_max=0)
OPTIONS = Options(
    alpha=1e-6, confidence=0.99, events_min=50, psi_floor=0.02, ks_distance_min=0.05, rate_change_min=0.01
)


def window(value: Scalar, events: int = 300) -> Counts:
    return fold(BASELINE, columns_of(BASELINE, [dict.fromkeys(REFERENCES, value)] * events))


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "new", 7e300, -5e-324, False, 10**400])
@pytest.mark.parametrize("events", [0, 1, 50, 300])
def test_every_number_is_finite(value: Scalar, events: int) -> None:
    readings = read_window(BASELINE, "", window(value, events), "5m", OPTIONS)
    numbers = [(r.value, r.low, r.high, r.p_value) for r in readings if r.state != "insufficient"]
    assert np.isfinite(np.array(numbers, float)).all()


@pytest.mark.parametrize("value", [None, math.nan, "new", 7e300, False])
def test_no_feature_that_had_values_hides_a_window_of_one_wrong_value(value: Scalar) -> None:
    readings = read_window(BASELINE, "", window(value), "5m", OPTIONS)
    drifting = {reading.subject for reading in readings if reading.state == "drifting"}
    # Of ids and of a feature that was always absent only the presence is watched, as their notes say.
    assert drifting - {"ids", "nothing"} == set(REFERENCES) - {"ids", "nothing"}


def test_the_reference_itself_is_never_drifting() -> None:
    readings = read_window(BASELINE, "", BASELINE.reference[""], "5m", OPTIONS)
    assert [reading.subject for reading in readings if reading.state != "ok"] == []
