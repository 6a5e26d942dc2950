"""Counts of a reference by step of time, of one tick or of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.block import Floats
from detectors.columns import Columns, Scalar, with_flaws
from detectors.history import LENGTHS, RATES, usual_sizes

Ticks = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Counts of every step of time: PSI bins (T, S, width), and bad values and what they are of (T, S, RATES).

    `usable_per_tick` (LENGTHS, S): the usable values per tick of the window that one of the reference is in on average.
    """

    bins: Floats
    bad: Floats
    of: Floats
    usable_per_tick: Floats

    def rates(self) -> tuple[Floats, Floats]:
        """Give bad values, and what they are of, as of so many rates in a row: (T, S RATES) each."""
        return self.bad.reshape(len(self.bad), -1), self.of.reshape(len(self.of), -1)


def steps_of(
    baseline: Baseline, columns: Columns, rows: Mapping[str, Sequence[Scalar]], since: Ticks, stride: int
) -> Steps:
    """Count into steps of `stride` ticks, of rows that were so many ticks after the first."""
    layout = baseline.layout
    steps, length = since // stride, int(since.max()) // stride + 1
    bins = np.empty((length, len(layout.begins), layout.width))
    bad, of = np.zeros((2, length, len(layout.begins), RATES))
    usable = np.ones((len(LENGTHS), len(layout.begins)))
    of[:, :, : RATES - 1] = np.bincount(steps, minlength=length)[:, None, None]
    for row, plain in baseline.kernel.cells_of(columns):
        subject = baseline.subjects[row]
        cells = with_flaws(subject, rows[subject.name], plain)
        places = layout.bin_of_cell[cells] - row * layout.width
        flat = np.bincount(steps * layout.width + places, minlength=length * layout.width)
        bins[:, row] = flat.reshape(length, layout.width)
        for kind in range(RATES - 1):
            bad[:, row, kind] = np.bincount(steps[cells == subject.missing + kind], minlength=length)
        is_usable = cells < subject.missing
        of[:, row, -1] = np.bincount(steps[is_usable], minlength=length)
        usable[:, row] = usual_sizes(np.bincount(since[is_usable], minlength=1))
        outside = [subject.start, subject.missing - 1] if subject.kind == "numeric" else [subject.missing - 1]
        if subject.kind in ("numeric", "categorical"):
            bad[:, row, -1] = np.bincount(steps[np.isin(cells, outside)], minlength=length)
    return Steps(bins, bad, of, usable)
