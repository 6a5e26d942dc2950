"""One column from plain values: quickly when all of them are sound, else by the definition in detectors.columns."""

from collections.abc import Sequence

import numpy as np

from detectors.columns import Column, Flaw, column_of
from detectors.subject import Subject
from service.events.loose import scalar_of

_NUMBERS = {float, int, type(None)}
_TEXTS = {str, type(None)}


def plain_column(subject: Subject, raw: Sequence[object], chars_max: int) -> tuple[Column, dict[Flaw, int]]:
    """Turn JSON values into the column of a subject and count their flaws, as `column_of` does for their scalars.

    >>> from detectors.subject import HEADER
    >>> plain_column(Subject("region", "categorical", HEADER), ["north", 7, None], 256)
    (['north', None, None], {'wrong_type': 1})
    """
    quick = _sound(subject, raw, chars_max)
    if quick is not None:
        return quick, {}
    return column_of(subject, [scalar_of(value, chars_max) for value in raw])


def missing(subject: Subject, events: int) -> Column:
    """Give the column of a subject that events do not have."""
    return np.full(events, np.nan) if subject.kind == "numeric" else [None] * events


def joined(first: Column, second: Column) -> Column:
    """Put one column of a subject behind another."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.concatenate([np.asarray(first, np.float64), np.asarray(second, np.float64)])
    return [*first, *second]


def _sound(subject: Subject, raw: Sequence[object], chars_max: int) -> Column | None:
    """Give the column when no value needs a closer look."""
    kinds = set(map(type, raw))
    if subject.kind == "numeric" and kinds <= _NUMBERS:
        try:
            column = np.array(raw, np.float64)
        except OverflowError:
            return None
        return column if np.isfinite(column).sum() == len(raw) - raw.count(None) else None
    if subject.kind == "categorical" and not subject.codes and kinds <= _TEXTS:
        texts = [value for value in raw if value is None or isinstance(value, str)]
        return texts if all(text is None or len(text) <= chars_max for text in texts) else None
    return None
