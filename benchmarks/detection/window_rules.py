"""The usual rules on one window at a time, over many monitors at once: which of them would have alarmed.

Each is called with the counts of a window and of the reference, (S, B) each, and says so of every monitor: (S,).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from detectors import conventional

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Rule: TypeAlias = Callable[[Floats, Floats], Flags]

DECILES = 10


def window_rules() -> Mapping[str, Rule]:
    """Rules that have seen nothing yet, for one fleet: one of them remembers the windows before."""
    return {
        "PSI > .1": lambda counts, reference: _psi(counts, reference) > 0.1,
        "PSI > .2": lambda counts, reference: _psi(counts, reference) > 0.2,
        "KS p < .05": _ks,
        "KS p < .05, 3 in a row": InARow(3, _ks),
        "BH 5 %": lambda counts, reference: benjamini_hochberg(psi_p(counts, reference), 0.05),
    }


@dataclass(slots=True)
class InARow:
    """A rule that alarms once another has held in `times` windows in succession, and begins anew after it."""

    times: int
    rule: Rule
    _held: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __call__(self, counts: Floats, reference: Floats) -> Flags:
        """Take in one window."""
        now = self.rule(counts, reference)
        held = self._held if self._held.shape == now.shape else np.zeros(now.shape, np.int64)
        held = np.where(now, held + 1, 0)
        alarmed = held >= self.times
        self._held = np.where(alarmed, 0, held)
        return alarmed


def psi_p(counts: Floats, reference: Floats) -> Floats:
    """PSI's p-value: over 1/N + 1/M it is chi-square (Yurdakul and Naranjo 2020), shares smoothed by half a count."""
    c, r = deciles(counts, reference)
    real = r > 0
    bins = real.sum(axis=1)
    n, m = c.sum(axis=1), r.sum(axis=1)
    p = np.where(real, (c + 0.5) / (n + bins / 2)[:, None], 1.0)
    q = np.where(real, (r + 0.5) / (m + bins / 2)[:, None], 1.0)
    value = ((p - q) * np.log(p / q)).sum(axis=1) / (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1))
    return np.where(n > 0, special.chdtrc(np.maximum(bins - 1, 1), value), 1.0)


def benjamini_hochberg(p: Floats, level: float) -> Flags:
    """Which of the p-values are significant when a share of `level` of those may be false (1995)."""
    order = np.argsort(p)
    below = p[order] <= level * np.arange(1, len(p) + 1) / len(p)
    last = int(np.flatnonzero(below).max(initial=-1))
    chosen = np.zeros(len(p), bool)
    chosen[order[: last + 1]] = True
    return chosen


def deciles(counts: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Merge bins into the tenths of the reference that their middles lie in: the bins that the usual PSI is of."""
    shares = reference / np.maximum(reference.sum(axis=1, keepdims=True), 1)
    middles = np.cumsum(shares, axis=1) - shares / 2
    tenth = np.minimum((middles * DECILES).astype(np.int64), DECILES - 1)
    flat = (tenth + np.arange(len(counts))[:, None] * DECILES).ravel()

    def merged(part: Floats) -> Floats:
        return np.asarray(np.bincount(flat, part.ravel(), len(counts) * DECILES), np.float64).reshape(-1, DECILES)

    return merged(counts), merged(reference)


def _psi(counts: Floats, reference: Floats) -> Floats:
    window, known = deciles(counts, reference)
    return conventional.psi(known, window)


def _ks(counts: Floats, reference: Floats) -> Flags:
    return np.asarray(conventional.ks(reference, counts)[1] < 0.05)
