"""What e-SR bets on: for each monitor a fixed family of ways in which its reference may change, and what each costs."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.block import Block, Floats, shares
from detectors.curves import CURVES, curves_of, legendre
from detectors.single_bins import bins_of, one_bin

RATE_SHIFTS = (0.3, 0.42, 0.6, 0.85, 1.2, 1.7, 2.4, 4.8)
"""Log odds by which a rate may rise, about a factor of 1.4 apart: with wider steps a change between two is missed
where the reference is too small for the lower one."""

REFERENCE_ERROR = 2.5
"""Standard errors by which a reference may be wrong, in the direction of any alternative, without a false alarm."""


@dataclass(frozen=True, slots=True, eq=False)
class Alternatives:
    """The alternatives of S monitors over B bins: `curves` read the three scores of the bins, `bins` the counts.

    `scores` (S, 3, B) are orthonormal under the reference. `number` (S): alternatives played per monitor, 0 where the
    reference is too small for any. `reach` (S): the smallest shift of location, in standard deviations, beyond which
    evidence grows (infinite where there is none). `usual` (S): events of a tick up to which the design effects hold.
    """

    scores: Floats
    curves: Block
    bins: Block
    number: NDArray[np.int64]
    reach: Floats
    usual: Floats

    @property
    def monitors(self) -> int:
        """How many monitors there are."""
        return len(self.number)

    @property
    def size(self) -> int:
        """How many alternatives each monitor has room for."""
        return int(np.prod(self.curves.kept.shape[1:]) + np.prod(self.bins.kept.shape[1:]))


def of_histograms(
    counts: Floats,
    *,
    widths: NDArray[np.int64] | None = None,
    unranked: NDArray[np.bool_] | None = None,
    design_effects: Floats | None = None,
    slopes: Floats | None = None,
    usual: Floats | None = None,
    z: float = REFERENCE_ERROR,
) -> Alternatives:
    """Prepare the alternatives to reference histograms `counts`, (S, B) or (H, S, B) for H slots of time.

    `widths` (S): how many bins each monitor has (B by default); `unranked` (S, B): bins that stand in no order with the
    others, such as that of missing values. `design_effects` (S, 3 + B): by how much the variance of each feature's sum
    exceeds that of independent events (1 by default), in ticks of up to `usual` (S) events (any number by default),
    from where on it grows by `slopes` (S, 3 + B; by default as that of a latent mean). With `z` = 0 the reference is
    taken as known exactly.
    """
    slots = counts if counts.ndim == 3 else counts[None]
    total = slots.sum(axis=0)
    deff = np.ones((total.shape[0], len(CURVES) + total.shape[1])) if design_effects is None else design_effects
    places = np.arange(total.shape[1])
    real = np.broadcast_to(places, total.shape) < (places.size if widths is None else widths[:, None])
    base = shares(total, real)
    scores = legendre(base, real if unranked is None else real & ~unranked)
    curves, reach = curves_of(scores, base, slots, real, deff[:, : len(CURVES)], z)
    bins = bins_of(base, slots, real, deff[:, len(CURVES) :], z)
    if slopes is not None:
        curves = replace(curves, slopes=slopes[:, : len(CURVES)])
        bins = replace(bins, slopes=slopes[:, len(CURVES) :])
    number = curves.kept.sum(axis=(1, 2)) + bins.kept.sum(axis=(1, 2))
    return Alternatives(scores, curves, bins, number, reach, _usual(usual, len(number)))


def of_rates(
    bad: Floats,
    events: Floats,
    *,
    design_effects: Floats | None = None,
    slopes: Floats | None = None,
    usual: Floats | None = None,
    z: float = REFERENCE_ERROR,
) -> Alternatives:
    """Prepare the alternatives in which a rate rises: `bad` of `events` in the reference, (S,) or (H, S) for slots.

    The monitor's histogram has two bins: the bad events, and the others.
    """
    k, m = (part if part.ndim == 2 else part[None] for part in (bad, events))
    monitors = k.shape[1]
    deff = np.ones((monitors, 1)) if design_effects is None else design_effects.reshape(monitors, 1)
    pooled = (k.sum(axis=0) + 0.5) / (m.sum(axis=0) + 1)
    targets = special.expit(special.logit(pooled)[:, None] + np.array(RATE_SHIFTS))[:, None, :]
    block = one_bin(targets, pooled[:, None], k[:, :, None], m[:, :, None], deff, z)
    if slopes is not None:
        block = replace(block, slopes=slopes.reshape(monitors, 1))
    empty = np.zeros((len(k), monitors, 0, 0), np.float32)
    curves = Block(empty, empty, np.zeros((monitors, 0, 0), bool), *np.ones((2, monitors, 0)))
    number = block.kept.sum(axis=(1, 2))
    reach = np.full(monitors, np.inf)
    return Alternatives(np.zeros((monitors, 0, 2)), curves, block, number, reach, _usual(usual, monitors))


def _usual(usual: Floats | None, monitors: int) -> Floats:
    return np.full(monitors, np.inf) if usual is None else usual
