"""From what pydantic says about a piece of the table to what its author needs to know."""

import difflib
from datetime import date
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from alerting.contact_wire import WireContact, WireGoAlert, WirePagerDuty, WireSlack, WireWebhook
from alerting.escalation_wire import WirePolicy, WireTier
from alerting.marked_yaml import Marked, Path, Value
from alerting.ownership import ROLES
from alerting.ownership_wire import WireAllowance, WireFamily, WireMatch, WireNobody, WireParty, WireRule

T = TypeVar("T")

_KINDS = {"str": "text", "bool": "true/false", "int": "a number", "float": "a number", "date": "a date",
          "list": "a list", "dict": "a mapping", "NoneType": "empty"}  # fmt: skip


_CONTACTS: dict[str, type[BaseModel]] = {
    "webhook": WireWebhook, "slack": WireSlack, "pagerduty": WirePagerDuty, "goalert": WireGoAlert,
}  # fmt: skip

_WANTED = {
    "list_type": "Write a list: [one, another]",
    "dict_type": "Write a mapping: {name: value}",
    "model_type": "Write a mapping: {name: value}",
    "mapping_type": "Write a mapping: {name: value}",
    "string_type": "Write text",
    "date_type": 'Write it like "2027-03-31"',
}


def validated(adapter: TypeAdapter[T], value: Value, path: Path, marked: Marked) -> T | None:
    """Validate one piece; what is wrong is noted at its own place, and None comes back."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        found = [(_path(detail, path, marked), detail) for detail in error.errors(include_url=False)]
        for place, detail in found:
            # A field that may be of two kinds is complained about for both: the complaint that goes deeper is meant.
            if not any(len(other) > len(place) and other[: len(place)] == place for other, _ in found):
                _note(detail, place, marked)
        return None


def said(value: Value) -> str:
    """Say what a value is where something else was wanted."""
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else repr(value)


def _path(detail: ErrorDetails, path: Path, marked: Marked) -> Path:
    """Say where in the file it is; pydantic's names for the kinds of a union are not in the file and drop out."""
    for part in detail["loc"]:
        if (*path, part) in marked.values:
            path = (*path, part)
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path


def _note(detail: ErrorDetails, path: Path, marked: Marked) -> None:
    shown = ".".join(str(part) for part in path)
    value = detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            marked.fault(path, f"unknown field {path[-1]!r}", _nearest(path), at_key=True)
        case "missing":
            marked.fault(path[:-1], f"{shown} is missing", "Add it")
        case "too_short" | "string_too_short":
            marked.fault(path, f"{shown} is empty", "Give at least one")
        case "too_long" | "string_too_long":
            marked.fault(path, f"{shown} is too long", f"Give at most {detail['ctx']['max_length']}")
        case "value_error":
            problem, _, fix = str(detail["ctx"]["error"]).partition("|")
            marked.fault(path, f"{shown}: {problem}", fix or "Mend it")
        case "literal_error":
            marked.fault(path, f"unknown role {value!r}", f"Use one of {', '.join(ROLES)}", at_key=path in marked.keys)
        case "string_type" if isinstance(value, bool | int | float | date):
            marked.fault(path, f"{shown} is {_kind(value)} ({value}), where text is wanted", "Write it in quotes")
        case kind:
            said = detail["msg"].removeprefix("Input ").rstrip(".").lower()
            marked.fault(path, f"{shown} is {_kind(value)} ({said})", _WANTED.get(kind, "Change it accordingly"))


def _kind(value: object) -> str:
    return _KINDS.get(type(value).__name__, type(value).__name__)


def _nearest(path: Path) -> str:
    known = _fields(path[:-1])
    near = difflib.get_close_matches(str(path[-1]), known, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(known)}"


def _fields(place: Path) -> list[str]:
    """Name the fields there are at a place of the table."""
    match place:
        case ("parties", _, "contacts", _, kind) if kind in _CONTACTS:
            return list(_CONTACTS[str(kind)].model_fields)
        case ("parties", _, "contacts", _):
            return list(WireContact.model_fields)
        case ("parties", _, "false_alarms"):
            return list(WireAllowance.model_fields)
        case ("parties", _):
            return list(WireParty.model_fields)
        case ("rules", _, "match"):
            return list(WireMatch.model_fields)
        case ("rules", _, "assign", _):
            return list(WireNobody.model_fields)
        case ("rules", _):
            return list(WireRule.model_fields)
        case ("policies", _, _):
            return list(WireTier.model_fields)
        case ("policies", _):
            return list(WirePolicy.model_fields)
        case _:
            return list(WireFamily.model_fields)
