"""From what pydantic says about a piece of the table to what its author needs to know."""

import difflib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from alerting.marked_yaml import Marked, Path, Value
from alerting.ownership import ROLES
from alerting.ownership_wire import WireContact, WireFamily, WireMatch, WireParty, WireRule, WireWebhook

T = TypeVar("T")

_KINDS = {"str": "text", "bool": "true/false", "int": "a number", "float": "a number", "date": "a date",
          "list": "a list", "dict": "a mapping", "NoneType": "empty"}  # fmt: skip


def validated(adapter: TypeAdapter[T], value: Value, path: Path, marked: Marked) -> T | None:
    """Validate one piece; what is wrong is noted at its own place, and None comes back."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        for detail in _once(error.errors(include_url=False)):
            _note(detail, path, marked)
        return None


def _once(details: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out what a union says once more for its other branches."""
    seen = set()
    for detail in details:
        place = tuple(part for part in detail["loc"] if not _is_branch(part))
        if place not in seen:
            seen.add(place)
            yield detail


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in ("str", "[key]") or "[" in part)


def _note(detail: ErrorDetails, path: Path, marked: Marked) -> None:
    full: Path = path
    for part in detail["loc"]:
        if (*full, part) in marked.values or detail["type"] == "missing":
            full = (*full, part)
    shown = ".".join(str(part) for part in full)
    value = detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            marked.fault(full, f"unknown field {full[-1]!r}", _nearest(str(full[-1])), at_key=True)
        case "missing":
            marked.fault(full[:-1], f"{shown} is missing", "Add it")
        case "too_short" | "string_too_short":
            marked.fault(full, f"{shown} is empty", "Give at least one")
        case "value_error":
            problem, _, fix = str(detail["ctx"]["error"]).partition("|")
            marked.fault(full, f"{shown}: {problem}", fix or "Mend it")
        case "literal_error":
            marked.fault(full, f"unknown role {value!r}", f"Use one of {', '.join(ROLES)}", at_key=True)
        case "string_type" if isinstance(value, bool | int | float) or _kind(value) == "a date":
            marked.fault(full, f"{shown} is {_kind(value)} ({value}), where text is wanted", "Write it in quotes")
        case _:
            said = detail["msg"].removeprefix("Input ").rstrip(".")
            marked.fault(full, f"{shown} is {_kind(value)}: it {said}", "Write it as docs/owners.md shows")


def _kind(value: object) -> str:
    return _KINDS.get(type(value).__name__, type(value).__name__)


def _nearest(name: str) -> str:
    models = (WireParty, WireContact, WireWebhook, WireRule, WireMatch, WireFamily)
    known = sorted({field for model in models for field in model.model_fields})
    near = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {near[0]!r}?" if near else "Remove it: nothing would read it"
