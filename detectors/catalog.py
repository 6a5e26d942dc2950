"""Everything that is read of one window at once."""

from dataclasses import dataclass

import numpy as np

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
    baseline: Baseline, reference: Counts, window: Counts, window_name: str, options: Options
) -> list[Reading]:
    """Run psi, ks and quality over one window; vectorised over subjects.

    A subject whose counts or bins contradict each other is insufficient in every detector, with the reason; the others
    are read as if it were not there. Raises ValueError when the vectors are not of this baseline.
    """
    for counts in (reference, window):
        if len(counts) != baseline.cells:
            raise ValueError(f"counts of {len(counts)} cells, but the baseline {baseline.id} has {baseline.cells}")
    stream = stream_quality(
        reference,
        window,
        window_name=window_name,
        alpha=options.alpha,
        confidence=options.confidence,
        rate_change_min=options.rate_change_min,
        events_min=options.events_min,
    )
    return _isolated(baseline, reference, window, window_name, options) + stream


def _isolated(
    baseline: Baseline, reference: Counts, window: Counts, window_name: str, options: Options
) -> list[Reading]:
    """Read all subjects together; where their maths fails, read each half alone until the broken one stands alone."""
    subjects = baseline.subjects
    try:
        return _sound(baseline, reference, window, window_name, options)
    except (ArithmeticError, ValueError, IndexError) as error:
        if len(subjects) == 1:
            return _broken(subjects[0], window_name, f"its bins cannot be read: {error}")
    middle = len(subjects) // 2
    halves = (Baseline(half, baseline.reference) for half in (subjects[:middle], subjects[middle:]))
    return [reading for half in halves for reading in _isolated(half, reference, window, window_name, options)]


def _sound(baseline: Baseline, reference: Counts, window: Counts, window_name: str, options: Options) -> list[Reading]:
    """Read the subjects whose counts can be of events; say of the others that theirs cannot."""
    wrong = baseline.layout.contradictions(reference) | baseline.layout.contradictions(window)
    why = "its counts do not add up to the events counted; the pane or the baseline is damaged"
    broken = [
        reading
        for row in np.flatnonzero(wrong)
        for reading in _broken(baseline.subjects[row], window_name, why)
    ]  # fmt: skip
    if broken:
        kept = tuple(subject for subject, bad in zip(baseline.subjects, wrong, strict=True) if not bad)
        baseline = Baseline(kept, baseline.reference)
    if not baseline.subjects:
        return broken
    alpha, confidence, events_min = options.alpha, options.confidence, options.events_min
    histograms = psi(
        baseline,
        reference,
        window,
        window_name=window_name,
        alpha=alpha,
        confidence=confidence,
        floor=options.psi_floor,
        events_min=events_min,
    )
    distances = ks(
        baseline,
        reference,
        window,
        window_name=window_name,
        alpha=alpha,
        confidence=confidence,
        distance_min=options.ks_distance_min,
        events_min=events_min,
    )
    rates = quality(
        baseline,
        reference,
        window,
        window_name=window_name,
        alpha=alpha,
        confidence=confidence,
        rate_change_min=options.rate_change_min,
        events_min=events_min,
    )
    return [*histograms, *distances, *rates, *broken]


def _broken(subject: Subject, window_name: str, why: str) -> list[Reading]:
    detectors: list[Detector] = ["psi", "missing", "not_finite", "wrong_type"]
    if subject.kind == "numeric":
        detectors += ["ks", "out_of_range"]
    if subject.kind == "categorical":
        detectors.append("unseen")
    return [Reading(subject.name, detector, window_name, "insufficient", 0, 0, why=why) for detector in detectors]
