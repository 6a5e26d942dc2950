"""Rates of bad values against the reference's: more missing, unusable, unseen or out-of-range values than before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.baseline import Baseline
from detectors.curves import SCORES
from detectors.layout import Floats, Layout
from detectors.rates import change, discounted, greater
from detectors.reading import BinMove, Detector, Reading
from detectors.subject import DUPLICATES, EVENTS, UNKNOWN_FEATURES, Counts
from detectors.words import percent, probability, too_few

STREAM = "events"
"""Subject of the rates of the stream itself."""

_OF_EVENTS: tuple[Detector, ...] = ("missing", "not_finite", "wrong_type")

_PHRASES: dict[Detector, tuple[str, str]] = {
    "missing": ("missing", "events"),
    "not_finite": ("NaN or infinite", "events"),
    "wrong_type": ("of the wrong type", "events"),
    "out_of_range": ("outside the reference's range", "usable values"),
    "unseen": ("not in the reference", "usable values"),
    "duplicates": ("repeated", "events"),
    "unknown_features": ("with features the baseline does not know", "events"),
}
"""What a rate counts, and of what."""


def quality(
    baseline: Baseline,
    reference: Counts,
    window: Counts,
    *,
    window_name: str,
    alpha: float,
    confidence: float,
    rate_change_min: float,
    events_min: int,
    effects: Floats | None = None,
    worth: float = 1.0,
) -> list[Reading]:
    """Read every rate of every subject.

    ```
    missing, not_finite, wrong_type   of all events      every subject
    out_of_range                      of usable values   numeric: below the reference's minimum, above its maximum
    unseen                            of usable values   categorical: not in the reference
    ```
    The value is the CHANGE of the rate, window less reference, with Newcombe's score interval; p is Fisher's one-sided
    ("the rate is greater now"), the window counted as at most a third of the reference. Drifting when p <= alpha and
    low >= rate_change_min: a rate that falls shows in PSI, not here. Insufficient below events_min on either side.
    With design effects (`effects`, S x (3 + width), as in `psi`) either side counts as that many times fewer events, by
    the bin that bad values are in; the reference's counts are worth `worth` times as many.
    """
    limits = _Limits(window_name, alpha, confidence, rate_change_min, events_min, worth)
    layout = baseline.layout
    of_unusable, of_tails, of_last = effects_of_rates(layout, effects)
    names = [subject.name for subject in baseline.subjects]
    readings: list[Reading] = []
    n, m = (np.full(len(names), counts[EVENTS]) for counts in (window, reference))
    for step, detector in enumerate(_OF_EVENTS):
        k, r = (counts[layout.missing + step] for counts in (window, reference))
        readings += _read(detector, names, k, n, r, m, limits, of_unusable)
    n, m = layout.usable(window), layout.usable(reference)
    rows = layout.numeric
    k, r = (counts[layout.begins[rows]] + counts[layout.missing[rows] - 1] for counts in (window, reference))
    readings += _read("out_of_range", [names[row] for row in rows], k, n[rows], r, m[rows], limits, of_tails[rows])
    rows = layout.categorical
    k, r = (counts[layout.missing[rows] - 1] for counts in (window, reference))
    readings += _read("unseen", [names[row] for row in rows], k, n[rows], r, m[rows], limits, of_last[rows])
    return readings


def effects_of_rates(layout: Layout, effects: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Give the design effects (S) of the bins of unusable values, of the tails (the larger), and of the last values."""
    if effects is None:
        ones = np.ones(len(layout.begins))
        return ones, ones, ones
    of_bins = effects[:, SCORES:]
    unusable = np.take_along_axis(of_bins, layout.unusable[:, None], axis=1)[:, 0]
    last = np.take_along_axis(of_bins, layout.unusable[:, None] - 1, axis=1)[:, 0]
    return unusable, np.maximum(of_bins[:, 0], last), last


def stream_quality(
    reference: Counts,
    window: Counts,
    *,
    window_name: str,
    alpha: float,
    confidence: float,
    rate_change_min: float,
    events_min: int,
) -> list[Reading]:
    """Read the rates of the stream itself (subject "events"), as `quality` reads those of subjects.

    ```
    duplicates         repeats, of events and repeats
    unknown_features   values under names the baseline does not know, per event and at most 1
    ```
    """
    limits = _Limits(window_name, alpha, confidence, rate_change_min, events_min)
    cells: tuple[tuple[Detector, int], ...] = (("duplicates", DUPLICATES), ("unknown_features", UNKNOWN_FEATURES))
    readings = []
    for detector, cell in cells:
        repeats = cell == DUPLICATES
        k, n, r, m = (
            np.array([part])
            for counts in (window, reference)
            for part in _clipped(counts[cell], counts[EVENTS] + (counts[cell] if repeats else 0))
        )
        readings += _read(detector, [STREAM], k, n, r, m, limits, np.ones(1))
    return readings


@dataclass(frozen=True, slots=True)
class _Limits:
    window_name: str
    alpha: float
    confidence: float
    change_min: float
    events_min: int
    worth: float = 1.0


def _clipped(k: int, n: int) -> tuple[int, int]:
    return min(k, n), n


def _read(
    detector: Detector,
    names: Sequence[str],
    k: Counts,
    n: Counts,
    r: Counts,
    m: Counts,
    limits: _Limits,
    effect: Floats,
) -> list[Reading]:
    """Compare k of n (window) with r of m (reference), for each name; events count as `effect` (S) times fewer."""
    k_real, n_real = k / effect, np.maximum(n, 1) / effect
    r_real, m_real = r * limits.worth / effect, np.maximum(m, 1) * limits.worth / effect
    m = np.round(m * limits.worth).astype(np.int64)
    value, low, high = change(k_real, n_real, r_real, m_real, limits.confidence)
    counted = discounted(n_real, m_real)
    p = greater(k_real * (counted / n_real), counted, r_real, m_real)
    columns = (n, m, r_real / m_real, k_real / n_real, value, low, high, p)
    rows = zip(names, *(column.tolist() for column in columns), strict=True)
    return [_reading(detector, limits, *row) for row in rows]


def _reading(
    detector: Detector,
    limits: _Limits,
    name: str,
    n: int,
    m: int,
    expected: float,
    observed: float,
    value: float,
    low: float,
    high: float,
    p: float,
) -> Reading:
    what, of = _PHRASES[detector]
    window, threshold = limits.window_name, limits.change_min
    if n < limits.events_min or m < limits.events_min:
        why = too_few(of, n, m, limits.events_min)
        return Reading(name, detector, window, "insufficient", n, m, why=why)
    why = f"{percent(observed)} {what}, reference {percent(expected)}"
    if p > limits.alpha or low < threshold:
        return Reading(name, detector, window, "ok", n, m, value, low, high, p, threshold, why)
    why += f": up by {percent(low)} to {percent(high)} of {n:,} {of}, p {probability(p)}"
    moves = (BinMove(what, expected, observed),)
    return Reading(name, detector, window, "drifting", n, m, value, low, high, p, threshold, why, moves)
