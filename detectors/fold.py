"""Columns to panes: the same function in the service, in fitting and in a distributed job."""

import numpy as np

from detectors.baseline import Baseline
from detectors.columns import Columns
from detectors.subject import Counts


def fold(baseline: Baseline, columns: Columns) -> Counts:
    """Count the values of some events into the cells of a baseline: int64 of shape (baseline.cells,).

    The counts of a set of events are the same however the events are ordered, split into batches and merged.
    DUPLICATES stays 0: only the caller knows what it left out. Raises ValueError when the columns contradict
    themselves (a bug of the caller, never of the sender).
    """
    return baseline.kernel.count(columns)


def merge(a: Counts, b: Counts) -> Counts:
    """Add the counts of two disjoint sets of events; raises ValueError when they are of different baselines."""
    if a.shape != b.shape:
        raise ValueError(f"counts of {a.size} and {b.size} cells are of different baselines")
    return a + b


def zeros(baseline: Baseline) -> Counts:
    """Counts of no events at all."""
    return np.zeros(baseline.cells, np.int64)
