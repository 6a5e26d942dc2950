"""Population stability index with a calibrated p-value and an interval, over all subjects of a baseline at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors.baseline import Baseline
from detectors.layout import Floats, Places
from detectors.noncentral import bounds
from detectors.rates import discounted, greater
from detectors.reading import BinMove, Reading, State
from detectors.subject import Counts, Subject
from detectors.words import bin_labels, number, percent, probability, too_few

EXPECTED_MIN = 5.0
"""Adjacent bins are merged until the window is expected to hold this many values in each (Cochran's rule)."""

MOVES = 5
"""Bins named in the evidence."""


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
    rate of false alarms below alpha down to N = 50 and alpha = 1e-5, where either alone is up to nine times above. The
    value is debiased, max(0, PSI - (bins - 1) v); `low` and `high` are noncentral chi-square bounds at `confidence`.

    A window larger than a third of the reference is used, but counts as N = M / 3 in the p-value and in `low` (see
    `detectors.rates.discounted`).
    Drifting when p <= alpha and low >= floor; insufficient when window or reference has fewer than events_min events.
    A reference with one bin that holds nearly everything is compared as that bin against the rest, by Fisher's test.
    """
    table = _Table.of(baseline.layout.bins(reference), baseline.layout.bins(window), confidence)
    columns = (table.n, table.m, table.value, table.low, table.high, table.p)
    rows = zip(baseline.subjects, *(column.tolist() for column in columns), strict=True)
    readings = []
    for row, (subject, events, reference_events, value, low, high, p) in enumerate(rows):
        n, m = round(events), round(reference_events)
        lack = too_few("events", n, m, events_min)
        if lack:
            readings.append(Reading(subject.name, "psi", window_name, "insufficient", n, m, why=lack))
            continue
        why = f"PSI {number(value)} ({number(low)} to {number(high)}), n={n:,}, p {probability(p)}"
        state: State = "ok"
        moves: tuple[BinMove, ...] = ()
        if p <= alpha and low >= floor:
            state = "drifting"
            moves = _moves(subject, table.expected[row], table.observed[row])
            why += f": {_direction(subject, table.expected[row], table.observed[row])}{_most(moves)}"
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
        low = bounds(raw / v_wide, df, confidence)[0] * v_wide
        high = bounds(raw / v, df, confidence)[1] * v
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


def _moves(subject: Subject, expected: Floats, observed: Floats) -> tuple[BinMove, ...]:
    """Give the bins that contribute most, greatest first."""
    labels = bin_labels(subject)
    p, q = observed[: len(labels)], expected[: len(labels)]
    # Shares of nothing would make every contribution infinite; the order is all that is wanted here.
    weight = (p - q) * np.log((p + 1e-6) / (q + 1e-6))
    order = np.argsort(-weight, kind="stable")[:MOVES]
    return tuple(BinMove(labels[place], float(q[place]), float(p[place])) for place in order if p[place] != q[place])


def _direction(subject: Subject, expected: Floats, observed: Floats) -> str:
    """Say where a numeric subject's values went, by their mean rank in the reference (0.5 when unchanged)."""
    if subject.kind != "numeric":
        return ""
    width = subject.coarse[-1] + 1
    q, p = expected[:width], observed[:width]
    if q.sum() <= 0 or p.sum() <= 0:
        return ""
    q, p = q / q.sum(), p / p.sum()
    rank = np.cumsum(q) - q / 2
    shift = float((p - q) @ rank)
    spread = float((p - q) @ (rank - 0.5) ** 2)
    if abs(shift) >= 0.02:
        return f"values are {'higher' if shift > 0 else 'lower'}; "
    if abs(spread) >= 0.005:
        return f"values are {'wider' if spread > 0 else 'narrower'} spread; "
    return ""


def _most(moves: tuple[BinMove, ...]) -> str:
    return ", ".join(f"{move.label} {percent(move.expected)} -> {percent(move.observed)}" for move in moves[:2])
