"""The values of some events of one stream, turned into columns: what `fold` reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scalar: TypeAlias = float | int | str | bool | None
"""A JSON scalar as a model service may send it for one feature."""

Flaw: TypeAlias = Literal["not_finite", "wrong_type"]
"""Why a value that was sent could not be used; a value that was not sent (or null) is missing, not flawed."""

Column: TypeAlias = NDArray[np.float64] | Sequence[str | None]
"""Numeric subjects: float64 of shape (events,), NaN where there is no usable value. Others: strings, None likewise."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The usable values of `events` events of one stream, one column per subject of its baseline.

    A flawed value stands as missing (NaN or None) in its column and is counted in `flaws`, so that every column
    keeps its length and `fold` can move it from the missing cell to the flaw's own cell.
    """

    events: int
    values: Mapping[str, Column]
    flaws: Mapping[tuple[str, Flaw], int] = field(default_factory=dict)
    unknown_features: int = 0
    """Values sent under names that the baseline does not know."""
