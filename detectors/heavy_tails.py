"""Bursts that a variance says too little of: bets must not have paid off over the reference's own ticks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detectors import esr
from detectors.alternatives import Alternatives
from detectors.block import Floats

Places = NDArray[np.int64]

STEP, ROUNDS = 1.5, 12
"""How much more is tempered at a time, and how often at most: 130 times in all."""

BLOCKS_MIN, ERRORS = 64, 2.0
"""Blocks of time that a mean e-value takes, and the standard errors by which it may be larger than it was."""


def temper(build: Callable[[Floats, Places], Alternatives], effects: Floats, ticks: Floats, slots: Places) -> Floats:
    """Raise design effects (S, F) above 1 until no e-value may have a mean above 1 over the reference's own time.

    `build` makes the alternatives of some monitors from their effects and places; `ticks` (T, S, B) are counts of
    the reference, `slots` (T) theirs. Under the reference the mean of an e-value over blocks of 1, 2, 4, ... ticks is
    at most 1: where it may not be, values come in bursts or episodes which are rarer and larger than their variance
    says. What looks independent is left so: there chance alone takes such a mean above 1 in one of a few monitors.
    """
    effects = effects.copy()
    rows = np.flatnonzero((effects > 1).any(axis=1))
    for _ in range(ROUNDS):
        if not len(rows):
            break
        alternatives = build(effects[rows], rows)
        means = np.stack([_highest(alternatives, place, ticks[:, row], slots) for place, row in enumerate(rows)])
        paid = (effects[rows] > 1) & (means > 1)
        effects[rows] = np.where(paid, effects[rows] * STEP, effects[rows])
        rows = rows[paid.any(axis=1)]
    return effects


def _highest(alternatives: Alternatives, place: int, ticks: Floats, slots: Places) -> Floats:
    """Give, for one monitor, the upper bound of the mean e-value of every feature's alternatives (F), 0 without any."""
    gains = esr.history_ratios(alternatives, place, ticks, slots)
    highest = np.zeros(gains.shape[1])
    while len(gains) >= BLOCKS_MIN:
        values = np.exp(np.minimum(gains, np.float32(esr.GROWTH_MAX))).astype(np.float64)
        error = values.std(axis=0) / np.sqrt(len(values))
        highest = np.maximum(highest, values.mean(axis=0) + ERRORS * error)
        half = len(gains) // 2
        gains = gains[: 2 * half].reshape(half, 2, -1).sum(axis=1)
    curves, bins = alternatives.curves.kept[place], alternatives.bins.kept[place]
    parts = (highest[: curves.size].reshape(curves.shape), curves), (highest[curves.size :].reshape(bins.shape), bins)
    return np.concatenate([np.where(kept, of, 0).max(axis=1, initial=0) for of, kept in parts])
