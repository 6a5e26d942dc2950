"""The field's fixed thresholds, for people who must keep them, each with the false alarms it costs."""

from collections.abc import Iterator

import numpy as np
from scipy import special

from detectors import conventional
from detectors.baseline import Baseline
from detectors.reading import Reading, State
from detectors.subject import Counts
from detectors.words import number, too_few


def read_fixed(
    baseline: Baseline,
    segment: str,
    window: Counts,
    window_name: str,
    *,
    psi_min: float,
    ks_p: float,
    events_min: int,
    times: float,
) -> list[Reading]:
    """Read plain PSI and KS of every subject: drifting from a PSI of `psi_min` on, and at a KS p-value of `ks_p`.

    These are the statistics as other tools define them (`detectors.conventional`): of usable values, without intervals.
    `times` is how often in 30 days this window is read; `why` says in how many of these the threshold is passed though
    nothing changed, were events independent. Insufficient below events_min usable values on either side.
    """
    return [
        *_psi(baseline, baseline.reference[segment], window, window_name, psi_min, events_min, times),
        *_ks(baseline, baseline.reference[segment], window, window_name, ks_p, events_min, times),
    ]


def beyond_by_chance(limit: float, bins: int, n: int, m: int) -> float:
    """Give the chance that PSI comes to `limit` without a change (Yurdakul and Naranjo 2020).

    Plain PSI comes to it more often where the window leaves bins empty, so this is the least it costs.

    >>> round(beyond_by_chance(0.1, 14, 100, 10_000), 2), round(beyond_by_chance(0.1, 14, 1_667, 10_000), 6)
    (0.7, 0.0)
    """
    return float(special.chdtrc(max(bins - 1, 1), limit / (1 / n + 1 / m)))


def _psi(
    baseline: Baseline, reference: Counts, window: Counts, name: str, limit: float, events_min: int, times: float
) -> Iterator[Reading]:
    known, seen = (conventional.value_bins(baseline.layout, counts) for counts in (reference, window))
    values = conventional.psi(known, seen)
    bins = np.count_nonzero(known + seen, axis=1)
    sizes = seen.sum(axis=1).astype(int), known.sum(axis=1).astype(int)
    for subject, value, used, n, m in zip(
        baseline.subjects, values.tolist(), bins.tolist(), *(size.tolist() for size in sizes), strict=True
    ):
        if n < events_min or m < events_min:
            why = too_few("usable values", n, m, events_min)
            yield Reading(subject.name, "psi", name, "insufficient", n, m, why=why)
            continue
        state: State = "drifting" if value >= limit else "ok"
        why = f"PSI {value:.3g}, n={n:,}; {_price(number(limit), beyond_by_chance(limit, used, n, m), times)}"
        yield Reading(subject.name, "psi", name, state, n, m, value, threshold=limit, why=why)


def _ks(
    baseline: Baseline, reference: Counts, window: Counts, name: str, limit: float, events_min: int, times: float
) -> Iterator[Reading]:
    known, seen = (conventional.fine_cells(baseline.layout, counts) for counts in (reference, window))
    distances, chances = conventional.ks(known, seen)
    sizes = seen.sum(axis=1).astype(int), known.sum(axis=1).astype(int)
    for row, value, p, n, m in zip(
        baseline.layout.numeric.tolist(), distances.tolist(), chances.tolist(),
        *(size.tolist() for size in sizes), strict=True,
    ):  # fmt: skip
        subject = baseline.subjects[row].name
        if n < events_min or m < events_min:
            why = too_few("usable values", n, m, events_min)
            yield Reading(subject, "ks", name, "insufficient", n, m, why=why)
            continue
        state: State = "drifting" if p <= limit else "ok"
        why = f"KS distance {value:.3g}, p {p:.2g}, n={n:,}; {_price(f'p {number(limit)}', limit, times)}"
        yield Reading(subject, "ks", name, state, n, m, value, p_value=p, why=why)


def _price(limit: str, chance: float, times: float) -> str:
    """Say what a fixed threshold costs.

    >>> _price("p 0.05", 0.05, 8_640)
    'the fixed threshold p 0.05 is passed without any change in at least 432 of 8,640 readings in 30 days'
    """
    expected = chance * times
    count = f"at least {expected:,.0f}" if expected >= 1 else "less than 1"
    return f"the fixed threshold {limit} is passed without any change in {count} of {times:,.0f} readings in 30 days"
