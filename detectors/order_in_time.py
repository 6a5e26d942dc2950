"""Learning a segment's history from its rows and their ticks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.block import Floats, shares
from detectors.columns import Columns
from detectors.curves import legendre
from detectors.dependence import design_effects
from detectors.history import History, slot_bins
from detectors.layout import Layout
from detectors.seasons import DAY, WEEK, seasonal, slot_of
from detectors.subject import Counts

CELLS_MAX = 20_000_000
"""Bins times ticks looked at; a longer reference is looked at in steps of several ticks."""

Ticks = NDArray[np.int64]


def history_of(
    baseline: Baseline,
    reference: Counts,
    columns: Columns,
    ticks: Ticks,
    tick_seconds: int,
    count: Callable[[NDArray[np.int64]], Counts],
) -> History:
    """Find the history of a segment's rows, whose ticks are given in the order of `columns`.

    `count` folds the rows at some places, for the reference counts of a slot of time.
    """
    layout = baseline.layout
    first, length = int(ticks.min()), int(ticks.max() - ticks.min()) + 1
    stride = max(1, -(-length * layout.width * len(layout.begins) // CELLS_MAX))
    bins = _bins_by_tick(baseline, columns, (ticks - first) // stride, -(-length // stride))
    pooled = layout.bins(reference)
    slots, chosen = _season(bins, pooled, first, stride, tick_seconds)
    rows_slot = slot_of(ticks, max(1, slots), tick_seconds)
    by_slot = (
        np.stack([count(np.flatnonzero(rows_slot == slot)) for slot in range(slots)]) if slots else _no_slots(layout)
    )
    real = np.arange(layout.width) <= layout.unusable[:, None]
    scores = legendre(shares(pooled, real), real & (np.arange(layout.width) != layout.unusable[:, None]))
    expected = slot_bins(layout, pooled, by_slot, chosen)
    step_slots = slot_of(first + np.arange(len(bins)) * stride, len(expected), tick_seconds)
    effects = np.vectorize(_four_digits, otypes=[np.float64])(design_effects(bins, step_slots, expected, scores, real))
    return History(length, tick_seconds, effects, by_slot, chosen)


def _season(bins: Floats, pooled: Floats, first: int, stride: int, tick_seconds: int) -> tuple[int, NDArray[np.bool_]]:
    """How many slots the subjects need (0, 24 or 168) and which subjects need them."""
    hour = (first + np.arange(len(bins)) * stride) * tick_seconds // 3_600
    hours = np.zeros((int(hour[-1] - hour[0]) + 1, *bins.shape[1:]))
    np.add.at(hours, hour - hour[0], bins)
    weekly = seasonal(hours, pooled, WEEK)
    if weekly.any():
        return WEEK, weekly | seasonal(hours, pooled, DAY)
    daily = seasonal(hours, pooled, DAY)
    return (DAY if daily.any() else 0), daily


def _bins_by_tick(baseline: Baseline, columns: Columns, steps: Ticks, length: int) -> Floats:
    """Count the PSI bins of every step of time: (length, S, width)."""
    layout = baseline.layout
    counted = np.empty((length, len(layout.begins), layout.width))
    for row, cells in baseline.kernel.cells_of(columns):
        places = layout.bin_of_cell[cells] - row * layout.width
        flat = np.bincount(steps * layout.width + places, minlength=length * layout.width)
        counted[:, row] = flat.reshape(length, layout.width)
    return counted


def _four_digits(effect: float) -> float:
    return max(1.0, float(f"{effect:.4g}"))


def _no_slots(layout: Layout) -> Counts:
    return np.zeros((0, layout.cells), np.int64)
