"""Learning a segment's history from its rows and their ticks."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.alternatives import Alternatives, of_histograms, of_rates
from detectors.baseline import Baseline
from detectors.block import Floats, shares
from detectors.columns import Columns, Scalar
from detectors.curves import SCORES, legendre
from detectors.dependence import design_effects, rate_effects
from detectors.heavy_tails import temper
from detectors.history import RATES, History, slot_bins, usual_sizes
from detectors.layout import Layout
from detectors.seasons import DAY, WEEK, seasonal, slot_of
from detectors.steps import Steps, steps_of
from detectors.subject import Counts

CELLS_MAX = 20_000_000
"""Bins times ticks looked at; a longer reference is looked at in steps of several ticks."""

GAP_DAYS_MAX = 31
"""Rows that are further from the others stand at a stray time, and say nothing of the order of the others."""

Ticks = NDArray[np.int64]


def without_strays(ticks: Ticks, tick_seconds: int) -> NDArray[np.int64]:
    """Give the places of the rows of the longest time without a gap of GAP_DAYS_MAX, by the number of its rows.

    >>> without_strays(np.array([0, 400_000, 400_001, 400_002, 900_000]), 60).tolist()
    [1, 2, 3]
    """
    days, day_of_row = np.unique(ticks * tick_seconds // 86_400, return_inverse=True)
    period_of_day = np.concatenate([[0], np.cumsum(np.diff(days) > GAP_DAYS_MAX)])
    period = period_of_day[day_of_row]
    return np.flatnonzero(period == np.bincount(period).argmax())


def history_of(
    baseline: Baseline,
    reference: Counts,
    columns: Columns,
    rows: Mapping[str, Sequence[Scalar]],
    ticks: Ticks,
    tick_seconds: int,
    count: Callable[[NDArray[np.int64]], Counts],
) -> History:
    """Find the history of a segment's rows, whose raw values and ticks are given in the order of `columns`.

    `count` folds the rows at some places, for the reference counts of a slot of time.
    """
    layout = baseline.layout
    first, length = int(ticks.min()), int(ticks.max() - ticks.min()) + 1
    stride = max(1, -(-length * layout.width * len(layout.begins) // CELLS_MAX))
    steps = steps_of(baseline, columns, rows, ticks - first, stride)
    pooled = layout.bins(reference)
    slots, chosen = _season(steps.bins, pooled, first, stride, tick_seconds)
    rows_slot = slot_of(ticks, max(1, slots), tick_seconds)
    by_slot = (
        np.stack([count(np.flatnonzero(rows_slot == slot)) for slot in range(slots)]) if slots else _no_slots(layout)
    )
    expected = slot_bins(layout, pooled, by_slot, chosen)
    step_slots = slot_of(first + np.arange(len(steps.bins)) * stride, len(expected), tick_seconds)
    effects = _of_histograms(layout, steps, pooled, expected, step_slots)
    bad, of = _rates_by_slot(layout, reference, by_slot, chosen)
    return History(
        ticks=length,
        tick_seconds=tick_seconds,
        days_seen=len(np.unique(ticks * tick_seconds // 86_400)),
        events_per_tick=usual_sizes(np.bincount(ticks - first)),
        usable_per_tick=steps.usable_per_tick,
        effects=_rounded(effects),
        rate_effects=_rounded(_of_rates(layout, steps, bad, of, step_slots, effects[:, SCORES:])),
        slots=by_slot,
        seasonal=chosen,
    )


def _of_histograms(layout: Layout, steps: Steps, pooled: Floats, expected: Floats, slots: Ticks) -> Floats:
    """Give the design effects of histograms, (S, 3 + width)."""
    real = np.arange(layout.width) <= layout.unusable[:, None]
    unranked = np.arange(layout.width) == layout.unusable[:, None]
    scores = legendre(shares(pooled, real), real & ~unranked)

    def build(effects: Floats, rows: Ticks) -> Alternatives:
        widths = layout.unusable[rows] + 1
        return of_histograms(expected[:, rows], widths=widths, unranked=unranked[rows], design_effects=effects)

    return temper(build, design_effects(steps.bins, slots, expected, scores, real), steps.bins, slots)


def _of_rates(layout: Layout, steps: Steps, bad: Floats, of: Floats, slots: Ticks, of_bins: Floats) -> Floats:
    """Give the design effects of rates, (S, RATES): their own, or those of the bin that such values are in if larger.

    A flaw that the reference has hardly any of says nothing of how it comes; its bin says at least how such values do.
    `bad` and `of` (H, S RATES) are the reference's, by slot.
    """
    subjects = len(layout.begins)
    unusable, last = (
        np.take_along_axis(of_bins, places[:, None], axis=1) for places in (layout.unusable, layout.unusable - 1)
    )
    numeric = np.isin(np.arange(subjects), layout.numeric)[:, None]
    tails = np.where(numeric, np.maximum(of_bins[:, :1], last), last)
    least = np.concatenate([*[unusable] * (RATES - 1), tails], axis=1).reshape(-1, 1)
    seen, events = steps.rates()
    own = rate_effects(seen, events, slots, bad, of)[:, None]

    def build(effects: Floats, rows: Ticks) -> Alternatives:
        return of_rates(bad[:, rows], of[:, rows], design_effects=effects[:, 0])

    tempered = temper(build, np.maximum(own, least), np.stack([seen, events - seen], axis=2), slots)
    return tempered.reshape(subjects, RATES)


def _rates_by_slot(
    layout: Layout, reference: Counts, by_slot: Counts, chosen: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Give the bad values of the reference, and what they are of: (H, S RATES) each."""
    pooled = layout.bad_values(reference)
    slotted = [layout.bad_values(counts) for counts in by_slot] or [pooled]
    bad, of = (
        np.stack([np.where(chosen[:, None], slot[side], pooled[side]).ravel() for slot in slotted]) for side in (0, 1)
    )
    return bad, of


def _season(bins: Floats, pooled: Floats, first: int, stride: int, tick_seconds: int) -> tuple[int, NDArray[np.bool_]]:
    """How many slots the subjects need (0, 24 or 168) and which subjects need them."""
    hour = (first + np.arange(len(bins)) * stride) * tick_seconds // 3_600
    if (hour[-1] - hour[0] + 1) * bins[0].size > CELLS_MAX:
        return 0, np.zeros(bins.shape[1], bool)
    hours = np.zeros((int(hour[-1] - hour[0]) + 1, *bins.shape[1:]))
    np.add.at(hours, hour - hour[0], bins)
    weekly = seasonal(hours, pooled, WEEK)
    if weekly.any():
        return WEEK, weekly | seasonal(hours, pooled, DAY)
    daily = seasonal(hours, pooled, DAY)
    return (DAY if daily.any() else 0), daily


def _rounded(effects: Floats) -> Floats:
    """Keep four digits, which is more than is known of them."""
    return np.asarray(np.vectorize(lambda effect: max(1.0, float(f"{effect:.4g}")), otypes=[np.float64])(effects))


def _no_slots(layout: Layout) -> Counts:
    return np.zeros((0, layout.cells), np.int64)
