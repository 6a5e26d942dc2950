"""Population stability index with a calibrated p-value and an interval, over all subjects of a baseline at once."""

import numpy as np

from detectors.baseline import Baseline
from detectors.layout import Floats, Places
from detectors.psi_table import PsiTable
from detectors.reading import BinMove, Reading, State
from detectors.subject import Counts
from detectors.words import bin_label, percent, probability, too_few

MOVES = 20
"""Bins of the evidence at most: all that a number has, and of a category the ones that moved most."""

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
    effects: Floats | None = None,
    worth: float = 1.0,
) -> list[Reading]:
    """Read PSI for every subject: sum over bins of (p - q) ln(p / q), p the window's share and q the reference's.

    Bins are the coarse ones (categories; other; unseen) and one of missing or unusable values; `PsiTable` says how they
    are merged, tested and bounded. `effects` (S, 3 + width) are the subjects' design effects, 1 by default; the
    reference's counts are worth `worth` times as many events.

    A window larger than a third of the reference is used, but counts as N = M / 3 in the p-value and in `low` (see
    `detectors.rates.discounted`).
    Drifting when p <= alpha and low >= floor; insufficient when window or reference has fewer than events_min events.
    From the floor on the bins are given whatever p is: evidence of many windows may know better than that of one.
    """
    layout = baseline.layout
    table = PsiTable.of(layout.bins(reference), layout.bins(window), layout.unusable + 1, confidence, effects, worth)
    large = (table.low >= floor) & (np.minimum(table.n, table.m) >= events_min)
    evidence = _evidence(baseline, table, np.flatnonzero(large))
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
            words, moves = evidence[row]
            if p <= alpha:
                state = "drifting"
                why += f": {words}"
        readings.append(Reading(subject.name, "psi", window_name, state, n, m, value, low, high, p, floor, why, moves))
    return readings


def _evidence(baseline: Baseline, table: PsiTable, rows: Places) -> dict[int, tuple[str, tuple[BinMove, ...]]]:
    """Say of the chosen subjects what moved: in words, and its filled bins, those that contribute most first."""
    q, p = table.expected[rows], table.observed[rows]
    # Shares of nothing would make every contribution infinite; the order is all that is wanted here.
    weight = (p - q) * np.log((p + 1e-6) / (q + 1e-6))
    places = np.argsort(-weight, axis=1, kind="stable")[:, :MOVES]
    moved = (np.take_along_axis(part, places, axis=1).tolist() for part in (q, p))
    found = {}
    for row, direction, *parts in zip(
        rows.tolist(), _directions(q, p, baseline.layout.unusable[rows]), places.tolist(), *moved, strict=True
    ):
        subject = baseline.subjects[row]
        moves = tuple(
            BinMove(bin_label(subject, place), expected, observed, place)
            for place, expected, observed in zip(*parts, strict=True)
            if expected or observed
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
