"""Rates of bad values against the reference's: more missing, unusable, unseen or out-of-range values than before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.baseline import Baseline
from detectors.history import RATES
from detectors.layout import Floats
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
    With design effects (`effects`, S x RATES) either side counts as that many times fewer events; the reference's
    counts are worth `worth` times as many.
    """
    limits = _Limits(window_name, alpha, confidence, rate_change_min, events_min, worth)
    layout = baseline.layout
    effects = np.ones((len(layout.begins), RATES)) if effects is None else effects
    names = [subject.name for subject in baseline.subjects]
    rows = {detector: np.arange(len(names)) for detector in _OF_EVENTS}
    rows |= {"out_of_range": layout.numeric, "unseen": layout.categorical}
    (k, n), (r, m) = layout.bad_values(window), layout.bad_values(reference)
    readings: list[Reading] = []
    for detector, chosen in rows.items():
        kind = min(list(rows).index(detector), RATES - 1)
        places = chosen, kind
        named = [names[row] for row in chosen]
        readings += _read(detector, named, k[places], n[places], r[places], m[places], limits, effects[places])
    return readings


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
            np.array([float(part)])
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
    k: Floats,
    n: Floats,
    r: Floats,
    m: Floats,
    limits: _Limits,
    effect: Floats,
) -> list[Reading]:
    """Compare k of n (window) with r of m (reference), for each name; events count as `effect` (S) times fewer."""
    k_real, n_real = k / effect, np.maximum(n, 1) / effect
    worth = max(limits.worth, 1e-9)
    r_real, m_real = r * worth / effect, np.maximum(m, 1) * worth / effect
    m = np.round(m * worth).astype(np.int64)
    value, low, high = change(k_real, n_real, r_real, m_real, limits.confidence)
    counted = discounted(n_real, m_real)
    p = greater(k_real * (counted / n_real), counted, r_real, m_real)
    columns = (n.astype(np.int64), m, r_real / m_real, k_real / n_real, value, low, high, p)
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
