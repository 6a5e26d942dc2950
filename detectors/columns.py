"""The values of some events of one stream, turned into columns: what `fold` reads."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.subject import Subject

if TYPE_CHECKING:
    from detectors.baseline import Baseline

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
    keeps its length and `fold` can move it from the missing cell to the flaw's own cell. A subject without a column
    is missing from every event.
    """

    events: int
    values: Mapping[str, Column]
    flaws: Mapping[tuple[str, Flaw], int] = field(default_factory=dict)
    unknown_features: int = 0
    """Values sent under names that the baseline does not know."""


def columns_of(baseline: "Baseline", rows: Sequence[Mapping[str, Scalar]]) -> Columns:
    """Turn raw rows (subject name -> JSON scalar) into columns; this defines what every faster path must equal.

    ```
    subject               absent, null  true/false      integer        float         NaN, infinity  string
    numeric               missing       wrong_type      its value (1)  its value     not_finite     wrong_type
    boolean               missing       "true"/"false"  wrong_type     wrong_type    not_finite     wrong_type
    categorical           missing       wrong_type      wrong_type     wrong_type    not_finite     itself
    categorical (codes)   missing       wrong_type      its digits     digits (2)    not_finite     wrong_type
    opaque                missing       present (3)     present (3)    present (3)   not_finite     itself
    ```
    (1) not_finite when no float can hold it. (2) 7.0 is "7"; 7.5 is wrong_type. (3) as the text Python gives it.
    A numeric string is a string. A value (null too) under a name the baseline does not know adds to unknown_features.
    """
    names = {subject.name for subject in baseline.subjects}
    values: dict[str, Column] = {}
    flaws: dict[tuple[str, Flaw], int] = {}
    for subject in baseline.subjects:
        column, found = column_of(subject, [row.get(subject.name) for row in rows])
        values[subject.name] = column
        flaws |= {(subject.name, flaw): times for flaw, times in found.items()}
    unknown = sum(name not in names for row in rows for name in row)
    return Columns(len(rows), values, flaws, unknown)


def column_of(subject: Subject, raw: Sequence[Scalar]) -> tuple[Column, dict[Flaw, int]]:
    """Turn the raw values of one subject into its column, and count the flawed ones."""
    flaws: dict[Flaw, int] = {}
    usable: list[float | str | None] = []
    for value in raw:
        meaning: float | str | Flaw | None
        if value is None:
            usable.append(None)
            continue
        meaning, flaw = _meaning(subject, value)
        if flaw is not None:
            flaws[flaw] = flaws.get(flaw, 0) + 1
        usable.append(meaning)
    if subject.kind == "numeric":
        return np.array([np.nan if value is None else value for value in usable], np.float64), flaws
    return [None if value is None else str(value) for value in usable], flaws


def with_flaws(subject: Subject, raw: Sequence[Scalar], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move flawed values (raw, one per event), which stand as missing among the cells of the events, to their own."""
    moved = cells.copy()
    for place in np.flatnonzero(cells == subject.missing).tolist():
        if raw[place] is not None:
            _, flaws = column_of(subject, [raw[place]])
            moved[place] += 1 if "not_finite" in flaws else 2
    return moved


def _meaning(subject: Subject, value: float | str | bool) -> tuple[float | str | None, Flaw | None]:
    """Give what one value means to a subject, or the flaw it has."""
    if isinstance(value, float) and not math.isfinite(value):
        return None, "not_finite"
    if subject.kind == "numeric":
        return _number(value)
    if subject.kind == "boolean":
        return (str(value).lower(), None) if isinstance(value, bool) else (None, "wrong_type")
    if subject.kind == "opaque":
        return str(value), None
    if subject.codes:
        if isinstance(value, bool | str) or value != int(value):
            return None, "wrong_type"
        return str(int(value)), None
    return (value, None) if isinstance(value, str) else (None, "wrong_type")


def _number(value: float | str | bool) -> tuple[float | None, Flaw | None]:
    if isinstance(value, bool | str):
        return None, "wrong_type"
    try:
        return float(value), None
    except OverflowError:
        return None, "not_finite"
