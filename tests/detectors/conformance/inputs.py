"""Fixed inputs: what a stranger could type in, and samples drawn from written-down seeds."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline, Counts
from detectors.subject import HEADER, TAIL, Subject

Floats: TypeAlias = NDArray[np.float64]

COUNTS: dict[str, tuple[list[int], list[int]]] = {
    "a small change": ([400, 300, 200, 100], [70, 80, 30, 20]),
    "no change, to the last value": ([400, 300, 200, 100], [80, 60, 40, 20]),
    "a bin that the window leaves empty": ([500, 400, 100], [60, 40, 0]),
    "a bin that the reference never filled": ([500, 500, 0], [50, 45, 5]),
    "a bin that is empty on both sides": ([300, 0, 700], [40, 0, 60]),
    "nothing in common": ([100, 0], [0, 100]),
    "one category only": ([250], [40]),
    "two categories": ([900, 100], [160, 40]),
    "as many as the reference": ([25, 25, 25, 25], [10, 20, 30, 40]),
    "tiny": ([2, 1, 1], [0, 2, 1]),
    "one value in ten million": ([9_999_999, 1], [999_990, 10]),
    "mostly zero": ([8_000, 500, 500, 500, 500], [700, 100, 90, 60, 50]),
    "fourteen bins": ([50, 150, *[800] * 10, 150, 50], [3, 12, 60, 70, 85, 90, 75, 88, 92, 81, 79, 95, 20, 10]),
}
"""Counts per bin: the reference's, then the window's."""

VALUES: dict[str, tuple[list[float], list[float]]] = {
    "no ties": (
        [0.11, 0.27, 0.35, 0.48, 0.52, 0.66, 0.71, 0.83, 0.94, 1.07, 1.18, 1.29, 1.31, 1.44, 1.56, 1.63, 1.75, 1.88,
         1.92, 2.05, 2.16, 2.21, 2.38, 2.47, 2.59],
        [0.91, 1.13, 1.36, 1.62, 1.81, 2.02, 2.34, 2.68, 2.77, 3.04],
    ),
    "ties": ([0, 0, 1, 1, 1, 2, 2, 3, 4, 7], [0, 1, 2, 2, 2, 3, 3, 4]),
    "mostly zero": ([0.0] * 16 + [0.5, 1.5, 2.5, 10.0], [0.0] * 6 + [0.5, 2.5, 2.5, 4.0]),
    "as many as the reference": ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7]),
    "one value only": ([3.0] * 8, [3.0] * 5),
    "a constant that became another": ([3.0] * 8, [5.0] * 5),
    "all of the window beyond the reference": ([1.0, 2.0, 3.0, 4.0], [9.0, 10.0, 11.0]),
    "tiny": ([1.5, 2.0], [2.0, 2.5]),
}  # fmt: skip
"""Single values: the reference's, then the window's."""


def _samples() -> dict[str, tuple[Floats, Floats]]:
    rng = np.random.default_rng(20_240_229)
    atom = np.where(rng.random(8_000) < 0.3, 1.5, rng.normal(size=8_000))
    return {
        "normal, unchanged": (rng.normal(size=6_000), rng.normal(size=1_500)),
        "normal, half a deviation higher": (rng.normal(size=6_000), rng.normal(0.5, 1, 1_500)),
        "normal, as many as the reference": (rng.normal(size=3_000), rng.normal(0.1, 1, 3_000)),
        "normal, more than the reference": (rng.normal(size=1_000), rng.normal(0.1, 1, 8_000)),
        "gamma": (rng.gamma(2, 3, 6_000), rng.gamma(2.2, 3, 1_500)),
        "lognormal": (rng.lognormal(0, 1, 6_000), rng.lognormal(0.1, 1.1, 1_500)),
        "integers": (rng.poisson(4, 6_000).astype(float), rng.poisson(4.4, 1_500).astype(float)),
        "mostly zero": (
            np.where(rng.random(6_000) < 0.8, 0.0, rng.lognormal(size=6_000)),
            np.where(rng.random(1_500) < 0.7, 0.0, rng.lognormal(size=1_500)),
        ),
        "an atom in the reference": (atom[:6_500], np.concatenate([atom[6_500:], np.full(100, 1.5)])),
        "sixty events": (rng.normal(size=200), rng.normal(0.3, 1, 60)),
    }


SAMPLES = _samples()
"""Drawn values, for what needs many: the reference's, then the window's."""


def rows(*counts: list[int]) -> list[Floats]:
    """Give each list as a row of counts."""
    return [np.array([row], np.float64) for row in counts]


def by_value(reference: list[float], window: list[float]) -> tuple[Floats, Floats, Floats]:
    """Count two samples by distinct value: the reference's counts, the window's, and the values."""
    points = np.unique(np.array([*reference, *window], np.float64))
    counts = [[float(np.count_nonzero(np.array(side) == point)) for point in points] for side in (reference, window)]
    return np.array(counts[:1]), np.array(counts[1:]), points[None, :]


def panes(reference: list[int], window: list[int]) -> tuple[Baseline, Counts, Counts]:
    """Give a baseline of one numeric subject whose cells are the given bins, and both counts vectors."""
    bins = range(len(reference))
    subject = Subject("x", "numeric", HEADER, edges=tuple(map(float, bins[:-1])), coarse=tuple(bins))

    def vector(counts: list[int]) -> Counts:
        return np.array([sum(counts), 0, 0, 0, *counts, *[0] * TAIL], np.int64)

    return Baseline((subject,), {}), vector(reference), vector(window)
