"""One watched thing of a stream and its place in the counts vector that every part of the service shares."""

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

Z_CLIP, Z_UNIT = 8.0, 65_536
"""A value adds round(clip((x - center) / scale, -Z_CLIP, Z_CLIP) * Z_UNIT) to its subject's fixed-point sum."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is watched in a stream (a feature, the score, a latency) and its cells in the counts vector.

    numeric: value cell i holds edges[i-1] < x <= edges[i]; the first holds everything below the reference's minimum
    and the last everything above its maximum (that is what `out_of_range` reads). `coarse[i]` is the PSI bin of cell i.
    categorical and boolean: one cell per category, then `other` (`others`: rare in the reference), then `unseen`.
    opaque: one value cell (present); `note` says why its values cannot be watched.
    After the value cells come missing, not_finite, wrong_type and zsum: the sum over usable values of
    round(clip((x - center) / scale, -8, 8) * 65536), exact in any order. `codes` marks a categorical subject whose
    reference held integer codes: the integer 7 then stands for the category "7".
    """

    name: str
    kind: SubjectKind
    start: int
    edges: tuple[float, ...] = ()
    coarse: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    codes: bool = False
    center: float = 0.0
    scale: float = 1.0
    note: str = ""

    @property
    def value_cells(self) -> int:
        """Cells that hold usable values.

        >>> Subject("age", "numeric", HEADER, edges=(17.9, 40.0, 90.0), coarse=(0, 0, 1, 1)).value_cells
        4
        """
        if self.kind == "numeric":
            return len(self.edges) + 1
        return 1 if self.kind == "opaque" else len(self.categories) + 2

    @property
    def cells(self) -> slice:
        """All cells of the subject, value cells first."""
        return slice(self.start, self.start + self.value_cells + TAIL)

    @property
    def missing(self) -> int:
        """The cell of missing values; not_finite, wrong_type and the fixed-point sum are the three after it."""
        return self.start + self.value_cells

    @property
    def zsum(self) -> int:
        """The cell of the fixed-point sum."""
        return self.start + self.value_cells + TAIL - 1
