"""Settings from one YAML file with the environment laid over it; every mistake is told at once, with its place.

A relative path in the settings is relative to the folder of the file, wherever the service is started from.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from alerting.errors import SecretError
from alerting.marked_yaml import Marked, Value, read
from alerting.secret import secret_of
from service.config_checks import contradictions
from service.config_environment import Overrides, overrides_of, section_of
from service.config_faults import ConfigError, Fault, Place, faults_of
from service.settings import Settings

__all__ = ["ConfigError", "load", "secret"]

_SQLITE = "sqlite:///"

S = TypeVar("S", bound=BaseModel)


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the file (None: only defaults), lay `DRIFTWARDEN_SECTION__KEY` variables over it and check everything.

    Raises ConfigError with all mistakes: what is no strict YAML 1.2, unknown keys and variables, values of a wrong
    type or out of range, settings that contradict each other.

    >>> load(None, {"DRIFTWARDEN_API__PORT": "9000"}).api.port
    9000
    """
    marked = read(_text(path)) if path is not None else Marked()
    overrides = overrides_of(environment)
    place = _Places(path, marked, overrides)
    faults = [Fault(f"{path}:{fault.line}:{fault.column}", fault.problem, fault.fix) for fault in marked.faults]
    faults += overrides.faults
    if marked.value is not None and not isinstance(marked.value, dict):
        faults.append(Fault(f"{path}:1:1", "the file is not a mapping", "Write `section:` and below it `key: value`"))
    tree = _laid_over(marked.value if isinstance(marked.value, dict) else {}, overrides)
    text = json.dumps(tree, default=_as_text, ensure_ascii=False)
    try:
        text.encode()
        settings = Settings.model_validate_json(text, strict=True)
    except UnicodeEncodeError as error:
        half = f"an escape stands for half a character (\\u{ord(text[error.start]):04x})"
        raise ConfigError((*faults, Fault(place(()), half, "Write the character itself"))) from None
    except ValidationError as error:
        raise ConfigError((*faults, *faults_of(error, json.loads(text), place))) from None
    for contradiction in contradictions(settings):
        faults.append(Fault(place(contradiction.path), contradiction.problem, contradiction.fix))
    if faults:
        raise ConfigError(tuple(faults))
    # Not resolve(): Kubernetes mounts files as links into a folder that changes with every edit.
    return settings if path is None else _resolved(settings, path.absolute().parent)


def secret(reference: str, environment: Mapping[str, str]) -> str:
    """Look up `env:NAME` or `file:/path`; raises ConfigError, which never shows the value.

    >>> secret("env:SASL_PASSWORD", {"SASL_PASSWORD": "hunter2"})
    'hunter2'
    """
    try:
        return secret_of(reference, environment)
    except SecretError as fault:
        raise ConfigError((Fault("settings", str(fault), "The service cannot start without it"),)) from fault


class _Places:
    """Says where a setting was written: in which line of the file, or in which variable."""

    def __init__(self, path: Path | None, marked: Marked, overrides: Overrides) -> None:
        self._path = path
        self._marked = marked
        self._overrides = overrides

    def __call__(self, path: Place, *, at_key: bool = False) -> str:
        names = tuple(str(part) for part in path)
        for length in range(len(names), 0, -1):
            if variable := self._overrides.variables.get(names[:length]):
                return f"${variable}"
        if self._path is None:
            return "defaults"
        marks = self._marked.keys if at_key else self._marked.values
        while path and path not in marks:
            path = path[:-1]
        line, column = marks.get(path, (1, 1))
        return f"{self._path}:{line}:{column}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as fault:
        reason = (fault.strerror or type(fault).__name__).lower()
        raise ConfigError(
            (Fault(str(path), f"cannot be read ({reason})", "Check the path and its permissions"),)
        ) from fault
    except UnicodeDecodeError as fault:
        raise ConfigError((Fault(str(path), f"byte {fault.start} is not UTF-8", "Save the file as UTF-8"),)) from fault


def _laid_over(tree: Mapping[str, Value], overrides: Overrides) -> dict[str, Any]:
    """Put the variables' values over the file's; a section with nothing below it is one with its defaults."""
    laid = _opened(tree, Settings)
    for path, value in overrides.values.items():
        place: Any = laid
        for name in path[:-1]:
            place = place.setdefault(name, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[path[-1]] = value
    return laid


def _opened(tree: Mapping[str, Value], section: type[BaseModel]) -> dict[str, Any]:
    """Copy what was written, so that variables can be laid over it."""
    opened: dict[str, Any] = {}
    for name, value in tree.items():
        inner = section_of(section.model_fields[name]) if name in section.model_fields else None
        given = {} if value is None and inner is not None else value
        opened[name] = _opened(given, inner) if isinstance(given, dict) and inner is not None else given
    return opened


def _as_text(value: object) -> str:
    """Write a date as it stood: YAML 1.2 knows none, so whoever wrote one meant its text."""
    assert isinstance(value, date), f"the YAML reader gives only JSON values and dates, not {type(value).__name__}"
    return value.isoformat()


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Anchor relative paths at the folder of the file."""
    anchored = _anchored(settings, folder)
    if file := _sqlite_file(settings.store.url):
        store = settings.store.model_copy(update={"url": f"{_SQLITE}{folder / file}"})
        return anchored.model_copy(update={"store": store})
    return anchored


def _anchored(section: S, folder: Path) -> S:
    changed: dict[str, Any] = {}
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            changed[key] = _anchored(value, folder)
        elif isinstance(value, Path):
            changed[key] = folder / value
        elif isinstance(value, tuple):
            changed[key] = tuple(_anchored(one, folder) if isinstance(one, BaseModel) else one for one in value)
    return section.model_copy(update=changed)


def _sqlite_file(url: str) -> str:
    """Name the file of a SQLite URL with a relative path, "" for any other URL."""
    file = url.removeprefix(_SQLITE)
    return "" if file == url or file.startswith(("/", ":")) else file
