"""Alternatives of one kind, laid out for one multiplication per tick, and the reference's shares they start from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

NEVER = 1e6
"""Cost of an alternative that is not played: it keeps nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """J alternatives for each of F features (a score's sum, a bin's count) of each of S monitors, in H slots of time.

    An event with feature x adds `tilt` x - `cost` to an alternative's log e-value, (H, S, F, J) each; both are already
    divided by the design effect. `kept` (S, F, J): which are played at all; `effects` (S, F): the design effects, and
    `slopes` by how much they grow where there are more events than usual.
    """

    tilt: Singles
    cost: Singles
    kept: NDArray[np.bool_]
    effects: Floats
    slopes: Floats


def shares(counts: Floats, real: NDArray[np.bool_]) -> Floats:
    """Jeffreys-smoothed shares, a negligible one where there is no bin."""
    smoothed = np.where(real, counts + 0.5, 1e-12)
    return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))
