"""What the reference's order in time says: by how much its ticks vary more than independent events, and its seasons."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.block import Floats, shares

Slots = NDArray[np.int64]

BLOCKS_MIN = 8
"""Blocks of time that an estimate of their variance takes."""

BLOCKS_SURE = 30
"""With fewer blocks the upper bound of the variance is used, at one chance in ten."""

CHANCE = 0.001
"""A variance that independent events would give more often than this counts as theirs."""

WANDER_SHARE = 1 / 8
"""Least share of the largest design effect that the other features of a histogram have: a location that wanders by
several deviations moves, by its square, the scale and tails too, too rarely for their variance to show it."""


def design_effects(ticks: Floats, slots: Slots, reference: Floats, scores: Floats, real: NDArray[np.bool_]) -> Floats:
    """Give the long-run variance of every feature's sum over that of independent events, at least 1: (S, 3 + B).

    `ticks` (T, S, B) are the counts of consecutive ticks of the reference, empty ones too; `slots` (T) the slot of
    each, whose expectation is in `reference` (H, S, B). For blocks of 1, 2, 4, ... ticks, as long as there are
    BLOCKS_MIN, the variance of block sums is held against what independent events give, and the greatest sum against
    the greatest of so many normal ones; the largest ratio counts.
    """
    pooled = shares(reference.sum(axis=0), real)
    # Not smoothed: half a count in a bin that stays empty would be missed anew in every tick, and look like wandering.
    sizes = reference.sum(axis=2, keepdims=True)
    base = np.where(sizes > 0, reference / np.maximum(sizes, 1), pooled)
    events = ticks.sum(axis=2)
    expected = np.einsum("hsfb->hsf", scores[None] * base[:, :, None, :])
    single = ticks - events[:, :, None] * base[slots]
    sums = np.einsum("tsb,sfb->tsf", ticks, scores) - events[:, :, None] * expected[slots]
    deviations = np.concatenate([sums, single], axis=2)
    unit = np.concatenate([np.ones((*scores.shape[:2],)), pooled * (1 - pooled)], axis=1)
    # Slots were fitted to these very ticks, which takes part of the variance away.
    fitted = len(ticks) / max(1, len(ticks) - len(reference))
    found = np.ones(unit.shape)
    length = 1
    while len(ticks) // length >= BLOCKS_MIN:
        blocks = len(ticks) // length
        size = _blocks(events, length, blocks).mean(axis=0)[:, None]
        squares = _blocks(deviations, length, blocks) ** 2 * fitted / np.maximum(size * unit, 1e-9)
        found = np.maximum(found, _excess(squares))
        length *= 2
    wander = 1 + (found.max(axis=1, keepdims=True) - 1) * WANDER_SHARE
    # A bin without scores, such as that of missing values, stands apart from the values that wander.
    ranked = np.concatenate([np.ones(scores.shape[:2], bool), (scores != 0).any(axis=1)], axis=1)
    return np.asarray(np.where(ranked, np.maximum(found, wander), found))


def _excess(squares: Floats) -> Floats:
    """Give the variance of standardised block sums, whose squares are given (blocks, S, F), where it is not chance."""
    blocks = len(squares)
    variance = squares.mean(axis=0)
    real = variance > special.chdtri(blocks, CHANCE) / blocks
    if blocks < BLOCKS_SURE:
        variance = variance * blocks / special.chdtri(blocks, 0.9)
    # The greatest of so many normal sums is about this many variances from 0: what goes further has heavier tails.
    peak = squares.max(axis=0) / (2 * np.log(2 * blocks))
    return np.asarray(np.where(real, np.maximum(variance, peak), 1.0))


def _blocks(values: Floats, length: int, blocks: int) -> Floats:
    kept = values[: length * blocks]
    return np.asarray(kept.reshape(blocks, length, *values.shape[1:]).sum(axis=1))
