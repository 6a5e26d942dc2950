"""Kolmogorov-Smirnov distance between histograms over the same fine cells, with its band and a safe p-value."""

import numpy as np
from scipy import special

from detectors.baseline import Baseline
from detectors.curves import SCORES
from detectors.layout import Floats, Layout, Places
from detectors.rates import discounted
from detectors.reading import BinMove, Reading, State
from detectors.subject import Counts, Subject
from detectors.words import number, percent, probability, too_few


def ks(
    baseline: Baseline,
    reference: Counts,
    window: Counts,
    *,
    window_name: str,
    alpha: float,
    confidence: float,
    distance_min: float,
    events_min: int,
    effects: Floats | None = None,
    worth: float = 1.0,
) -> list[Reading]:
    """Read the KS distance of every numeric subject: the largest difference of the two cumulative shares.

    Only usable values count. Measured at the edges of the fine cells, D is never above the exact distance and below
    it by at most the share of the reference's fullest cell, 1/60 for a continuous reference; values that repeat often
    have cells of their own and lose nothing.

    The p-value is Kolmogorov's asymptotic one for D / sqrt(1/N + 1/M), with N counted as at most M / 3 as in `psi`. On
    cells it is too large, which is safe: an alpha of 1 % is kept at 0.6 % for a continuous subject, at 0.3 % for 14
    equal atoms, near 0 % where four values in five are one atom (PSI sees those undiminished). `low` and `high` are
    D -+ sqrt(ln(4/a) / 2) (1/sqrt(N) + 1/sqrt(M)), a = 1 - confidence: both empirical distributions lie within their
    Dvoretzky-Kiefer-Wolfowitz band (Massart 1990) at once.
    With design effects (`effects`, S x (3 + width), as in `psi`) either side counts as that many times fewer values, by
    the largest of the subject's scores; the reference's counts are worth `worth` times as many.
    Drifting when p <= alpha and low >= distance_min; insufficient below events_min usable values on either side.
    """
    layout = baseline.layout
    if not len(layout.numeric):
        return []
    observed, n = _cumulative(layout, window)
    expected, m = _cumulative(layout, reference)
    distance = np.maximum.reduceat(np.abs(observed - expected), layout.rank_begins)
    effect = np.ones(len(n)) if effects is None else effects[layout.numeric, :SCORES].max(axis=1)
    m = np.round(m * worth).astype(np.int64)
    low, high, p = _uncertainty(distance, n / effect, m / effect, confidence)
    columns = (layout.numeric, n, m, distance, low, high, p)
    readings = []
    for place, (row, size, against, value, low, high, chance) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        name = baseline.subjects[row].name
        if size < events_min or against < events_min:
            why = too_few("usable values", size, against, events_min)
            readings.append(Reading(name, "ks", window_name, "insufficient", size, against, why=why))
            continue
        why = f"KS distance {value:.3g} ({low:.3g} to {high:.3g}), n={size:,}, p {probability(chance)}"
        state: State = "ok"
        moves: tuple[BinMove, ...] = ()
        if chance <= alpha and low >= distance_min:
            state = "drifting"
            move = _widest(baseline.subjects[row], layout.rank_begins[place], observed, expected)
            why += f": {move.label} {percent(move.expected)} -> {percent(move.observed)}"
            moves = (move,)
        readings.append(
            Reading(name, "ks", window_name, state, size, against, value, low, high, chance, distance_min, why, moves)
        )
    return readings


def _uncertainty(distance: Floats, n: Floats, m: Floats, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Give the band around each distance and its p-value."""
    n_real, m_real = np.maximum(n, 1), np.maximum(m, 1)
    p = special.kolmogorov(distance / np.sqrt(1 / discounted(n_real, m_real) + 1 / m_real))
    band = np.sqrt(np.log(4 / (1 - confidence)) / 2) * (1 / np.sqrt(n_real) + 1 / np.sqrt(m_real))
    return np.maximum(0, distance - band), np.minimum(1, distance + band), p


def _cumulative(layout: Layout, counts: Counts) -> tuple[Floats, Places]:
    """Give the cumulative share at every cell of every numeric subject, and each subject's number of values."""
    values = counts[layout.ranks]
    sizes = np.add.reduceat(values, layout.rank_begins)
    lengths = np.diff(np.append(layout.rank_begins, values.size))
    before = np.repeat(np.cumsum(sizes) - sizes, lengths)
    return (np.cumsum(values) - before) / np.repeat(np.maximum(sizes, 1), lengths), sizes


def _widest(subject: Subject, begin: int, observed: Floats, expected: Floats) -> BinMove:
    """Name the value at which the cumulative shares are furthest apart."""
    cells = slice(begin, begin + subject.value_cells - 1)
    place = int(np.abs(observed[cells] - expected[cells]).argmax())
    label = f"<= {number(subject.edges[place])}"
    return BinMove(label, float(expected[cells][place]), float(observed[cells][place]))
