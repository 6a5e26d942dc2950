"""The promise itself, small: where nothing ever changes, people are told no more often than they accept."""

import numpy as np

from detectors.baseline import Baseline
from detectors.fit import fit
from detectors.subject import EVENTS, Counts
from service.gating import Gating
from service.sequential import SequenceState
from service.settings import DetectionSettings
from service.store.changes import ModelKey
from tests.alerting.examples import owners

TICKS = 43_200
"""Minutes in 30 days."""

PLAYED = 1_500
TABLE = owners()


def _exact(models: int) -> dict[ModelKey, Baseline]:
    """References so large that they are the truth: the evidence against it neither grows nor falls in the mean."""
    fitted = fit({"x": [float(value) for value in range(1_000)]}, categories_max=10, segments_max=1)
    known = np.rint(fitted.reference[""].astype(np.float64) * 1e9).astype(np.int64)
    return {
        ModelKey("prediction", f"m{number}", "1"): Baseline(fitted.subjects, {"": known}) for number in range(models)
    }


def _stationary(baseline: Baseline, rng: np.random.Generator, events: int) -> Counts:
    counts = np.zeros(baseline.cells, np.int64)
    (subject,) = baseline.subjects
    values = baseline.reference[""][subject.start : subject.missing].astype(np.float64)
    counts[subject.start : subject.missing] = rng.multinomial(events, values / values.sum())
    counts[EVENTS] = events
    return counts


def _alarms(seed: int, digests: float) -> int:
    """Times that anybody was told of a fleet in which nothing ever changes, each time beginning anew."""
    detection = DetectionSettings(digests_per_30_days=digests, tickets_per_30_days=1e-3, pages_per_30_days=1e-4)
    watched = _exact(2)
    gating = Gating(detection, lambda: TABLE, 60)
    monitors = {key: gating.monitors(key, of) for key, of in watched.items()}
    states = {key: SequenceState() for key in watched}
    rng = np.random.default_rng(seed)
    told = 0
    for tick in range(PLAYED):
        for key, baseline in watched.items():
            states[key].gather(monitors[key], tick, [{"": _stationary(baseline, rng, 50)}])
        fresh = gating.raise_levels(watched, states, tick)
        told += bool(fresh)
        for key, places in fresh.items():
            states[key].begin_anew(monitors[key], [monitors[key].names[place] for place in places])
    return told


def test_a_fleet_in_which_nothing_changes_tells_no_more_often_than_was_accepted() -> None:
    # Accepted is one in 20 ticks for all monitors of two models together.
    accepted = TICKS / 20
    told = [_alarms(seed, digests=accepted) for seed in (1, 2)]

    assert max(told) <= PLAYED / 20
    assert min(told) > 0
