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


def needs_of(weights: Floats, needed: tuple[float, ...]) -> Floats:
    """Give the evidence that each level takes of each monitor alone, (levels, J): infinite for one without a weight.

    >>> needs_of(np.array([0.5, 0.0]), (30.0, 60.0)).tolist()
    [[60.0, inf], [120.0, inf]]
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.array(needed)[:, None] / weights)


def gate(evidence: Floats, needs: Floats, levels: Levels) -> Levels:
    """Raise the levels (J) of the monitors that the evidence (J) speaks against; all are of one owner and one cause.

    `needs` (levels, J) is what each level takes of a monitor alone (see `needs_of`), where the weights of all monitors
    of the owner add up to at most 1. Level i is reached by the k monitors below it that come
    nearest to its need, if each of them has a k-th of it, for the largest such k (e-d-BH, Dandapanthula and Ramdas
    2025, which bounds the share of wrong ones). Each time at least the threshold is used up of the weighted sum, which
    is an e-detector times the weight of the cause: the expected number of times this happens in T stationary ticks is
    at most that weight times T / threshold, and T / threshold over all causes, however monitors depend on each other.
    A monitor counts for a level again only after its evidence began anew.

    >>> needs = np.array([[300.0] * 3, [1500.0] * 3, [12000.0] * 3])
    >>> gate(np.array([5.0, 3000.0, 10.0]), needs, np.zeros(3, int)).tolist()
    [0, 2, 0]
    """
    levels = levels.copy()
    for level, needed in enumerate(needs, start=1):
        part = np.where(levels < level, evidence / needed, 0.0)
        if part.sum() < 0.999:
            continue  # Those that reach a level have all of it together.
        order = np.argsort(-part, kind="stable")
        reached = np.flatnonzero(part[order] * np.arange(1, len(order) + 1) >= 1)
        if len(reached):
            levels[order[: int(reached[-1]) + 1]] = level
    return levels
