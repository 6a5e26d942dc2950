"""Everything that is read of one window at once."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from detectors.against import Against, Ticks, against
from detectors.baseline import Baseline
from detectors.ks import ks
from detectors.psi import psi
from detectors.quality import quality, stream_quality
from detectors.reading import Detector, Reading
from detectors.subject import Counts, Subject


@dataclass(frozen=True, slots=True)
class Options:
    """When a change counts as real; the same for every subject of a window."""

    alpha: float
    confidence: float
    events_min: int
    psi_floor: float
    ks_distance_min: float
    rate_change_min: float


def read_window(
    baseline: Baseline,
    segment: str,
    window: Counts,
    window_name: str,
    options: Options,
    ticks: Ticks | None = None,
) -> list[Reading]:
    """Run psi, ks and quality over one window of a segment, with its first and last tick; vectorised over subjects.

    A subject whose counts or bins contradict each other is insufficient in every detector, with the reason; the others
    are read as if it were not there. Raises ValueError when the vectors are not of this baseline.
    """
    pooled = baseline.reference[segment]
    for counts in (pooled, window):
        if len(counts) != baseline.cells:
            raise ValueError(f"counts of {len(counts)} cells, but the baseline {baseline.id} has {baseline.cells}")
    stream = stream_quality(
        pooled,
        window,
        window_name=window_name,
        alpha=options.alpha,
        confidence=options.confidence,
        rate_change_min=options.rate_change_min,
        events_min=options.events_min,
    )
    parts = against(baseline, segment, window, ticks)
    return [*(reading for part in parts for reading in _isolated(part, window, window_name, options)), *stream]


def _isolated(held: Against, window: Counts, window_name: str, options: Options) -> list[Reading]:
    """Read all subjects together; where their maths fails, read each half alone until the broken one stands alone."""
    subjects = held.baseline.subjects
    try:
        return _sound(held, window, window_name, options)
    except (ArithmeticError, ValueError, IndexError) as error:
        if len(subjects) == 1:
            return _broken(subjects[0], window_name, f"its bins cannot be read: {error}")
    first = np.arange(len(subjects)) < len(subjects) // 2
    return [r for half in (first, ~first) for r in _isolated(held.only(half), window, window_name, options)]


def _sound(held: Against, window: Counts, window_name: str, options: Options) -> list[Reading]:
    """Read the subjects whose counts can be of events; say of the others that theirs cannot."""
    layout = held.baseline.layout
    wrong = layout.contradictions(held.counts) | layout.contradictions(window)
    why = "its counts do not add up to the events counted; the pane or the baseline is damaged"
    broken = [
        reading
        for row in np.flatnonzero(wrong)
        for reading in _broken(held.baseline.subjects[row], window_name, why)
    ]  # fmt: skip
    if broken:
        held = held.only(~wrong)
    if not held.baseline.subjects:
        return broken
    shared = _Shared(
        window_name=window_name, alpha=options.alpha, confidence=options.confidence, events_min=options.events_min,
        worth=held.worth,
    )  # fmt: skip
    sides = held.baseline, held.counts, window
    histograms = psi(*sides, floor=options.psi_floor, effects=held.effects, **shared)
    distances = ks(*sides, distance_min=options.ks_distance_min, effects=held.effects, **shared)
    rates = quality(*sides, rate_change_min=options.rate_change_min, effects=held.rate_effects, **shared)
    return [*histograms, *distances, *rates, *broken]


class _Shared(TypedDict):
    """What every detector takes."""

    window_name: str
    alpha: float
    confidence: float
    events_min: int
    worth: float


def _broken(subject: Subject, window_name: str, why: str) -> list[Reading]:
    detectors: list[Detector] = ["psi", "missing", "not_finite", "wrong_type"]
    if subject.kind == "numeric":
        detectors += ["ks", "out_of_range"]
    if subject.kind == "categorical":
        detectors.append("unseen")
    return [Reading(subject.name, detector, window_name, "insufficient", 0, 0, why=why) for detector in detectors]
