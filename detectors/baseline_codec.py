"""A baseline as JSON: written by us, read from anywhere, so everything the arithmetic relies on is checked here."""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from detectors.history import History
from detectors.history_codec import history_content, history_from
from detectors.subject import EVENTS, HEADER, Counts, Subject

PLAIN, WITH_HISTORY = 1, 2
"""Versions of the JSON: the second holds a history, which a reader of the first would leave out without a word."""

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

_DEFAULTS = Subject("", "opaque", HEADER)
_TEXTS = ("edges", "coarse", "categories", "others")


class BaselineError(ValueError):
    """A baseline that cannot be used; the message names the field, what it holds and the way out."""


def content_of(
    subjects: Sequence[Subject], reference: Mapping[str, Counts], history: Mapping[str, History]
) -> dict[str, object]:
    """Give the JSON content; fields that hold their default are left out."""
    content: dict[str, object] = {
        "version": WITH_HISTORY if history else PLAIN,
        "subjects": [_subject_content(subject) for subject in subjects],
        "reference": {segment: counts.tolist() for segment, counts in reference.items()},
    }
    return content | {"history": history_content(history)} if history else content


def parts_of(text: str) -> tuple[tuple[Subject, ...], dict[str, Counts], dict[str, History]]:
    """Read and check what `content_of` made; raises BaselineError."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"baseline: not JSON ({error}); fit it again with `driftwarden baseline fit`") from error
    if not isinstance(content, dict):
        raise BaselineError("baseline: not a JSON object; fit it again with `driftwarden baseline fit`")
    version = content.get("version")
    if version not in (PLAIN, WITH_HISTORY):
        raise BaselineError(
            f"version: {version!r} cannot be read by this release, which knows {PLAIN} and {WITH_HISTORY}; "
            "upgrade, or fit the baseline again"
        )
    try:
        subjects = tuple(_subject(item) for item in content["subjects"])
        cells = _checked_cells(subjects)
        reference = {segment: _reference(segment, counts, cells) for segment, counts in content["reference"].items()}
        history = history_from(content.get("history", {}), subjects, cells)
    except BaselineError:
        raise
    except (KeyError, TypeError, AttributeError, OverflowError, ValueError) as error:
        raise BaselineError(f"baseline: a field is absent or of the wrong type ({error}); fit it again") from error
    if "" not in reference:
        raise BaselineError('reference: segment "" (all rows) is absent; fit the baseline again')
    return subjects, reference, history


def _subject_content(subject: Subject) -> dict[str, Json]:
    content: dict[str, Json] = {"name": subject.name, "kind": subject.kind, "start": subject.start}
    for field in (*_TEXTS, "codes", "center", "scale", "note"):
        value = getattr(subject, field)
        if value != getattr(_DEFAULTS, field):
            content[field] = list(value) if isinstance(value, tuple) else value
    return content


def _subject(item: Mapping[str, object]) -> Subject:
    unknown = set(item) - set(Subject.__dataclass_fields__)
    if unknown:
        raise BaselineError(f"subjects: unknown field {sorted(unknown)[0]!r}; fit the baseline again")
    name, kind = item["name"], item["kind"]
    if not isinstance(name, str) or kind not in ("numeric", "categorical", "boolean", "opaque"):
        raise BaselineError(f"subjects: name {name!r} or kind {kind!r} is not known; fit the baseline again")
    subject = Subject(
        name=name,
        kind=kind,
        start=_integer(item["start"]),
        edges=tuple(_number(edge) for edge in _items(item, "edges")),
        coarse=tuple(_integer(number) for number in _items(item, "coarse")),
        categories=tuple(_text(category) for category in _items(item, "categories")),
        others=tuple(_text(category) for category in _items(item, "others")),
        codes=item.get("codes", False) is True,
        center=_number(item.get("center", 0.0)),
        scale=_number(item.get("scale", 1.0)),
        note=_text(item.get("note", "")),
    )
    _check_bins(subject)
    return subject


def _check_bins(subject: Subject) -> None:
    name = subject.name
    if subject.scale <= 0:
        raise BaselineError(f"{name}.scale: {subject.scale} is not above 0; fit the baseline again")
    named = subject.categories + subject.others
    if len(set(named)) != len(named):
        raise BaselineError(f"{name}.categories: a category is listed twice; fit the baseline again")
    if subject.kind != "numeric":
        return
    if not subject.edges or any(a >= b for a, b in pairwise(subject.edges)):
        raise BaselineError(f"{name}.edges: must rise and not be empty; fit the baseline again")
    steps = {b - a for a, b in pairwise(subject.coarse)}
    if len(subject.coarse) != subject.value_cells or subject.coarse[0] != 0 or not steps <= {0, 1}:
        raise BaselineError(f"{name}.coarse: must give each of {subject.value_cells} cells a bin, in order from 0")


def _checked_cells(subjects: Sequence[Subject]) -> int:
    place = HEADER
    for subject in subjects:
        if subject.start != place:
            raise BaselineError(f"{subject.name}.start: {subject.start}, expected {place}; fit the baseline again")
        place = subject.cells.stop
    if len({subject.name for subject in subjects}) != len(subjects):
        raise BaselineError("subjects: a name is listed twice; fit the baseline again")
    return place


def _reference(segment: str, counts: Sequence[object], cells: int) -> Counts:
    vector = np.array([_integer(count) for count in counts], np.int64)
    if len(vector) != cells or vector[EVENTS] < 0:
        raise BaselineError(f"reference[{segment!r}]: {len(vector)} counts, expected {cells}; fit the baseline again")
    return vector


def _items(item: Mapping[str, object], field: str) -> Sequence[object]:
    items = item.get(field, [])
    if not isinstance(items, list):
        raise TypeError(f"{field} is not a list")
    return items


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not an integer")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a finite number")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value
