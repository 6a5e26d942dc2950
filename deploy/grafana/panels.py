"""The parts of the Grafana board: panels, variables, and where each panel stands.

Source of the format: Grafana's dashboard JSON model, schema version 41.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias

Json: TypeAlias = dict[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
Row: TypeAlias = tuple[str, int, list[dict[str, "Json"]]]
"""A row's title, the height of its panels in grid units, and its panels in reading order."""

COLUMNS = 24
"""Grafana's grid is this wide."""

SOURCE: Json = {"type": "prometheus", "uid": "driftwarden-prometheus"}

_BESIDE_MAX = 4
"""More panels than these on one line are too narrow for their legends."""


def laid_out(rows: Sequence[Row]) -> Iterator[dict[str, Json]]:
    """Put the panels of each row side by side, on as many lines as keep them readable, the rows one below the other."""
    numbers, y = count(1), 0
    for title, height, panels in rows:
        place: Json = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {"id": next(numbers), "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        y += 1
        for line in _lines(panels):
            width = COLUMNS // len(line)
            for column, panel in enumerate(line):
                yield panel | {"id": next(numbers), "gridPos": {"x": column * width, "y": y, "w": width, "h": height}}
            y += height


def _lines(panels: Sequence[dict[str, Json]]) -> Iterator[Sequence[dict[str, Json]]]:
    """Split panels into lines of nearly one length."""
    beside = _BESIDE_MAX if all(panel["type"] != "stat" for panel in panels) else len(panels)
    lines = -(-len(panels) // beside)
    begin = 0
    for number in range(lines):
        end = -(-len(panels) * (number + 1) // lines)
        yield panels[begin:end]
        begin = end


def stat(title: str, expression: str, color: str, worse: tuple[float, str] | None = None) -> dict[str, Json]:
    """Make a number with a ground of that color, or of the worse one from that value on."""
    made = panel("stat", title, [(expression, "")])
    steps: list[Json] = [{"value": None, "color": color}]
    if worse is not None:
        steps.append({"value": worse[0], "color": worse[1]})
    made["fieldConfig"] = {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []}
    made["options"] = {"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return made


def series(title: str, queries: Sequence[tuple[str, str]], *, unit: str = "short") -> dict[str, Json]:
    """Draw queries over time; a query is (expression, legend)."""
    made = panel("timeseries", title, queries)
    made["fieldConfig"] = {"defaults": {"unit": unit, "min": 0, "custom": {"lineWidth": 1}}, "overrides": []}
    return made


def panel(kind: str, title: str, queries: Sequence[tuple[str, str]], *, instant: bool = False) -> dict[str, Json]:
    """Make a panel of any kind with its queries; `instant` ones are asked for the present only, as a table."""
    asked: dict[str, Json] = {"instant": True, "range": False, "format": "table"} if instant else {}
    targets: list[Json] = [
        {"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression, "legendFormat": legend} | asked
        for i, (expression, legend) in enumerate(queries)
    ]
    return {"type": kind, "title": title, "datasource": SOURCE, "targets": targets}


def variable(name: str, query: str, *, all_too: bool) -> dict[str, Json]:
    """Offer what a query finds; with `all_too` several at a time, or all of them."""
    offered: dict[str, Json] = {
        "name": name, "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1,
        "query": query, "definition": query, "includeAll": all_too, "multi": all_too,
    }  # fmt: skip
    # A segment of "" is the whole stream; only a pattern that may be empty also chooses it.
    return offered | ({"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if all_too else {})
