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


def temper(build: Callable[[Floats, Places], Alternatives], effects: Floats, ticks: Floats, slots: Places) -> Floats:
    """Raise design effects (S, F) above 1 until no e-value has a mean above 1 over the reference's own ticks.

    `build` makes the alternatives of some monitors from their effects and places; `ticks` (T, S, B) are counts of
    the reference, `slots` (T) theirs. Under the reference the mean of an e-value is at most 1: where it is not, values
    come in bursts which are rarer and larger than their variance says. What looks independent is left so, since chance
    alone takes such a mean above 1 in one of a few monitors.
    """
    effects = effects.copy()
    rows = np.flatnonzero((effects > 1).any(axis=1))
    for _ in range(ROUNDS):
        if not len(rows):
            break
        paid = (effects[rows] > 1) & (_paid(build(effects[rows], rows), ticks, rows, slots) > 1)
        effects[rows] = np.where(paid, effects[rows] * STEP, effects[rows])
        rows = rows[paid.any(axis=1)]
    return effects


def _paid(alternatives: Alternatives, ticks: Floats, rows: Places, slots: Places) -> Floats:
    """Give the largest mean e-value among the alternatives of every feature that are played: (S, F), 0 without any."""
    total = np.zeros((alternatives.monitors, alternatives.size))
    for counts, slot in zip(ticks, slots.tolist(), strict=True):
        total += np.exp(np.minimum(esr.log_ratios(alternatives, counts[rows], slot), esr.GROWTH_MAX))
    mean = total / len(ticks)
    curves, bins = alternatives.curves.kept, alternatives.bins.kept
    split = int(np.prod(curves.shape[1:]))
    parts = (mean[:, :split].reshape(curves.shape), curves), (mean[:, split:].reshape(bins.shape), bins)
    return np.concatenate([np.where(kept, of, 0).max(axis=2, initial=0) for of, kept in parts], axis=1)
