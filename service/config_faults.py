"""Mistakes in the settings, in words: where, what was found, what is allowed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from service.settings import Settings

Place: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a setting."""

VALUE_CHARS_MAX = 80

_HIDDEN = {
    "tokens": "Write a list with the keys name, role and sha256 in each entry",
    "sasl_password": "Write env:NAME or file:/path, where the secret is found",
    "password": "Write env:NAME or file:/path, where the password is found",
    "sha256": "Write the SHA-256 of the token, 64 hex digits",
}
_WANTED = {
    "bool_type": "Write true or false",
    "int_type": "Write a whole number",
    "float_type": "Write a number",
    "string_type": "Write a text, in quotes if it looks like something else",
    "tuple_type": "Write a list, [a, b]",
    "dict_type": "Write one `key: value` per line below it",
    "model_type": "Write one `key: value` per line below it",
    "model_attributes_type": "Write one `key: value` per line below it",
}
"""What to write instead, by pydantic's name for the mistake; its own words where there are none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: `where` is file:line:column or a variable."""

    where: str
    problem: str
    fix: str


class ConfigError(Exception):
    """The settings cannot be used; `faults` are all that is wrong with them, in the order of the file."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults = tuple(sorted(faults, key=_line))
        super().__init__("\n".join(f"{fault.where}: {fault.problem}. {fault.fix}" for fault in faults))


def faults_of(error: ValidationError, tree: Mapping[str, Any], where: Callable[..., str]) -> Iterator[Fault]:
    """Put what pydantic found into words; `where` finds the place of a setting."""
    for found in error.errors(include_url=False):
        path = found["loc"]
        name = dotted(path)
        match found["type"]:
            case "extra_forbidden":
                yield Fault(where(path, at_key=True), f"{name}: there is no such setting", _known(path))
            case "missing":
                yield Fault(where(path), f"{name}: is missing", "Add it")
            case _ if _is_section(path):
                told = f"{name}: {_shown(_at(tree, path))} is not a mapping"
                yield Fault(where(path), told, "Write one `key: value` per line below it")
            case _ if (hidden := path[-2] if isinstance(path[-1], int) else path[-1]) in _HIDDEN:
                # Somebody may have written the secret itself, which must not end up in a log.
                yield Fault(where(path), f"{name}: what is there is not allowed", _HIDDEN[str(hidden)])
            case kind:
                told = f"{name}: {_shown(_at(tree, path))} is not allowed"
                wanted = _WANTED.get(kind, found["msg"])
                yield Fault(where(path), told, f"{wanted}{_meant(_at(tree, path), found.get('ctx', {}))}")


def dotted(path: Place) -> str:
    """Write a path as people do.

    >>> dotted(("api", "tokens", 0, "role"))
    'api.tokens[0].role'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def near(word: str, words: list[str], likeness: float = 0.6) -> str:
    """Give the question "did you mean", or nothing.

    >>> near("prot", ["host", "port"])
    'Did you mean `port`? '
    """
    close = get_close_matches(word, words, 1, likeness)
    return f"Did you mean `{close[0]}`? " if close else ""


def _line(fault: Fault) -> tuple[bool, int, int]:
    """Sort by line and column; what is not in the file comes last."""
    _, line, column = f"::{fault.where}".rsplit(":", 2)
    return (False, int(line), int(column)) if line.isdigit() and column.isdigit() else (True, 0, 0)


def _known(path: Place) -> str:
    names = _names(path[:-1])
    elsewhere = [
        f"{section}.{path[-1]}"
        for section, field in Settings.model_fields.items()
        if path[-1] in _fields(field.annotation)
    ]
    if elsewhere and len(path) == 1:
        return f"Did you mean `{elsewhere[0]}`, one level down?"
    return f"{near(str(path[-1]), names)}Known are {', '.join(names)}"


def _meant(value: object, context: Mapping[str, Any]) -> str:
    """Hint at the nearest of the words that are allowed."""
    allowed = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
    hint = near(value, allowed) if isinstance(value, str) else ""
    return f". {hint.strip()}" if hint else ""


def _is_section(path: Place) -> bool:
    return len(path) == 1 and path[0] != "version"


def _names(path: Place) -> list[str]:
    """List the keys that are known at a path."""
    fields = Settings.model_fields
    for part in path:
        if isinstance(part, str) and part in fields:
            fields = _fields(fields[part].annotation)
    return sorted(fields)


def _fields(annotation: Any) -> dict[str, Any]:
    """Find the fields of a section, or of the sections in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields
    inner = [_fields(part) for part in getattr(annotation, "__args__", ())]
    return next((fields for fields in inner if fields), {})


def _at(tree: Mapping[str, Any], path: Place) -> Any:
    found: Any = tree
    for part in path:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[:VALUE_CHARS_MAX]}…"
