"""e-SR: Shiryaev-Roberts evidence against a frozen reference, for all monitors of a model in one step per tick."""

import numpy as np
from numpy.typing import NDArray

from detectors.alternatives import Alternatives
from detectors.block import Block, Floats, Singles
from detectors.esr_state import EVIDENCE_MAX
from detectors.history import crowded

GROWTH_MAX = 60.0
"""Most that one tick may add to a log e-value: far more than any threshold, and no float overflows."""


def log_ratios(alternatives: Alternatives, counts: Floats, slot: int = 0, ticks: int = 1) -> Singles:
    """Give what the counts of one tick (S, B) add to the log e-value of every alternative: (S, K) float32.

    A tick of more than the usual events is tempered by as much more as its sums may vary more, as do those of clusters
    (Kish 1965). `ticks`: how many the counts are of, where they are of several.
    """
    events = counts.sum(axis=1)
    crowd = events / ticks / alternatives.usual
    scores = np.einsum("sfb,sb->sf", alternatives.scores, counts)
    features = alternatives.bins.kept.shape[1]
    parts = [
        _gains(alternatives.curves, scores, events, crowd, slot),
        _gains(alternatives.bins, counts[:, :features], events, crowd, slot),
    ]
    return np.concatenate(parts, axis=1)


def history_ratios(alternatives: Alternatives, place: int, ticks: Floats, slots: NDArray[np.int64]) -> Singles:
    """Give what each of many ticks (T, B) of one monitor, none above the usual, adds to its alternatives: (T, K)."""
    events = ticks.sum(axis=1).astype(np.float32)[:, None, None]
    of_slot = slots if len(alternatives.bins.tilt) > 1 else np.zeros(1, np.int64)
    parts = []
    for block, features in (
        (alternatives.curves, ticks @ alternatives.scores[place].T),
        (alternatives.bins, ticks[:, : alternatives.bins.kept.shape[1]]),
    ):
        gains = block.tilt[of_slot, place] * features.astype(np.float32)[:, :, None]
        gains -= block.cost[of_slot, place] * events
        parts.append(gains.reshape(len(ticks), -1))
    return np.concatenate(parts, axis=1)


def step(held: Singles, ratios: Singles, events: Floats) -> Singles:
    """Take in one tick: R <- (R + 1) e^l for every alternative; a monitor without events keeps what it has.

    Under any distribution that the reference allows, the mean of R - ticks never rises: summed over T ticks, the
    expected number of times that a (weighted) mean of R reaches A, each time giving up at least A, is at most T / A,
    however monitors depend on each other.
    """
    growth = np.exp(np.minimum(ratios, np.float32(GROWTH_MAX)))
    begun = held + (events > 0).astype(np.float32)[:, None]
    with np.errstate(over="ignore"):
        begun *= growth
    np.minimum(begun, np.float32(EVIDENCE_MAX), out=begun)
    return begun


def evidence(alternatives: Alternatives, held: Singles) -> Floats:
    """Give the evidence of each monitor, the mean of R over its alternatives: (S,), 0 where it has none."""
    return np.asarray(held.sum(axis=1, dtype=np.float64) / np.maximum(alternatives.number, 1))


def nothing(alternatives: Alternatives) -> Singles:
    """No evidence yet: zeros of (S, K) float32."""
    return np.zeros((alternatives.monitors, alternatives.size), np.float32)


def _gains(block: Block, features: Floats, events: Floats, crowd: Floats, slot: int) -> Singles:
    monitors = len(events)
    if not block.kept.size:
        return np.zeros((monitors, 0), np.float32)
    events = events[:, None]
    if (crowd > 1).any():
        worth = block.effects / crowded(block.effects, block.slopes, crowd[:, None])
        features, events = features * worth, events * worth
    gains = block.tilt[slot] * features.astype(np.float32)[:, :, None]
    gains -= block.cost[slot] * events.astype(np.float32)[:, :, None]
    return np.asarray(gains.reshape(monitors, -1))


def onset(ratios: Floats) -> int:
    """Give the tick from which the log ratios (T,) of one alternative add up to most: where its change began.

    The maximum-likelihood change point (Page 1954); the tick counts from the first of `ratios`.

    >>> onset(np.array([-1.0, 0.5, -0.8, 2.0, 3.0]))
    3
    """
    return int(np.argmax(np.cumsum(ratios[::-1])[::-1]))
