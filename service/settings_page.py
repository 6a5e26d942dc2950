"""The settings as a page of Markdown; docs/settings.md is this text below its introduction."""

import json
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.config_environment import OTHERS, section_of, variable_of
from service.settings import Settings


def markdown(settings: type[Settings]) -> str:
    """Describe every setting in a table per section, and the variables that are no settings."""
    lines: list[str] = []
    for name, field in settings.model_fields.items():
        section = section_of(field)
        if section is not None:
            lines += _section(section, (name,))
    lines += ["## Variables that are no settings", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{variable}` | {meaning} |" for variable, meaning in OTHERS.items()]
    return "\n".join(lines) + "\n"


def _section(section: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """Describe a section in a table, then what its lists hold, then the sections within it."""
    inner = {key: found for key, field in section.model_fields.items() if (found := section_of(field)) is not None}
    own = {key: setting for key, setting in section.model_fields.items() if key not in inner}
    lines = [f"## {'.'.join(path)}", "", _sentence(section), ""]
    lines += ["| setting | default | meaning | variable |", "|---|---|---|---|"]
    lines += [_row((*path, key), setting) for key, setting in own.items()]
    lines += [""]
    for key, setting in own.items():
        lines += _inner(".".join((*path, key)), setting)
    for key, found in inner.items():
        lines += _section(found, (*path, key))
    return lines


def _row(path: tuple[str, ...], setting: FieldInfo) -> str:
    meaning = f"{setting.description}{_allowed(setting)}"
    return f"| `{'.'.join(path)}` | {_default(setting)} | {meaning} | `{variable_of(*path)}` |"


def _inner(name: str, setting: FieldInfo) -> list[str]:
    """Describe the keys of each entry of a list of sections."""
    for part in get_args(setting.annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            lines = [f"Each entry of `{name}`: {_sentence(part)}", "", "| key | meaning |", "|---|---|"]
            lines += [f"| `{key}` | {inner.description}{_allowed(inner)} |" for key, inner in part.model_fields.items()]
            return [*lines, ""]
    return []


def _sentence(section: type[BaseModel]) -> str:
    return " ".join((section.__doc__ or "").split())


def _default(setting: FieldInfo) -> str:
    value: Any = setting.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value in (None, "", (), {}):
        return "none"
    return f"`{json.dumps(value) if isinstance(value, bool | tuple) else str(value)}`"


def _allowed(setting: FieldInfo) -> str:
    """Say what values are allowed, where a bound or a choice of words limits them."""
    words = _words(setting.annotation)
    if words:
        return f" One of {', '.join(f'`{word}`' for word in words)}."
    if _is_secret(setting):
        return " Written `env:NAME` or `file:/path`."
    bounds = {
        sign: getattr(bound, name)
        for bound in setting.metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
        if getattr(bound, name, None) is not None
    }
    return f" ({' and '.join(f'{sign} {bound}' for sign, bound in bounds.items())})" if bounds else ""


def _words(annotation: Any) -> list[str]:
    parts = get_args(annotation)
    return [str(part) for part in parts] if parts and all(isinstance(part, str) for part in parts) else []


def _is_secret(setting: FieldInfo) -> bool:
    return "(env|file)" in repr((setting.annotation, setting.metadata))
