"""Alternatives in which one bin gains or loses events: Bernoulli, against bounds that hold for the rarest bins."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.block import NEVER, Block, Floats

BIN_UP_SIZES, BIN_DOWN_SIZES = (0.04, 0.2), (0.04,)
"""PSI between the reference and the alternatives in which one bin alone gains, or loses, events."""

_STEPS = 30


def bins_of(base: Floats, slots: Floats, real: NDArray[np.bool_], deff: Floats, z: float) -> Block:
    """One bin gains or loses events and the others share the difference in proportion."""
    up = np.stack([_share_at(base, size, up=True) for size in BIN_UP_SIZES], axis=2)
    down = np.stack([_share_at(base, size, up=False) for size in BIN_DOWN_SIZES], axis=2)
    totals = np.broadcast_to(slots.sum(axis=2)[:, :, None], slots.shape)
    block = one_bin(np.concatenate([up, down], axis=2), base, slots, totals, deff, z)
    block.kept[~real] = False
    block.cost[:, ~real] = NEVER
    return block


def one_bin(targets: Floats, base: Floats, k: Floats, m: Floats, deff: Floats, z: float) -> Block:
    """Bernoulli alternatives `targets` (S, F, J) to the shares k / m (H, S, F) of single bins.

    The reference's share is only known to lie between its bounds (Clopper and Pearson 1934) at z standard errors, which
    unlike a standard error stay right for bins that hold next to nothing. An alternative above is held against the
    upper bound, one below against the lower: for every true share within the bounds the e-value's mean is at most 1. It
    is played if the share at which its evidence begins to grow is outside the bounds at 2 z.
    """
    rises = targets > base[:, :, None]
    effective = deff[None]
    low, high = _bounds(k / effective, m / effective, z)
    far_low, far_high = _bounds(k / effective, m / effective, 2 * z)
    at = np.where(rises[None], high[..., None], low[..., None])
    # A slot's own share may lie elsewhere than the pooled one: the alternative keeps its odds against the pooled share.
    odds = special.logit(targets)[None] - special.logit(base)[None, :, :, None]
    target = np.clip(special.expit(special.logit((k + 0.5) / (m + 1))[..., None] + odds), 1e-12, 1 - 1e-9)
    beyond = np.where(rises[None], target > at, target < at)
    tilt = np.where(beyond, special.logit(target) - special.logit(at), 1.0)
    cost = np.log1p(at * np.expm1(tilt))
    grows = cost / tilt
    played = beyond & np.where(rises[None], grows >= far_high[..., None], grows <= far_low[..., None])
    kept = np.asarray(played.any(axis=0))
    tilt = np.where(played, tilt / effective[..., None], 0).astype(np.float32)
    cost = np.where(played, cost / effective[..., None], 0).astype(np.float32)
    cost[:, ~kept] = NEVER
    return Block(tilt, cost, kept, deff, deff - 1)


def _bounds(k: Floats, m: Floats, z: float) -> tuple[Floats, Floats]:
    """Bounds of a share at z standard errors, away from 0 and 1; the smoothed share itself at z = 0."""
    if z == 0:
        share = (k + 0.5) / (m + 1)
        return share, share
    level = float(special.ndtr(z))
    high = special.betaincinv(k + 1, np.maximum(m - k, 1e-9), level)
    low = special.betaincinv(np.maximum(k, 1e-9), m - k + 1, 1 - level)
    return np.clip(low, 1e-12, 1 - 1e-9), np.clip(high, 1e-12, 1 - 1e-9)


def _share_at(q: Floats, size: float, *, up: bool) -> Floats:
    """Find the share above (or below) q whose PSI against it, over that bin and the rest, is `size`."""
    low, high = (q, np.ones(q.shape)) if up else (np.zeros(q.shape), q)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            psi = (middle - q) * (special.logit(middle) - special.logit(q))
        more = (psi < size) == up
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.clip((low + high) / 2, 1e-12, 1 - 1e-9)
