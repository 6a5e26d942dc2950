"""The cells of a numeric subject: reference quantiles, fine enough for KS, grouped into the coarse bins of PSI."""

import math
import sys

import numpy as np
from numpy.typing import NDArray

COARSE_LEVELS = (0.005, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98, 0.995)
"""Reference quantiles between the 14 bins of PSI: deciles alone are blind to what happens in the tails."""

FINE_SHARE = 1 / 60
"""Largest share of a continuous reference that one cell holds, hence the most by which binned KS falls short."""

FINE_LEVELS = (
    *COARSE_LEVELS,
    *(decile / 10 + step * FINE_SHARE for decile in range(1, 9) for step in range(1, 6)),
    *(level for step in range(1, 5) for level in (0.02 + step * 0.016, 0.98 - step * 0.016)),
)
"""Quantiles between the 62 cells inside the reference's range; two more lie below and above it."""

ATOM_FINE, ATOM_COARSE = 1 / 64, 1 / 14
"""A single value with at least this share of the reference has a cell, or a PSI bin, of its own."""


def numeric_bins(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Find the edges of a reference's cells, and the PSI bin of each cell.

    `values` are finite, at least one. Edges are the predecessor of the minimum, reference quantiles, both sides of
    every atom, and the maximum; cell i holds edges[i-1] < x <= edges[i], so there is one cell more than edges.

    >>> edges, coarse = numeric_bins(np.array([3.0, 3.0, 3.0]))
    >>> edges[1], coarse
    (3.0, (0, 0, 0))
    >>> edges, coarse = numeric_bins(np.arange(10_000.0))
    >>> len(edges), max(coarse) + 1
    (63, 14)
    """
    points, times = np.unique(values, return_counts=True)
    total = values.size
    shares = times / total
    coarse = set(_quantiles(points, times, COARSE_LEVELS)) | set(points[shares >= ATOM_COARSE].tolist())
    for place in np.flatnonzero(shares >= ATOM_COARSE):
        if place > 0 and float(points[place - 1]) not in coarse:
            coarse.add(_before(points[place]))
    fine = coarse | set(_quantiles(points, times, FINE_LEVELS))
    for atom in points[shares >= ATOM_FINE].tolist():
        fine |= {atom, _before(atom)}
    lowest, highest = _before(points[0]), float(points[-1])
    edges = np.array(sorted(fine | {lowest, highest}))
    borders = np.array(sorted(border for border in coarse if lowest < border < highest))
    bins = np.append(np.searchsorted(borders, edges, side="left"), borders.size)
    return tuple(edges.tolist()), tuple(bins.tolist())


def center_and_scale(values: NDArray[np.float64]) -> tuple[float, float]:
    """Give median and IQR / 1.349 (a robust standard deviation); the standard deviation, then 1, where that is 0.

    >>> center_and_scale(np.array([0.0] * 9 + [10.0]))
    (0.0, 3.0)
    """
    low, center, high = np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf").tolist()
    with np.errstate(over="ignore", invalid="ignore"):
        candidates = (high / 1.349 - low / 1.349, float(np.std(values)))
    for scale in candidates:
        if 0 < scale < float("inf"):
            return center, scale
    return center, 1.0


def _quantiles(points: NDArray[np.float64], times: NDArray[np.int64], levels: tuple[float, ...]) -> list[float]:
    ranks = np.array(levels) * times.sum()
    # A rank that is whole but for rounding must not slip to the next value.
    places = np.searchsorted(np.cumsum(times), np.ceil(ranks - 1e-6), side="left")
    return [float(point) for point in points[places]]


def _before(value: float) -> float:
    return max(math.nextafter(value, -math.inf), -sys.float_info.max)
