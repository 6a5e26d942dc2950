"""Features of many events of one baseline, as columns: a struct compiled for the baseline reads nearly all of them.

What the struct refuses (a wrong type, an infinity, a name it does not know) is read once more, loosely, so that one
bad value costs its own event some microseconds and no other anything. Both ways give what
`detectors.columns.columns_of` says; a test holds them equal.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta, Raw, Struct

from detectors.columns import Column, Flaw
from detectors.subject import Subject
from service.events.loose import INT64, object_of
from service.events.plain_column import joined, missing, plain_column

EXTRAS_MAX = 64
"""Unknown names that a struct learns to expect; events with further ones are read loosely, each time."""

EXTRA_TIMES_MIN = 4
"""An unknown name is learned when so many events of one batch have it: a model that always sends one more feature."""

_UNNAMEABLE = re.compile(r'[\\"\x00-\x1f]')
"""Names that msgspec cannot compile into a struct; events with such a feature are read loosely."""

_ABSENT = Raw()
_BOOLEANS = {True: "true", False: "false", None: None}
_Tuples: TypeAlias = Sequence[tuple[Any, ...]]


@dataclass(slots=True)
class Features:
    """What was read; `behind` are the places of the events that stand behind all others in the columns, in order."""

    columns: dict[str, Column]
    flaws: dict[tuple[str, Flaw], int] = field(default_factory=dict)
    behind: Sequence[int] = ()
    unknown: int = 0


class FeatureReader:
    """Reads the features of one baseline; `watched` maps each feature's name to its subject."""

    def __init__(self, watched: Mapping[str, Subject], string_chars_max: int) -> None:
        self._watched = watched
        self._chars_max = string_chars_max
        self._extras: list[str] = []
        self._compile()

    def read(self, texts: Sequence[Raw | Mapping[str, object]]) -> Features:
        """Read the features of each event, as they were sent or, where that was no strict JSON, as a mapping."""
        quick: list[Struct] = []
        loose: list[Mapping[str, object]] = []
        behind: list[int] = []
        decode, keep = self._decode, quick.append
        for place, text in enumerate(texts):
            if isinstance(text, Raw):
                try:
                    keep(decode(text))
                except ValueError:
                    loose.append(object_of(text))
                    behind.append(place)
            else:
                loose.append(text)
                behind.append(place)
        features = Features(self._quick_columns(quick), behind=behind)
        if self._extras:
            features.unknown = sum(value is not _ABSENT for value in chain.from_iterable(map(self._extra_of, quick)))
        if loose:
            self._add(loose, features, len(quick))
        return features

    def _quick_columns(self, quick: Sequence[Struct]) -> dict[str, Column]:
        columns: dict[str, Column] = {}
        count = len(self._numeric)
        if count:
            values = chain.from_iterable(map(self._numbers_of, quick))
            matrix = np.fromiter(values, np.float64, count * len(quick)).reshape(len(quick), count)
            columns = dict(zip(self._numeric, matrix.T, strict=True))
        if self._others:
            found: _Tuples = list(zip(*map(self._others_of, quick), strict=True)) or [()] * len(self._others)
            for subject, column in zip(self._others, found, strict=True):
                columns[subject.name] = _texts(subject, column)
        return columns

    def _add(self, loose: Sequence[Mapping[str, object]], features: Features, ahead: int) -> None:
        """Put the events that were read loosely behind the others."""
        for name, subject in self._watched.items():
            column, flaws = plain_column(subject, [tree.get(name) for tree in loose], self._chars_max)
            # The struct has no field for a name it cannot have; no event that it could read has such a feature.
            before = features.columns.get(subject.name, missing(subject, ahead))
            features.columns[subject.name] = joined(before, column)
            features.flaws |= {(subject.name, flaw): times for flaw, times in flaws.items()}
        strange = Counter(name for tree in loose for name in tree if name not in self._watched)
        features.unknown += strange.total()
        often = [name for name, times in strange.items() if times >= EXTRA_TIMES_MIN and _nameable(name)]
        new = [name for name in often if name not in self._extras][: EXTRAS_MAX - len(self._extras)]
        if new:
            self._extras += new
            self._compile()

    def _compile(self) -> None:
        subjects = {name: subject for name, subject in self._watched.items() if _nameable(name)}
        fields = {f"f{place}": name for place, name in enumerate(subjects)}
        extras = {f"e{place}": name for place, name in enumerate(self._extras)}
        struct = msgspec.defstruct(
            "Features",
            [(field, _type(subjects[name], self._chars_max), None) for field, name in fields.items()]
            + [(field, Raw, _ABSENT) for field in extras],
            rename=fields | extras,
            forbid_unknown_fields=True,
            gc=False,
        )
        numeric = [field for field, name in fields.items() if subjects[name].kind == "numeric"]
        others = [field for field, name in fields.items() if subjects[name].kind != "numeric"]
        self._decode: Callable[[Raw], Struct] = msgspec.json.Decoder(struct).decode
        self._numeric = [subjects[fields[field]].name for field in numeric]
        self._others = [subjects[fields[field]] for field in others]
        self._numbers_of = _getter(numeric)
        self._others_of = _getter(others)
        self._extra_of = _getter(list(extras))


def _type(subject: Subject, chars_max: int) -> Any:
    """Give the JSON type that a subject takes without a flaw, which is what msgspec checks for us."""
    integer = Annotated[int, Meta(ge=-INT64, le=INT64 - 1)]
    match subject.kind:
        case "numeric":
            return float | None
        case "boolean":
            return bool | None
        case "categorical":
            return integer | None if subject.codes else Annotated[str, Meta(max_length=chars_max)] | None
        case "opaque":
            return bool | integer | float | str | list[Raw] | dict[str, Raw] | None


def _texts(subject: Subject, column: tuple[Any, ...]) -> Sequence[str | None]:
    """Write a column of the struct's values as the texts that `fold` counts."""
    if subject.kind == "boolean":
        return [_BOOLEANS[value] for value in column]
    if subject.kind == "opaque":
        return [None if value is None else "present" for value in column]
    if subject.codes:
        return [None if value is None else str(value) for value in column]
    return column


def _getter(fields: Sequence[str]) -> Callable[[Struct], tuple[Any, ...]]:
    """Read some fields of a struct as a tuple, also when there is one or none."""
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda struct: tuple(getattr(struct, field) for field in fields)


def _nameable(name: str) -> bool:
    return _UNNAMEABLE.search(name) is None
