"""Variables that lie over the settings file: `DRIFTWARDEN_API__PORT` is `api.port`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from alerting.marked_yaml import read
from service.config_faults import Fault, near
from service.settings import Settings

PREFIX: Final = "DRIFTWARDEN_"

OTHERS: Final = {
    "DRIFTWARDEN_CONFIG": "Path of the settings file, when no `--config` is given.",
    "DRIFTWARDEN_URL": "Address of the running service that `driftwarden incident` asks.",
    "DRIFTWARDEN_TOKEN": "Your token, which it sends.",
    "DRIFTWARDEN_SECRET_…": "Yours, to keep secrets in: `env:DRIFTWARDEN_SECRET_…` in the settings or the owners.",
    "DRIFTWARDEN_TEST_…": "Read by the test suite, for example `DRIFTWARDEN_TEST_KAFKA`.",
    "DRIFTWARDEN_COMPONENTS": "Folder in which the test suite keeps fetched components.",
    "DRIFTWARDEN_FETCH": "`1` lets the test suite fetch missing components.",
}
"""Variables that are no settings; any other that begins with the prefix is a mistake."""

# Kubernetes gives every pod such variables for every service in its namespace, one called driftwarden included.
_SERVICE_LINK = re.compile(
    r"DRIFTWARDEN_([A-Z0-9_]+_)?(?P<name>SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_[A-Z_]+)?)"
)


@dataclass(slots=True)
class Overrides:
    """Values by the keys that lead to them, the variables they came from, and what is wrong with others."""

    values: dict[tuple[str, ...], Any] = field(default_factory=dict)
    variables: dict[tuple[str, ...], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def overrides_of(environment: Mapping[str, str]) -> Overrides:
    """Read the variables; text is taken as it stands, anything else as YAML (`[a, b]`, `true`, `1.5`)."""
    found = Overrides()
    settings = settings_by_path()
    known = {variable_of(*path): path for path in settings}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or _is_other(variable, environment[variable]):
            continue
        where = known.get(variable)
        if where is None:
            hint = (
                near(variable, list(known), 0.85)
                or "Settings are spelled DRIFTWARDEN_SECTION__KEY; see docs/settings.md"
            )
            found.faults.append(Fault(f"${variable}", "there is no such setting", hint.strip()))
            continue
        found.variables[where] = variable
        found.values[where] = _value(settings[where], environment[variable])
    return found


def variable_of(*path: str) -> str:
    """Name the variable of a setting.

    >>> variable_of("api", "public_url")
    'DRIFTWARDEN_API__PUBLIC_URL'
    """
    return f"{PREFIX}{'__'.join(path)}".upper()


def settings_by_path() -> dict[tuple[str, ...], FieldInfo]:
    """Give every setting by the keys that lead to it: its section, sections within that, its own."""
    return {
        path: setting
        for section, field in Settings.model_fields.items()
        if (inner := section_of(field)) is not None
        for path, setting in _below(inner, (section,))
    }


def section_of(setting: FieldInfo) -> type[BaseModel] | None:
    """Give the model of a setting that is a section of its own; None for one with a value."""
    annotation = setting.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _below(section: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for key, setting in section.model_fields.items():
        inner = section_of(setting)
        if inner is None:
            yield (*path, key), setting
        else:
            yield from _below(inner, (*path, key))


def _is_other(variable: str, value: str) -> bool:
    link = _SERVICE_LINK.fullmatch(variable)
    if link and "__" not in variable and (link["name"] != "PORT" or "://" in value):
        return True
    return any(variable == other or (other.endswith("…") and variable.startswith(other[:-1])) for other in OTHERS)


def _value(setting: FieldInfo, text: str) -> Any:
    if _is_text(setting.annotation):
        return text
    marked = read(text)
    # What is no YAML is passed on as the text it is: the check of its type then says what was wanted.
    return text if marked.faults else marked.value


def _is_text(annotation: Any) -> bool:
    """Whether a setting is a text, a path, or one of some words (or may be absent, if it is not)."""
    parts = get_args(annotation)
    if get_origin(annotation) is None:
        return annotation in (str, Path)
    return all(part is type(None) or isinstance(part, str) or _is_text(part) for part in parts)
