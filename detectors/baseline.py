"""The frozen reference of one model version: the bins of every subject and how the reference fills them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.int64]
"""Integer counts of one stream in one tick, window or reference: shape (Baseline.cells,)."""

SubjectKind: TypeAlias = Literal["numeric", "categorical", "boolean", "opaque"]

EVENTS, DUPLICATES, UNKNOWN_FEATURES, HEADER = 0, 1, 2, 4
"""Cells of the stream itself, at the front of every counts vector; subjects begin at HEADER (cell 3 is kept free)."""

TAIL = 4
"""Cells after the value cells of each subject: missing, not_finite, wrong_type, and the fixed-point sum."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is watched in a stream (a feature, the score, a latency) and its cells in the counts vector.

    numeric: value cell i holds edges[i-1] < x <= edges[i]; the first holds everything below the reference's minimum
    and the last everything above its maximum (that is what `out_of_range` reads). `coarse[i]` is the PSI bin of cell i.
    categorical and boolean: one cell per category, then `other` (rare in the reference), then `unseen`.
    opaque: one value cell (present); `note` says why its values cannot be watched.
    After the value cells come missing, not_finite, wrong_type and zsum: the sum over usable values of
    round(clip((x - center) / scale, -8, 8) * 65536), exact in any order.
    """

    name: str
    kind: SubjectKind
    start: int
    edges: tuple[float, ...] = ()
    coarse: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    center: float = 0.0
    scale: float = 1.0
    note: str = ""

    @property
    def value_cells(self) -> int: ...

    @property
    def cells(self) -> slice: ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """Bins, and the reference's counts per segment ("" is all rows); `id` is a hash of the content."""

    subjects: tuple[Subject, ...]
    reference: Mapping[str, Counts]

    @property
    def cells(self) -> int: ...

    @property
    def id(self) -> str: ...

    def to_json(self) -> str: ...

    @classmethod
    def from_json(cls, text: str) -> "Baseline": ...
