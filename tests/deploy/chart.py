"""The chart, rendered by Helm's own engine, and the schema of its values."""

import json
from pathlib import Path
from typing import Any

import helm_python
from ruamel.yaml import YAML

from service.settings import Settings

CHART = Path(__file__).resolve().parents[2] / "helm" / "driftwarden"
SCHEMA = CHART / "values.schema.json"


def least() -> dict[str, Any]:
    """Give the least values that an installation has to bring."""
    values: dict[str, Any] = YAML(typ="safe").load((CHART / "ci" / "least-values.yaml").read_text(encoding="utf-8"))
    return values


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Render the chart over its defaults and give the objects."""
    with helm_python.Chart.load(CHART) as chart:
        merged = chart.merge_values(values)
        chart.validate_schema(merged)
        texts = chart.render(values, name="watch", namespace="ml")
    yaml = YAML(typ="safe")
    return [
        found
        for name, text in sorted(texts.items())
        if name.endswith(".yaml")
        for found in yaml.load_all(text)
        if found
    ]


def notes(values: dict[str, Any]) -> str:
    """Render what Helm prints after an installation."""
    with helm_python.Chart.load(CHART) as chart:
        texts = chart.render(values, name="watch", namespace="ml")
    return next(text for name, text in texts.items() if name.endswith("NOTES.txt"))


def schema() -> dict[str, Any]:
    """Build the schema of the values: the chart's own part, and the settings' schema word for word for `config`."""
    settings = Settings.model_json_schema(ref_template="#/$defs/{model}")
    parts: dict[str, Any] = settings.pop("$defs")
    kept: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return kept | {"$defs": parts | {"Settings": settings}}
