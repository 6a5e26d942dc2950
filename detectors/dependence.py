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

WANDER_SHARE = 1 / 2
"""Least share of the largest design effect that the other features of a histogram have: a location that wanders moves,
by its square, the scale and tails too, too rarely for their variance to show it. With an eighth, episodes of half a
deviation for thirty ticks a day raise eleven alarms where one is allowed; with a half one; with all of it one as well,
and one bin that gains is found three and five times as late as with an eighth."""


def design_effects(ticks: Floats, slots: Slots, reference: Floats, scores: Floats, real: NDArray[np.bool_]) -> Floats:
    """Give the long-run variance of every feature's sum over that of independent events, at least 1: (S, 3 + B).

    `ticks` (T, S, B) are the counts of consecutive ticks of the reference, empty ones too; `slots` (T) the slot of
    each, whose expectation is in `reference` (H, S, B). For blocks of 1, 2, 4, ... ticks, as long as there are
    BLOCKS_MIN, the variance of block sums is held against what independent events give, and the greatest sum against
    the greatest of so many independent ones; the largest ratio counts.
    """
    pooled = shares(reference.sum(axis=0), real)
    # Not smoothed: half a count in a bin that stays empty would be missed anew in every tick, and look like wandering.
    sizes = reference.sum(axis=2, keepdims=True)
    expected = np.where(sizes > 0, reference / np.maximum(sizes, 1), pooled)
    events = ticks.sum(axis=2)
    refitted = _refitted(slots, len(reference))
    means = np.einsum("hsb,sfb->hsf", expected, scores)
    sums = np.einsum("tsb,sfb->tsf", ticks, scores)
    of_scores = _long_run(sums, events[:, :, None] * means[slots], events, np.ones(scores.shape[:2]), refitted)
    of_bins = _counted(ticks, events, expected[slots], pooled * (1 - pooled), refitted)
    found = np.concatenate([of_scores, of_bins], axis=1)
    wander = 1 + (found.max(axis=1, keepdims=True) - 1) * WANDER_SHARE
    # A bin without scores, such as that of missing values, stands apart from the values that wander.
    ranked = np.concatenate([np.ones(scores.shape[:2], bool), (scores != 0).any(axis=1)], axis=1)
    return np.asarray(np.where(ranked, np.maximum(found, wander), found))


def rate_effects(bad: Floats, events: Floats, slots: Slots, reference: Floats, of: Floats) -> Floats:
    """Give the same for R rates: (R,), from `bad` of `events` (T, R) in every tick and in the `reference` (H, R)."""
    pooled = (reference.sum(axis=0) + 0.5) / (of.sum(axis=0) + 1)
    expected = np.where(of > 0, reference / np.maximum(of, 1), pooled)
    unit = (pooled * (1 - pooled))[:, None]
    found = _counted(bad[:, :, None], events, expected[slots][:, :, None], unit, _refitted(slots, len(reference)))
    return np.asarray(found[:, 0])


def _refitted(slots: Slots, number: int) -> float:
    """What the variance is short of since slots were fitted to these very ticks: each came round so many times."""
    if number == 1:
        return len(slots) / max(1, len(slots) - 1)
    rounds = (1 + np.count_nonzero(np.diff(slots))) / number
    return float(rounds / (rounds - 1)) if rounds > 1.5 else 3.0


def _counted(ticks: Floats, events: Floats, share: Floats, unit: Floats, refitted: float) -> Floats:
    """Effects of counts (T, S, F) whose expected shares of the events (T, S) are given."""
    return _long_run(ticks, events[:, :, None] * share, events, unit, refitted, counts=True)


def _long_run(
    seen: Floats, expected: Floats, events: Floats, unit: Floats, refitted: float, *, counts: bool = False
) -> Floats:
    """Give the largest excess of variance, over block lengths, of sums (T, S, F) of features of variance `unit`."""
    found = np.ones(unit.shape)
    length = 1
    while len(seen) // length >= BLOCKS_MIN:
        sums, means, sizes = (_blocks(part, length) for part in (seen, expected, events[:, :, None]))
        found = np.maximum(found, _excess(sums, means, sizes, unit, refitted, counts=counts))
        length *= 2
    return found


def _excess(sums: Floats, means: Floats, sizes: Floats, unit: Floats, refitted: float, *, counts: bool) -> Floats:
    """Give the variance of block sums (blocks, S, F) in units of what independent events have, where it is not chance.

    Uneven blocks are as good as (sum of sizes)^2 / (sum of squared sizes) even ones; and the fewer events a bin has in
    all, the more the variance of its counts varies by itself, as it does for Poisson's.
    """
    total = np.maximum(sizes.sum(axis=0), 1)
    squares = (sums - means) ** 2
    variance = squares.sum(axis=0) * refitted / np.maximum(total * unit, 1e-9)
    spread = 2 * np.maximum((sizes**2).sum(axis=0), 1) / total**2
    free = np.maximum(2 / (spread + 1 / np.maximum(total * unit, 1e-9) if counts else spread), 1)
    real = variance > special.chdtri(free, CHANCE) / free
    if counts:
        real |= _coincident(sums, means)
    sure = np.where(free < BLOCKS_SURE, variance * free / special.chdtri(free, 0.9), variance)
    # The greatest of so many independent sums is about this far from 0: what goes further has heavier tails.
    usual = np.maximum(np.maximum(sizes, sizes.mean(axis=0)) * unit, 1e-9)
    furthest = _deviances(sums, means, sizes) if counts else squares / usual
    peak = furthest.max(axis=0) / (2 * np.log(2 * len(sums)))
    return np.asarray(np.where(real, np.maximum(np.maximum(sure, peak), 1.0), 1.0))


def _coincident(sums: Floats, means: Floats) -> NDArray[np.bool_]:
    """Say of rare counts (blocks, S, F) whether more of them come in one block than chance lets, however few there are.

    The number of pairs is nearly Poisson's where hardly any are expected.
    """
    pairs, expected = (sums * (sums - 1) / 2).sum(axis=0), (means**2).sum(axis=0) / 2
    sparse = expected <= sums.sum(axis=0) / 4
    return np.asarray(sparse & (pairs > 0) & (special.pdtrc(np.maximum(pairs - 1, 0), expected) < CHANCE))


def _deviances(seen: Floats, expected: Floats, sizes: Floats) -> Floats:
    """Twice the log-likelihood ratio of counts against those expected: their squared distance, in the tails too."""
    rest = special.xlogy(sizes - seen, (sizes - seen) / np.maximum(sizes - expected, 1e-9))
    return np.asarray(2 * (special.xlogy(seen, seen / np.maximum(expected, 1e-9)) + rest))


def _blocks(values: Floats, length: int) -> Floats:
    blocks = len(values) // length
    kept = values[: length * blocks]
    return np.asarray(kept.reshape(blocks, length, *values.shape[1:]).sum(axis=1))
