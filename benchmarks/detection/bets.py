"""Bets that the mean of a number that is never negative has risen: the same evidence as e-SR's, on values, not on bins.

A bin counts how many events are beyond an edge, and not how far. An event x bet on with share b of the stake is worth
1 + b (x / m - 1): its mean is at most 1 for every distribution, however heavy its tail, whose mean is at most m
(Waudby-Smith and Ramdas 2024). Here m is the reference's mean and REFERENCE_ERROR of its standard errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.per_event import Flags, Floats, Singles
from detectors.alternatives import REFERENCE_ERROR
from detectors.esr import step

POWERS = (2, 4)
"""Powers of the error that are bet on: the fourth sees a few events that are far out long before the square does."""

STAKES = (0.01, 0.03, 0.1, 0.3)
"""Shares of the stake: the small ones grow slowly under a small change, the great ones fast under a great one."""


@dataclass(slots=True)
class Bets:
    """S streams: `gains` (T, S, K) is what every event adds to each bet's log e-value."""

    gains: Singles
    held: Singles

    def take(self, event: int) -> Floats:
        """Take in one event of every stream."""
        gains = self.gains[event]
        self.held = step(self.held, gains, np.ones(len(gains)))
        return np.asarray(self.held.mean(axis=1, dtype=np.float64))

    def clear(self, streams: Flags) -> None:
        """Begin these streams anew."""
        self.held[streams] = 0


def of_magnitudes(references: Sequence[Floats], values: Floats, z: float = REFERENCE_ERROR) -> Bets:
    """Watch S streams of errors (T, S) for larger ones, against the errors of their references."""
    gains: list[NDArray[np.float32]] = []
    for power in POWERS:
        known = [np.abs(reference) ** power for reference in references]
        mean = np.array([part.mean() + z * part.std() / np.sqrt(part.size) for part in known])
        excess = np.abs(values) ** power / mean - 1
        gains += [np.log1p(stake * excess).astype(np.float32) for stake in STAKES]
    stacked = np.stack(gains, axis=2)
    return Bets(stacked, np.zeros(stacked.shape[1:], np.float32))
