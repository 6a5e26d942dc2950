"""Alternatives that bend the whole histogram: exponential tilts of the reference along smooth scores of the ranks."""

import numpy as np
from numpy.typing import NDArray

from detectors.block import NEVER, Block, Floats, shares

CURVES = ("location", "scale", "skew")
"""What the first three Legendre polynomials of the reference's ranks stand for."""

SCORES = len(CURVES)
"""Design effects of the scores come before those of the bins."""

CURVE_SIZES = (0.01, 0.04, 0.16, 0.64)
"""PSI between the reference and the alternatives along a curve; each is there upwards and downwards."""

_STEPS = 30


def legendre(base: Floats, ranked: NDArray[np.bool_]) -> Floats:
    """Give the first three polynomials of the mid-ranks of the bins, orthonormal under `base` (S, B): (S, 3, B).

    Bins that are not `ranked` (S, B) score 0, as do the curves that a histogram has too few ranked bins for.
    """
    weight = np.where(ranked, base, 0)
    shares = weight / weight.sum(axis=1, keepdims=True)
    rank = 2 * (np.cumsum(shares, axis=1) - shares / 2) - 1
    done = [np.ones(shares.shape)]
    for degree in range(1, len(CURVES) + 1):
        curve = rank**degree
        for _ in range(2):
            for earlier in done:
                curve = curve - earlier * (shares * earlier * curve).sum(axis=1, keepdims=True)
        norm = np.sqrt((shares * curve**2).sum(axis=1, keepdims=True))
        done.append(np.where(norm > 1e-6, curve / np.maximum(norm, 1e-6), 0.0))
    # Orthonormal among the ranked events; unit variance among all of them needs the share of the ranked.
    unit = 1 / np.sqrt(weight.sum(axis=1))[:, None, None]
    return np.where(ranked[:, None, :], np.stack(done[1:], axis=1) * unit, 0.0)


def curves_of(
    scores: Floats, base: Floats, slots: Floats, real: NDArray[np.bool_], deff: Floats, z: float
) -> tuple[Block, Floats]:
    """Exponential tilts of the reference along each score; the mean that the reference allows is known by its error.

    Per event the e-value is e^(theta f) / E_q[e^(theta f)] / (1 + tau s): its mean is at most 1 for every true
    distribution under which the mean of the likelihood ratio is within tau s of 1, with s its standard deviation.
    """
    theta = _tilts(scores, base)
    exponent = theta[:, :, :, None] * scores[:, :, None, :]
    tilt, cost = (np.zeros((len(slots), *theta.shape), np.float32) for _ in range(2))
    kept = np.zeros(theta.shape, bool)
    reach = np.zeros(len(base))
    for slot, counts in enumerate(slots):
        q = shares(counts, real)[:, None, None, :]
        ratio = np.exp(exponent)
        mean = (q * ratio).sum(axis=3)
        spread = np.sqrt(np.maximum((q * ratio**2).sum(axis=3) / mean**2 - 1, 0))
        tau = (z * np.sqrt(deff / np.maximum(counts.sum(axis=1), 1)[:, None]))[:, :, None]
        played = (spread > 2 * tau) & (theta != 0) & (counts.sum(axis=1) > 0)[:, None, None]
        tilt[slot] = np.where(played, theta / deff[:, :, None], 0)
        cost[slot] = np.where(played, (np.log(mean) + np.log1p(tau * spread)) / deff[:, :, None], 0)
        kept |= played
        seen = np.where(played[:, 0, :], spread[:, 0, :] / 2 + tau[:, 0, :], np.inf)
        reach = np.maximum(reach, seen.min(axis=1, initial=np.inf))
    cost[:, ~kept] = NEVER
    return Block(tilt, cost, kept, deff, deff - 1), reach


def _tilts(scores: Floats, base: Floats) -> Floats:
    """Find theta at which tilting by a score changes the reference by the PSI of each size: (S, 3, 2 sizes)."""
    sizes = np.array(CURVE_SIZES)
    high = np.full((*scores.shape[:2], 2 * len(sizes)), 1.0)
    sign = np.repeat([1.0, -1.0], len(sizes))
    target = np.tile(sizes, 2)
    flat = np.abs(scores).max(axis=2) == 0
    f, q = scores[:, :, None, :], base[:, None, None, :]

    def psi(theta: Floats) -> Floats:
        weights = q * np.exp(np.minimum(theta[..., None] * sign[:, None] * f, 500))
        tilted = (weights * f).sum(axis=3) / weights.sum(axis=3)
        return np.asarray(theta * np.abs(tilted - (q * f).sum(axis=3)))

    low = np.zeros(high.shape)
    high *= 8
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = psi(middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(flat[:, :, None], 0.0, low * sign)
