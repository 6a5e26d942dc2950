"""Monitors whose truth is known: what their reference counted, and what share of events each bin gets from then on.

The reference is a sample, so the truth differs from it as much as it would for a real one. Numbers are normal and cut
at the reference's own quantiles. Those are drawn without drawing the sample: the true shares between order statistics
are Dirichlet, with the differences of their ranks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from detectors import alternatives
from detectors.alternatives import REFERENCE_ERROR, Alternatives
from detectors.bins import COARSE_LEVELS

Floats = NDArray[np.float64]

OUTLIER = 4.0
"""Where contaminated values lie, in standard deviations."""

CATEGORIES = (0.4, 0.25, 0.15, 0.12, 0.08)
"""True shares of the categories; the rarest is the one that grows. No two of them fall into one tenth."""

NULL_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of values: moved and stretched; of all events, a share far out, and a share at the median.

    `rarest` is by what the rarest category's share is multiplied, `nulls` by what the rate of missing values is.
    """

    location: float = 0.0
    scale: float = 1.0
    tail: float = 0.0
    collapsed: float = 0.0
    rarest: float = 1.0
    nulls: float = 1.0

    def part(self, progress: float) -> "Change":
        """Give the change as it is after a part of it has come about: from 0 to 1."""
        return replace(
            self,
            location=self.location * progress,
            scale=1 + (self.scale - 1) * progress,
            tail=self.tail * progress,
            collapsed=self.collapsed * progress,
            rarest=1 + (self.rarest - 1) * progress,
            nulls=1 + (self.nulls - 1) * progress,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """S monitors of B bins: counts of their references (S, B), and the true shares (S, B) under any change."""

    reference: Floats
    shares: Callable[[Change], Floats]
    alternatives: Alternatives


def numbers(rng: Generator, monitors: int, reference: int, z: float = REFERENCE_ERROR) -> Fleet:
    """Give monitors of normal values, with the bins of PSI at the quantiles of a reference of so many values."""
    ranks = np.ceil(np.array(COARSE_LEVELS) * reference - 1e-6)
    counts = np.diff(ranks, prepend=0, append=reference)
    gaps = rng.standard_gamma(np.diff(ranks, prepend=0, append=reference + 1), (monitors, len(counts)))
    edges = special.ndtri(np.cumsum(gaps / gaps.sum(axis=1, keepdims=True), axis=1)[:, :-1])
    known = np.tile(counts, (monitors, 1))
    return Fleet(known, lambda change: number_shares(edges, change), alternatives.of_histograms(known, z=z))


def categories(rng: Generator, monitors: int, reference: int, z: float = REFERENCE_ERROR) -> Fleet:
    """Give monitors of a category: the order of bins is that of their shares."""
    base = np.array(CATEGORIES)
    known = rng.multinomial(reference, base, monitors).astype(np.float64)

    def shares(change: Change) -> Floats:
        last = base[-1] * change.rarest
        return np.tile(np.append(base[:-1] * (1 - last) / (1 - base[-1]), last), (monitors, 1))

    return Fleet(known, shares, alternatives.of_histograms(known, z=z))


def null_rates(rng: Generator, monitors: int, reference: int, z: float = REFERENCE_ERROR) -> Fleet:
    """Give monitors of the rate of missing values: the first of two bins holds them."""
    missing = rng.binomial(reference, NULL_RATE, monitors).astype(np.float64)
    known = np.stack([missing, reference - missing], axis=1)

    def shares(change: Change) -> Floats:
        rate = NULL_RATE * change.nulls
        return np.tile([rate, 1 - rate], (monitors, 1))

    return Fleet(known, shares, alternatives.of_rates(missing, np.full(monitors, float(reference)), z=z))


def number_shares(edges: Floats, change: Change) -> Floats:
    """Give the true share of each bin between the edges (S, B - 1) of what was standard normal: (S, B)."""
    below = special.ndtr((edges - change.location) / change.scale)
    if change.tail:
        below = (1 - change.tail) * below + change.tail * special.ndtr(edges - OUTLIER)
    if change.collapsed:
        below = (1 - change.collapsed) * below + change.collapsed * (edges >= 0)
    return np.asarray(np.diff(below, axis=1, prepend=0.0, append=1.0))


def wandering(rng: Generator, ticks: int, monitors: int, phi: float, deviation: float) -> Floats:
    """Draw latent means (T, S) that wander: stationary AR(1) with this standard deviation."""
    path = rng.standard_normal((ticks, monitors)) * deviation
    path[1:] *= np.sqrt(1 - phi**2)
    for tick in range(1, ticks):
        path[tick] += phi * path[tick - 1]
    return path


def daily(rng: Generator, ticks: int, monitors: int, amplitude: float, day_ticks: int) -> Floats:
    """Give latent means (T, S) that go up and down once a day, each monitor at hours of its own."""
    phase = rng.random(monitors) * 2 * np.pi
    return np.asarray(amplitude * np.sin(2 * np.pi * np.arange(ticks)[:, None] / day_ticks + phase))
