"""The hot path: values of a batch to integer counts, with arrays that are prepared once per baseline."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Columns
from detectors.subject import EVENTS, UNKNOWN_FEATURES, Z_CLIP, Z_UNIT, Counts, Subject

CHUNK = 2_048
"""Events counted at once: larger matrices fall out of the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """Edges, centers and category cells of all subjects of a baseline.

    `edges` end in infinity, so that a NaN lands one cell further: in the missing cell, which follows the value cells.
    """

    cells: int
    names: tuple[str, ...]
    edges: tuple[NDArray[np.float64], ...]
    starts: NDArray[np.int64]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    zsums: NDArray[np.int64]
    rows: tuple[int, ...]
    """Places among all subjects: first of the numeric ones, then of those in `lookups`."""
    lookups: tuple[tuple[str, Mapping[str | None, int], int], ...]
    """(name, cell of each known category and of None, cell of everything else) of the other subjects."""
    flaws: Mapping[str, int]
    """The missing cell of each subject; its flaw cells come right after."""

    @classmethod
    def of(cls, subjects: Sequence[Subject]) -> "Kernel":
        """Prepare the arrays."""
        numeric = [subject for subject in subjects if subject.kind == "numeric"]
        return cls(
            cells=subjects[-1].cells.stop if subjects else UNKNOWN_FEATURES + 2,
            names=tuple(subject.name for subject in numeric),
            edges=tuple(np.array([*subject.edges, np.inf]) for subject in numeric),
            starts=np.array([subject.start for subject in numeric], np.int64),
            centers=np.array([subject.center for subject in numeric]),
            scales=np.array([subject.scale for subject in numeric]),
            zsums=np.array([subject.zsum for subject in numeric], np.int64),
            rows=tuple(sorted(range(len(subjects)), key=lambda row: subjects[row].kind != "numeric")),
            lookups=tuple(_lookup(subject) for subject in subjects if subject.kind != "numeric"),
            flaws={subject.name: subject.missing for subject in subjects},
        )

    def count(self, columns: Columns) -> Counts:
        """Count one batch; raises ValueError when the columns contradict themselves, which is a bug of the caller."""
        counts = np.zeros(self.cells, np.int64)
        counts[EVENTS] = columns.events
        counts[UNKNOWN_FEATURES] = columns.unknown_features
        if self.names and columns.events:
            matrix = self._matrix(columns)
            for begin in range(0, columns.events, CHUNK):
                self._count_numbers(matrix[:, begin : begin + CHUNK], counts)
        for name, cells, elsewhere in self.lookups:
            column = columns.values.get(name)
            if column is None:
                counts[cells[None]] += columns.events
                continue
            if len(column) != columns.events:
                raise ValueError(f"{name}: {len(column)} values for {columns.events} events")
            for value, times in Counter(column).items():
                counts[cells.get(value, elsewhere)] += times
        self._move_flaws(columns, counts)
        return counts

    def cells_of(self, columns: Columns) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Give, subject by subject, its place and the cell of each event's value; flawed values count as missing."""
        for place, (row, matrix) in enumerate(zip(self.rows, self._matrix(columns), strict=False)):
            yield row, self.starts[place] + self.edges[place].searchsorted(matrix, side="left")
        for row, (name, cells, elsewhere) in zip(self.rows[len(self.names) :], self.lookups, strict=True):
            column = columns.values[name]
            yield row, np.fromiter((cells.get(value, elsewhere) for value in column), np.int64, columns.events)

    def _matrix(self, columns: Columns) -> NDArray[np.float64]:
        matrix = np.empty((len(self.names), columns.events))
        for row, name in enumerate(self.names):
            column = columns.values.get(name)
            if column is None:
                matrix[row] = np.nan
                continue
            if len(column) != columns.events:
                raise ValueError(f"{name}: {len(column)} values for {columns.events} events")
            matrix[row] = column
        return matrix

    def _count_numbers(self, matrix: NDArray[np.float64], counts: Counts) -> None:
        cells = np.empty(matrix.shape, np.int64)
        for row, edges in enumerate(self.edges):
            cells[row] = edges.searchsorted(matrix[row], side="left")
        cells += self.starts[:, None]
        counts += np.bincount(cells.ravel(), minlength=self.cells)
        # A value far outside its reference may overflow to infinity here, which the clip brings back.
        with np.errstate(over="ignore"):
            scores = matrix - self.centers[:, None]
            scores /= self.scales[:, None]
        np.clip(scores, -Z_CLIP, Z_CLIP, out=scores)
        scores *= Z_UNIT
        np.rint(scores, out=scores)
        # Whole numbers below 2**53 add up exactly in any order, also as floats: CHUNK * Z_CLIP * Z_UNIT < 2**31.
        counts[self.zsums] += np.nansum(scores, axis=1).astype(np.int64)

    def _move_flaws(self, columns: Columns, counts: Counts) -> None:
        for (name, flaw), times in columns.flaws.items():
            missing = self.flaws[name]
            counts[missing] -= times
            counts[missing + (1 if flaw == "not_finite" else 2)] += times
            if times < 0 or counts[missing] < 0:
                raise ValueError(f"{name}: {times} values are {flaw}, more than stand empty in the column")


def _lookup(subject: Subject) -> tuple[str, Mapping[str | None, int], int]:
    if subject.kind == "opaque":
        return subject.name, {None: subject.missing}, subject.start
    other = subject.start + len(subject.categories)
    cells: dict[str | None, int] = dict.fromkeys(subject.others, other)
    cells |= {category: subject.start + place for place, category in enumerate(subject.categories)}
    cells[None] = subject.missing
    return subject.name, cells, other + 1
