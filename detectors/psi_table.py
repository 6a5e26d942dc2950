"""PSI of many subjects at once: how bins are merged, the value, its interval and its p-value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.curves import SCORES
from detectors.layout import Floats, Places
from detectors.noncentral import lower, upper
from detectors.rates import discounted, greater

EXPECTED_MIN = 5.0
"""Adjacent bins are merged until the window is expected to hold this many values in each (Cochran's rule)."""

GROWN = 4.0
"""A bin of EXPECTED_MIN values that holds this many times what was expected of it is not merged with its neighbours."""

SMALL_SHARE = 0.1
"""Share of every alpha that is kept for bins too small to be compared with the others."""


@dataclass(frozen=True, slots=True)
class PsiTable:
    """What PSI says of S subjects; `expected` and `observed` are shares before bins are merged, (S, width)."""

    n: Floats
    m: Floats
    expected: Floats
    observed: Floats
    value: Floats
    low: Floats
    high: Floats
    p: Floats

    @classmethod
    def of(
        cls,
        r: Floats,
        c: Floats,
        widths: Places,
        confidence: float,
        effects: Floats | None = None,
        worth: float = 1.0,
    ) -> "PsiTable":
        """Compare windows `c` with references `r`, (S, width) counts each, of which the first `widths` (S) are bins.

        Shares are smoothed by Jeffreys' half count, of as many events as make one independent one. Without a change
        PSI / v is a sum of chi-squares, one per degree of freedom and each times a design effect, v = 1/N + 1/M
        (Yurdakul and Naranjo 2020 for effects of 1; Rao and Scott 1981 for others); it is held against the chi-square
        with the same mean and variance. The value is debiased by that mean; `low` and `high` are noncentral chi-square
        bounds at `confidence`.

        Bins that the window is expected to fill with fewer than EXPECTED_MIN values (independent ones: as many fewer as
        their design effect says) are merged with their neighbours, unless they have GROWN. The p-value does not make
        that exception, which would be looking at the outcome first: it is the greater of PSI's and of Pearson's X2, or
        of the fullest bin against the rest where one group is left. A part of it, SMALL_SHARE, is kept for the small
        bins: Fisher's for the one that grew most, times their number.
        """
        r = r * worth
        n, m = c.sum(axis=1), r.sum(axis=1)
        # Without events there is nothing to divide by; such rows are reported as insufficient.
        n_safe, m_safe = np.maximum(n, 1), np.maximum(m, 1)
        of_bins = np.ones(r.shape) if effects is None else effects[:, SCORES : SCORES + r.shape[1]]
        expected = r * (np.minimum(n_safe, m_safe) / m_safe)[:, None] / of_bins
        small = (expected < EXPECTED_MIN) & (np.arange(r.shape[1]) < widths[:, None])
        chance = _chance(r, c, n_safe, m_safe, expected, small, effects)
        held = c / of_bins
        grown = (held >= EXPECTED_MIN) & (held >= GROWN * expected)
        groups, sizes, _ = _groups(expected, r, grown)
        scale, df = _null(sizes, r / m_safe[:, None], effects)
        raw = _raw(_merged(r, groups), _merged(c, groups), m_safe, n_safe, sizes, scale)
        v, v_wide = 1 / n_safe + 1 / m_safe, 1 / discounted(n_safe, m_safe) + 1 / m_safe
        value = np.maximum(0, raw - scale * df * v)
        low = lower(raw / v_wide / scale, df, confidence) * v_wide * scale
        # Shares that agree better than chance lets them would say that there surely is no change at all.
        high = upper(np.maximum(raw / v / scale, df), df, confidence) * v * scale
        shares = r / m_safe[:, None], c / n_safe[:, None]
        return cls(n, m, *shares, value, np.minimum(low, value), np.maximum(high, value), chance)


def _null(sizes: Places, q: Floats, effects: Floats | None) -> tuple[Floats, Floats]:
    """Give scale and degrees of freedom of the chi-square nearest to PSI / v without a change (Satterthwaite).

    The sum of the design effects is that of (1 - q) d over bins; their squares are those of the three scores, and for
    what is left as if all the rest were equal.
    """
    df = (sizes - 1).astype(np.float64)
    if effects is None:
        return np.ones(df.shape), df
    scores, bins = effects[:, :SCORES], effects[:, SCORES : SCORES + q.shape[1]]
    weights = np.where(q > 0, 1 - q, 0)
    mean = (weights * bins).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    total = np.maximum(df * np.maximum(mean, 1), df)
    known = np.where(np.arange(SCORES) < df[:, None], scores, 0)
    rest = np.maximum(df - SCORES, 0)
    left = np.maximum(total - known.sum(axis=1), rest)
    total = known.sum(axis=1) + left * (rest > 0)
    squares = (known**2).sum(axis=1) + left**2 / np.maximum(rest, 1) * (rest > 0)
    return squares / total, total**2 / squares


def _chance(
    r: Floats,
    c: Floats,
    n: Floats,
    m: Floats,
    expected: Floats,
    small: NDArray[np.bool_],
    effects: Floats | None,
) -> Floats:
    """Give the p-value of no change."""
    groups, sizes, pairs = _groups(expected, r, np.zeros(r.shape, bool))
    cg, rg = _merged(c, groups), _merged(r, groups)
    scale, df = _null(sizes, r / m[:, None], effects)
    raw = _raw(rg, cg, m, n, sizes, scale)
    counted = discounted(n, m)
    v = 1 / counted + 1 / m
    pearson = _pearson(cg, rg, n, m, counted) / v
    chance = np.maximum(special.chdtrc(df, raw / v / scale), special.chdtrc(df, pearson / scale))
    largest = np.ones(len(r)) if effects is None else effects.max(axis=1)
    chance[pairs] = _fisher(*(part[pairs] for part in (cg[:, 0], n, rg[:, 0], m, counted, largest)))
    number = small.sum(axis=1)
    alone = _grown(r, c, n, m, counted, small, largest)
    shared = np.minimum(chance / (1 - SMALL_SHARE), alone * number / SMALL_SHARE)
    return np.asarray(np.where(number, np.minimum(1, shared), chance))


def _grown(
    r: Floats, c: Floats, n: Floats, m: Floats, counted: Floats, small: NDArray[np.bool_], effect: Floats
) -> Floats:
    """Give the least p-value of "this bin has grown" among the small ones, which lie merged with others: (S,)."""
    rows, bins = np.nonzero(small & (c >= EXPECTED_MIN))
    alone = np.ones(len(r))
    if len(rows):
        size, known = counted[rows] / effect[rows], m[rows] / effect[rows]
        p = greater(c[rows, bins] / n[rows] * size, size, r[rows, bins] / effect[rows], known)
        np.minimum.at(alone, rows, p)
    return alone


def _raw(rg: Floats, cg: Floats, m: Floats, n: Floats, sizes: Places, scale: Floats) -> Floats:
    """PSI of shares smoothed by half a count of as many events as make one independent one."""
    real = np.arange(cg.shape[1]) < sizes[:, None]
    half = scale / 2
    p = np.where(real, (cg + half[:, None]) / (n + half * sizes)[:, None], 1.0)
    q = np.where(real, (rg + half[:, None]) / (m + half * sizes)[:, None], 1.0)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1))


def _groups(expected: Floats, r: Floats, apart: NDArray[np.bool_]) -> tuple[Places, Places, NDArray[np.bool_]]:
    """Merge neighbours from the left until each group expects EXPECTED_MIN values; what is left joins the last.

    Bins that stand `apart` are groups of their own. Returns the group of each bin, the number of groups per subject (at
    least 2), and which subjects would have had one group only: those are split into their fullest bin and the rest.
    """
    groups = np.zeros(r.shape, np.int64)
    closed = np.zeros(len(r), np.int64)
    held = np.zeros(len(r))
    for place in range(r.shape[1]):
        alone = apart[:, place]
        if alone.any():
            # What is held joins the group before it, or is one where there is none.
            joins = alone & (held > 0) & (closed > 0)
            groups[:, :place] -= joins[:, None] & (groups[:, :place] == closed[:, None])
            closed += alone & (held > 0) & ~joins
            held[alone] = 0
        groups[:, place] = closed
        held += expected[:, place]
        full = alone | (held >= EXPECTED_MIN)
        closed += full
        held[full] = 0
    sizes = np.maximum(closed, 1)
    groups = np.minimum(groups, (sizes - 1)[:, None])
    pairs = sizes == 1
    fullest = r.argmax(axis=1) if r.size else np.zeros(len(r), np.int64)
    groups[pairs] = np.arange(r.shape[1]) != fullest[pairs, None]
    return groups, np.maximum(sizes, 2), pairs


def _merged(counts: Floats, groups: Places) -> Floats:
    rows, width = counts.shape
    places = groups + np.arange(rows)[:, None] * width
    summed = np.bincount(places.ravel(), weights=counts.ravel(), minlength=rows * width)
    return np.asarray(summed, np.float64).reshape(rows, width)


def _pearson(cg: Floats, rg: Floats, n: Floats, m: Floats, counted: Floats) -> Floats:
    """Pearson's X2 of the two histograms, times v: sum of (p - q)^2 / pooled share."""
    p, q = cg / n[:, None], rg / m[:, None]
    pooled = (p * counted[:, None] + q * m[:, None]) / (counted + m)[:, None]
    return np.asarray(((p - q) ** 2 / np.where(pooled > 0, pooled, 1)).sum(axis=1))


def _fisher(k: Floats, n: Floats, r: Floats, m: Floats, counted: Floats, effect: Floats) -> Floats:
    """Two-sided p-value of one bin against the rest."""
    share = counted / n / effect
    more = greater(k * share, counted / effect, r / effect, m / effect)
    fewer = greater((n - k) * share, counted / effect, (m - r) / effect, m / effect)
    return np.asarray(np.minimum(1, 2 * np.minimum(more, fewer)), np.float64)
