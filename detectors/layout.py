"""Where in a counts vector detectors find what they read, prepared once per baseline so that reading is vectorised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.subject import EVENTS, TAIL, Counts, Subject

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Places of S subjects in vectors of `cells` counts.

    `begins` and `missing` (S each): first value cell, and the cell after the last. `unusable` (S): the PSI bin of
    values that are missing or flawed, which is the last. `bin_of_cell` (cells): the row-major
    place of the cell's PSI bin in a matrix of S rows and `width` columns; cells that are no value go past its end.
    `numeric`: which subjects are numeric; `ranks`: their value cells, one after the other, subject i's at
    `rank_begins[i]` and on. `categorical`: which subjects have an unseen cell.
    """

    cells: int
    width: int
    begins: Places
    missing: Places
    unusable: Places
    bin_of_cell: Places
    numeric: Places
    ranks: Places
    rank_begins: Places
    categorical: Places

    @classmethod
    def of(cls, subjects: Sequence[Subject]) -> "Layout":
        """Prepare the places."""
        cells = subjects[-1].cells.stop if subjects else 0
        bins = [_bins(subject) for subject in subjects]
        width = max((max(places) + 1 for places in bins), default=0)
        bin_of_cell = np.full(cells, len(subjects) * width, np.int64)
        for row, (subject, places) in enumerate(zip(subjects, bins, strict=True)):
            bin_of_cell[subject.start : subject.start + len(places)] = np.array(places) + row * width
        numeric = [row for row, subject in enumerate(subjects) if subject.kind == "numeric"]
        sizes = [subjects[row].value_cells for row in numeric]
        ranks = [np.arange(subjects[row].start, subjects[row].missing) for row in numeric]
        return cls(
            cells=cells,
            width=width,
            begins=np.array([subject.start for subject in subjects], np.int64),
            missing=np.array([subject.missing for subject in subjects], np.int64),
            unusable=np.array([places[-1] for places in bins], np.int64),
            bin_of_cell=bin_of_cell,
            numeric=np.array(numeric, np.int64),
            ranks=np.concatenate([np.zeros(0, np.int64), *ranks]),
            rank_begins=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])[: len(sizes)],
            categorical=np.array([row for row, s in enumerate(subjects) if s.kind == "categorical"], np.int64),
        )

    def bins(self, counts: Counts) -> Floats:
        """Counts per PSI bin, (S, width): value bins, then one bin of values that are missing or unusable, then 0s."""
        size = len(self.begins) * self.width
        weights = counts[: self.cells].astype(np.float64)
        summed = np.asarray(np.bincount(self.bin_of_cell, weights=weights, minlength=size + 1), np.float64)
        return summed[:size].reshape(len(self.begins), self.width)

    def usable(self, counts: Counts) -> Places:
        """Usable values of each subject."""
        running = np.concatenate([[0], np.cumsum(self._values_only(counts))])
        return np.asarray(running[self.missing] - running[self.begins], np.int64)

    def bad_values(self, counts: Counts) -> tuple[Floats, Floats]:
        """Give the bad values of every subject and what they are of, (S, 4) each, in columns by kind.

        Missing, not finite and wrongly typed values are of events; values outside the reference's range (numeric) or
        unseen in it (categorical) are of usable values, and 0 for the other kinds of subjects.
        """
        bad, of = np.zeros((2, len(self.begins), TAIL))
        for step in range(TAIL - 1):
            bad[:, step] = counts[self.missing + step]
        of[:, : TAIL - 1] = counts[EVENTS]
        numeric, categorical = self.numeric, self.categorical
        bad[numeric, -1] = counts[self.begins[numeric]] + counts[self.missing[numeric] - 1]
        bad[categorical, -1] = counts[self.missing[categorical] - 1]
        of[:, -1] = self.usable(counts)
        return bad, of

    def contradictions(self, counts: Counts) -> NDArray[np.bool_]:
        """Which subjects' counts cannot come from `fold`: a negative count, or not one cell per event."""
        values = self._values_only(counts)
        negative = np.concatenate([[0], np.cumsum(values < 0)])
        running = np.concatenate([[0], np.cumsum(values)])
        ends = self.missing + TAIL - 1
        return np.asarray(
            (running[ends] - running[self.begins] != counts[EVENTS]) | (negative[ends] > negative[self.begins])
        )

    def _values_only(self, counts: Counts) -> Counts:
        values = counts[: self.cells].copy()
        values[self.missing + TAIL - 1] = 0
        return values


def _bins(subject: Subject) -> list[int]:
    """Give the PSI bin of each value cell and of missing, not_finite and wrong_type, which share the last bin."""
    if subject.kind == "numeric":
        if len(subject.coarse) != subject.value_cells:
            raise ValueError(f"{subject.name}.coarse: {len(subject.coarse)} bins for {subject.value_cells} cells")
        places = list(subject.coarse)
    else:
        places = list(range(subject.value_cells))
    return places + [max(places) + 1] * (TAIL - 1)
