"""`driftwarden schema`, `driftwarden owners schema` and `driftwarden config check`."""

import json
from collections.abc import Mapping
from pathlib import Path

from alerting.ownership_schema import owners_schema
from service.cli.mistakes import check_out
from service.cli.settings import settings_of
from service.events.schema import json_schema
from service.settings import Settings


def print_schema(out: Path | None) -> None:
    """Write the JSON Schema of the events."""
    _print(json_schema(), out)


def print_owners_schema(out: Path | None) -> None:
    """Write the JSON Schema of the ownership table."""
    _print(owners_schema(), out)


def _print(schema: Mapping[str, object], out: Path | None) -> None:
    check_out(out)
    text = json.dumps(schema, indent=2)
    if out is None:
        print(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


def check_config(config: Path | None) -> int:
    """Load the settings, which says what is wrong with them, and print what differs from the defaults."""
    settings = settings_of(config)
    changed = _differences(settings)
    for name, value in changed:
        print(f"{name} = {value}")
    print(f"settings are good; {len(changed)} differ from the default")
    return 0


def _differences(settings: Settings) -> list[tuple[str, object]]:
    defaults = Settings().model_dump()
    changed: list[tuple[str, object]] = []
    for section, values in settings.model_dump(mode="python").items():
        if not isinstance(values, dict):
            continue
        changed += [(f"{section}.{name}", value) for name, value in values.items() if value != defaults[section][name]]
    return changed
