"""Settings of detectors for the curve of delay against false alarms."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from benchmarks.detection.window_rules import Flags, Floats, Rule, deciles
from detectors import conventional

EVIDENCE = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
PSI_LIMITS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
KS_LIMITS = (0.05, 0.01, 1e-3, 1e-4, 1e-6)


def settings() -> tuple[Mapping[str, float], Mapping[str, Rule]]:
    """Give e-SR's thresholds and the rules, by name."""
    rules: dict[str, Rule] = {f"PSI > {limit:g}": partial(_psi, limit) for limit in PSI_LIMITS}
    rules |= {f"KS p < {limit:g}": partial(_ks, limit) for limit in KS_LIMITS}
    return {f"e-SR {needed:.0e}": needed for needed in EVIDENCE}, rules


def _psi(limit: float, counts: Floats, reference: Floats) -> Flags:
    window, known = deciles(counts, reference)
    return np.asarray(conventional.psi(known, window) > limit)


def _ks(limit: float, counts: Floats, reference: Floats) -> Flags:
    return np.asarray(conventional.ks(reference, counts)[1] < limit)
