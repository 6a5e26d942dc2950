"""Population stability index with a calibrated p-value and an interval, over all subjects of a baseline at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.baseline import Baseline
from detectors.layout import Floats, Places
from detectors.noncentral import lower, upper
from detectors.rates import discounted, greater
from detectors.reading import BinMove, Reading, State
from detectors.subject import Counts
from detectors.words import bin_label, percent, probability, too_few

EXPECTED_MIN = 5.0
"""Adjacent bins are merged until the window is expected to hold this many values in each (Cochran's rule)."""

MOVES = 5
"""Bins named in the evidence."""

SHIFT_MIN, SPREAD_MIN = 0.02, 0.005
"""Change of the mean rank, or of its squared distance from the middle, that is put into words."""


def psi(
    baseline: Baseline,
    reference: Counts,
    window: Counts,
    *,
    window_name: str,
    alpha: float,
    confidence: float,
    floor: float,
    events_min: int,
) -> list[Reading]:
    """Read PSI for every subject: sum over bins of (p - q) ln(p / q), p the window's share and q the reference's.

    Bins are the coarse ones (categories; other; unseen) and one of missing or unusable values. Shares are smoothed by
    Jeffreys' half count. Under no change PSI / v is chi-square with bins - 1 degrees of freedom, v = 1/N + 1/M
    (Yurdakul and Naranjo 2020). The p-value is the greater of that and Pearson's X2 for the same table, which keeps the
    rate of false alarms below alpha down to N = 50 and alpha = 1e-5, where PSI alone is up to nine times above. The
    value is debiased, max(0, PSI - (bins - 1) v); `low` and `high` are noncentral chi-square bounds at `confidence`.

    A window larger than a third of the reference is used, but counts as N = M / 3 in the p-value and in `low` (see
    `detectors.rates.discounted`).
    Drifting when p <= alpha and low >= floor; insufficient when window or reference has fewer than events_min events.
    A reference with one bin that holds nearly everything is compared as that bin against the rest, by Fisher's test.
    """
    layout = baseline.layout
    table = _Table.of(layout.bins(reference), layout.bins(window), confidence)
    chosen = (table.p <= alpha) & (table.low >= floor) & (np.minimum(table.n, table.m) >= events_min)
    evidence = _evidence(baseline, table, np.flatnonzero(chosen))
    columns = (table.n.astype(np.int64), table.m.astype(np.int64), table.value, table.low, table.high, table.p)
    rows = zip(baseline.subjects, *(column.tolist() for column in columns), strict=True)
    readings = []
    for row, (subject, n, m, value, low, high, p) in enumerate(rows):
        if n < events_min or m < events_min:
            why = too_few("events", n, m, events_min)
            readings.append(Reading(subject.name, "psi", window_name, "insufficient", n, m, why=why))
            continue
        why = f"PSI {value:.3g} ({low:.3g} to {high:.3g}), n={n:,}, p {probability(p)}"
        state: State = "ok"
        moves: tuple[BinMove, ...] = ()
        if row in evidence:
            state = "drifting"
            words, moves = evidence[row]
            why += f": {words}"
        readings.append(Reading(subject.name, "psi", window_name, state, n, m, value, low, high, p, floor, why, moves))
    return readings


@dataclass(frozen=True, slots=True)
class _Table:
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
    def of(cls, r: Floats, c: Floats, confidence: float) -> "_Table":
        n, m = c.sum(axis=1), r.sum(axis=1)
        # Without events there is nothing to divide by; such rows are reported as insufficient.
        n_safe, m_safe = np.maximum(n, 1), np.maximum(m, 1)
        groups, sizes, pairs = _groups(r, np.minimum(n_safe, m_safe))
        cg, rg = _merged(c, groups), _merged(r, groups)
        real = np.arange(c.shape[1]) < sizes[:, None]
        p = np.where(real, (cg + 0.5) / (n_safe + 0.5 * sizes)[:, None], 1.0)
        q = np.where(real, (rg + 0.5) / (m_safe + 0.5 * sizes)[:, None], 1.0)
        raw = ((p - q) * np.log(p / q)).sum(axis=1)
        df = (sizes - 1).astype(np.float64)
        counted = discounted(n_safe, m_safe)
        v, v_wide = 1 / n_safe + 1 / m_safe, 1 / counted + 1 / m_safe
        pearson = _pearson(cg, rg, n_safe, m_safe, counted) / v_wide
        chance = np.maximum(special.chdtrc(df, raw / v_wide), special.chdtrc(df, pearson))
        chance[pairs] = _fisher(*(part[pairs] for part in (cg[:, 0], n_safe, rg[:, 0], m_safe, counted)))
        value = np.maximum(0, raw - df * v)
        low = lower(raw / v_wide, df, confidence) * v_wide
        high = upper(raw / v, df, confidence) * v
        shares = r / m_safe[:, None], c / n_safe[:, None]
        return cls(n, m, *shares, value, np.minimum(low, value), np.maximum(high, value), chance)


def _groups(r: Floats, n: Floats) -> tuple[Places, Places, NDArray[np.bool_]]:
    """Merge neighbours from the left until each group expects EXPECTED_MIN of n values; what is left joins the last.

    Returns the group of each bin, the number of groups per subject (at least 2), and which subjects would have had one
    group only: those are split into their fullest bin and the rest.
    """
    expected = r * (n / np.maximum(r.sum(axis=1), 1))[:, None]
    groups = np.zeros(r.shape, np.int64)
    closed = np.zeros(len(r), np.int64)
    held = np.zeros(len(r))
    for place in range(r.shape[1]):
        groups[:, place] = closed
        held += expected[:, place]
        full = held >= EXPECTED_MIN
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


def _fisher(k: Floats, n: Floats, r: Floats, m: Floats, counted: Floats) -> Floats:
    """Two-sided p-value of one bin against the rest."""
    share = counted / n
    more = greater(k * share, counted, r, m)
    fewer = greater((n - k) * share, counted, m - r, m)
    return np.asarray(np.minimum(1, 2 * np.minimum(more, fewer)), np.float64)


def _evidence(baseline: Baseline, table: _Table, rows: Places) -> dict[int, tuple[str, tuple[BinMove, ...]]]:
    """Say of the chosen subjects what moved: in words, and as the bins that contribute most, greatest first."""
    q, p = table.expected[rows], table.observed[rows]
    # Shares of nothing would make every contribution infinite; the order is all that is wanted here.
    weight = (p - q) * np.log((p + 1e-6) / (q + 1e-6))
    places = np.argsort(-weight, axis=1, kind="stable")[:, :MOVES]
    moved = (np.take_along_axis(part, places, axis=1).tolist() for part in (weight, q, p))
    found = {}
    for row, direction, *parts in zip(
        rows.tolist(), _directions(q, p, baseline.layout.unusable[rows]), places.tolist(), *moved, strict=True
    ):
        subject = baseline.subjects[row]
        moves = tuple(
            BinMove(bin_label(subject, place), expected, observed)
            for place, contribution, expected, observed in zip(*parts, strict=True)
            if contribution > 0
        )
        words = [direction] if direction and subject.kind == "numeric" else []
        words += [f"{move.label} {percent(move.expected)} -> {percent(move.observed)}" for move in moves[:2]]
        found[row] = ("; ".join(words), moves)
    return found


def _directions(q: Floats, p: Floats, unusable: Places) -> list[str]:
    """Say where ordered values went, by their mean rank in the reference and its spread; "" when neither moved."""
    values = np.arange(q.shape[1]) < unusable[:, None]
    q, p = np.where(values, q, 0), np.where(values, p, 0)
    q_sum, p_sum = q.sum(axis=1, keepdims=True), p.sum(axis=1, keepdims=True)
    q, p = q / np.where(q_sum > 0, q_sum, 1), p / np.where(p_sum > 0, p_sum, 1)
    rank = np.cumsum(q, axis=1) - q / 2
    shift = ((p - q) * rank).sum(axis=1)
    spread = ((p - q) * (rank - 0.5) ** 2).sum(axis=1)
    words = np.where(spread > 0, "values are wider spread", "values are narrower")
    words = np.where(np.abs(spread) >= SPREAD_MIN, words, "")
    words = np.where(np.abs(shift) >= SHIFT_MIN, np.where(shift > 0, "values are higher", "values are lower"), words)
    known = (q_sum > 0) & (p_sum > 0)
    return [str(word) for word in np.where(known[:, 0], words, "")]
