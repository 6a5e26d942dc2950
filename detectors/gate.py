"""Which monitors of one owner are told of at which level, so that the budget of every level is kept."""

import numpy as np
from numpy.typing import NDArray

from detectors.block import Floats

Levels = NDArray[np.int64]


def thresholds(false_alarms: tuple[float, ...], ticks: float) -> tuple[float, ...]:
    """Give the evidence that each level takes: ticks of a period over the false alarms that are allowed in it.

    >>> thresholds((30.0, 4.0, 1.0), ticks=43_200)
    (1440.0, 10800.0, 43200.0)
    """
    return tuple(ticks / allowed for allowed in false_alarms)


def gate(evidence: Floats, weights: Floats, levels: Levels, needed: tuple[float, ...]) -> Levels:
    """Raise the levels of the monitors that the evidence speaks against; all of one owner are given (J each).

    Level i is reached by the k monitors below it with the most weighted evidence, if each of them has a k-th of
    `needed[i - 1]`, for the largest such k (e-d-BH, Dandapanthula and Ramdas 2025, which bounds the share of wrong
    ones). `needed` rises with i; `weights` add up to at most 1. Each time at least `needed` of the weighted sum is used
    up, and a mean of e-detectors is one: the expected number of times this happens in T stationary ticks is at most
    T / needed, however monitors depend on each other. A monitor counts for a level again only after its evidence began
    anew.

    >>> gate(np.array([5.0, 3000.0, 10.0]), np.full(3, 1 / 3), np.zeros(3, int), (100.0, 500.0, 4000.0)).tolist()
    [0, 2, 0]
    """
    levels = levels.copy()
    for level, threshold in enumerate(needed, start=1):
        mass = np.where(levels < level, evidence * weights, 0.0)
        order = np.argsort(-mass, kind="stable")
        flagged = np.flatnonzero(mass[order] * np.arange(1, len(order) + 1) >= threshold)
        if len(flagged):
            levels[order[: int(flagged[-1]) + 1]] = level
    return levels
