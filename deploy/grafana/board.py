"""Write the Grafana board: `python deploy/grafana/board.py` makes overview.json, which a test holds equal to this.

Source of the format: Grafana's dashboard JSON model, schema version 41.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = dict[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

COLUMNS = 24
"""Grafana's grid is this wide."""

_SOURCE: Json = {"type": "prometheus", "uid": "driftwarden-prometheus"}
_OK, _DRIFTING, _INSUFFICIENT, _PLAIN = "green", "red", "purple", "blue"
_MONITOR = 'model=~"$model", version=~"$version", segment=~"$segment", window=~"$window"'
_ONE = f'{_MONITOR}, detector="psi", subject="$subject"'


def board() -> dict[str, Json]:
    """Build the whole board."""
    return {
        "uid": "driftwarden-overview",
        "title": "Driftwarden: models and the watcher itself",
        "tags": ["driftwarden"],
        "schemaVersion": 41,
        "editable": False,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": _variables()},
        "panels": list(_laid_out(_rows())),
    }


def _rows() -> list[tuple[str, int, list[dict[str, Json]]]]:
    """Give each row's title, its height in grid units, and its panels from left to right."""
    return [
        ("Is something wrong?", 4, _summary()),
        ("Models", 9, _models()),
        ("One subject", 9, _subject()),
        ("Intake", 8, _intake()),
        ("The books and the clock", 8, _books()),
        ("Notices", 8, _notices()),
        ("The audit", 8, _audit()),
        ("Would we be heard?", 8, _heard()),
        ("Limits", 8, _limits()),
    ]


def _summary() -> list[dict[str, Json]]:
    drifting = 'count(driftwarden_monitor_state{state="drifting"} == 1) or vector(0)'
    insufficient = 'count(driftwarden_monitor_state{state="insufficient"} == 1) or vector(0)'
    return [
        _stat("Models watched", 'sum(driftwarden_models{state="watched"})', _PLAIN),
        _stat("Models learning", 'sum(driftwarden_models{state="learning"})', _PLAIN),
        _stat("Monitors drifting", drifting, _OK, worse=(1, _DRIFTING)),
        _stat("Monitors without a verdict", insufficient, _OK, worse=(1, _INSUFFICIENT)),
        _stat("Incidents open", "sum(driftwarden_incidents_open) or vector(0)", _OK, worse=(1, _DRIFTING)),
        _stat("Books balance (1 = yes)", "min(driftwarden_ledger_balanced)", _DRIFTING, worse=(1, _OK)),
    ]


def _models() -> list[dict[str, Json]]:
    by = "model, version, segment, subject, detector, window"
    state = (
        f'max by ({by}) (driftwarden_monitor_state{{{_MONITOR}, state="insufficient"}} * 1 '
        f'or driftwarden_monitor_state{{{_MONITOR}, state="drifting"}} * 2)'
    )
    # All three states of a monitor are exported, so the greatest of 0, 1 and 2 is the one it is in.
    timeline = _panel("state-timeline", "State of each monitor", [(state, "{{subject}} {{detector}} {{window}}")])
    timeline["fieldConfig"] = {
        "defaults": {
            "custom": {"fillOpacity": 80},
            "mappings": [
                {
                    "type": "value",
                    "options": {
                        "0": {"text": "ok", "color": _OK},
                        "1": {"text": "insufficient", "color": _INSUFFICIENT},
                        "2": {"text": "drifting", "color": _DRIFTING},
                    },
                }
            ],
        },
        "overrides": [],
    }
    drifting = 'driftwarden_monitor_state{state="drifting"} == 1'
    worst = f"sort_desc(driftwarden_monitor_low{{{_MONITOR}}} and on ({by}) {drifting})"
    ranked = _panel("table", "Drifting now, by the lower end of the interval", [(worst, "")])
    _target(ranked).update({"instant": True, "range": False, "format": "table"})
    hidden: dict[str, Json] = dict.fromkeys(("Time", "__name__", "instance", "job"), True)
    ranked["transformations"] = [
        {"id": "organize", "options": {"excludeByName": hidden, "renameByName": {"Value": "lower end"}}}
    ]
    return [timeline, ranked]


def _subject() -> list[dict[str, Json]]:
    label = "{{segment}} {{window}}"
    psi = _series(
        "PSI of $subject with its interval and threshold",
        [
            (f"driftwarden_monitor_low{{{_ONE}}}", f"low {label}"),
            (f"driftwarden_monitor_high{{{_ONE}}}", f"high {label}"),
            (f"driftwarden_monitor_value{{{_ONE}}}", f"value {label}"),
            (f"driftwarden_monitor_threshold{{{_ONE}}}", f"threshold {label}"),
        ],
    )
    thin: list[Json] = [{"id": "custom.lineWidth", "value": 0}, {"id": "custom.fillOpacity", "value": 12}]
    dashed: list[Json] = [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}]
    psi["fieldConfig"] = {
        "defaults": {"custom": {"lineWidth": 2}, "min": 0},
        "overrides": [
            {"matcher": {"id": "byRegexp", "options": "^high .*"}, "properties": thin},
            {"matcher": {"id": "byRegexp", "options": "^low .*"}, "properties": thin},
            {"matcher": {"id": "byRegexp", "options": "^threshold .*"}, "properties": dashed},
        ],
    }
    events = _series("Events in the window of $subject", [(f"driftwarden_monitor_events{{{_ONE}}}", label)])
    others = _series(
        "Every other detector on $subject",
        [(f'driftwarden_monitor_value{{{_MONITOR}, detector!="psi", subject="$subject"}}', "{{detector}} {{window}}")],
    )
    return [psi, others, events]


def _intake() -> list[dict[str, Json]]:
    rate = "sum by (outcome) (rate(driftwarden_records_total[$__rate_interval]))"
    dead = "sum by (reason) (rate(driftwarden_dead_letters_total[$__rate_interval]))"
    return [
        _series("Records per second, by outcome", [(rate, "{{outcome}}")], unit="cps"),
        _series("Lag", [("driftwarden_lag_records", "{{source}} {{partition}}")], unit="short"),
        _series("Dead letters per second, by reason", [(dead, "{{reason}}")], unit="cps"),
    ]


def _books() -> list[dict[str, Json]]:
    bucket = "sum by (le) (rate(driftwarden_store_commit_seconds_bucket[$__rate_interval]))"
    refused = "sum by (reason) (rate(driftwarden_commits_refused_total[$__rate_interval]))"
    restarts = [
        (refused, "commit refused: {{reason}}"),
        ("sum(rate(driftwarden_rewinds_total[$__rate_interval]))", "rewound"),
        ("sum(rate(driftwarden_source_rebuilds_total[$__rate_interval]))", "source built anew"),
    ]
    return [
        _series("Event time behind the clock", [("driftwarden_watermark_delay_seconds", "{{instance}}")], unit="s"),
        _series("Ledger (1 = balanced)", [("driftwarden_ledger_balanced", "{{instance}}")]),
        _series(
            "Time of a commit",
            [(f"histogram_quantile({share}, {bucket})", f"{share:.0%}") for share in (0.5, 0.99)],
            unit="s",
        ),
        _series("Second attempts per second", restarts, unit="cps"),
    ]


def _notices() -> list[dict[str, Json]]:
    sent = "sum by (destination, outcome) (rate(driftwarden_deliveries_total[$__rate_interval]))"
    again = "sum by (destination, outcome) (rate(driftwarden_resends_total[$__rate_interval]))"
    unreachable = "sum(increase(driftwarden_unreachable_total[1h]))"
    unmade = "sum by (what) (increase(driftwarden_render_failures_total[1d]))"
    answered = [
        (f"sum by (outcome) (increase(driftwarden_{name}_total[1d]))", f"{word} {{{{outcome}}}}")
        for name, word in (("link_uses", "link"), ("hooks", "webhook"))
    ]
    waiting = [("driftwarden_outbox_pending", "waiting"), ("driftwarden_outbox_dead", "given up")]
    return [
        _series("Open incidents, by tier", [("driftwarden_incidents_open", "{{tier}}")]),
        _series("Age of the oldest notice waiting", [("driftwarden_outbox_oldest_seconds", "{{instance}}")], unit="s"),
        _series("Notices waiting and given up", waiting),
        _series("Deliveries per second", [(sent, "{{destination}} {{outcome}}")], unit="cps"),
        _series("Destinations left alone (1 = yes)", [("driftwarden_breaker_open", "{{destination}}")]),
        _series("Parties out of reach with nobody left to tell", [(unreachable, "last hour")]),
        _series("Alerts sent again per second", [(again, "{{destination}} {{outcome}}")], unit="cps"),
        _series("Incidents that wait for a person", [("driftwarden_incidents_owed", "{{handling}}")]),
        _series(
            "Clocks that ran out",
            [
                ("sum by (kind) (increase(driftwarden_escalations_total[$__rate_interval]))", "{{kind}}"),
                ("driftwarden_escalation_late_seconds", "seconds late"),
            ],
        ),
        _series("Incidents that nobody owned", [("increase(driftwarden_ownership_fallback_total[1d])", "last day")]),
        _series(
            "Monitors that a rule gives to somebody, by model",
            [("driftwarden_ownership_covered", "{{model}} {{version}}")],
            unit="percentunit",
        ),
        _series("Ownership table in force is that in its file", [("driftwarden_ownership_read", "{{instance}}")]),
        _series("Words and pictures that could not be made", [(unmade, "{{what}}")]),
        _series("Signed links followed, and PagerDuty's webhooks", answered),
    ]


def _audit() -> list[dict[str, Json]]:
    tried = "sum by (place, outcome) (increase(driftwarden_audit_checkpoints_total[$__rate_interval]))"
    return [
        _series(
            "Entries that no checkpoint covers have waited",
            [
                ("driftwarden_audit_checkpoint_age_seconds", "{{place}}"),
                ("max(driftwarden_audit_checkpoint_seconds)", "between checkpoints"),
            ],
            unit="s",
        ),
        _series("Checkpoints", [(tried, "{{place}} {{outcome}}")]),
    ]


def _heard() -> list[dict[str, Json]]:
    waited = [("driftwarden_canary_age_seconds", "waited"), ("max(driftwarden_canary_seconds)", "between canaries")]
    beats = "sum by (outcome) (increase(driftwarden_heartbeat_total[$__rate_interval]))"
    return [
        _series("Since a canary came back", waited, unit="s"),
        _series("Heartbeats", [(beats, "{{outcome}}")]),
        _series("Incidents without a clock", [("driftwarden_incidents_without_clock", "{{instance}}")]),
    ]


def _limits() -> list[dict[str, Json]]:
    ticks = "60 * rate(driftwarden_ticks_closed_total[$__rate_interval])"
    return [
        _series(
            "Share of each limit used",
            [("driftwarden_limit_used / driftwarden_limit_max", "{{limit}}")],
            unit="percentunit",
        ),
        _series("Series over the budget", [("driftwarden_series_dropped", "{{instance}}")]),
        _series("Ticks closed per minute", [(ticks, "{{instance}}")]),
        _series("What is running", [("driftwarden_build_info", "{{version}} on Python {{python}}")]),
    ]


def _variables() -> list[Json]:
    names = [("model", ""), *((name, 'model=~"$model"') for name in ("version", "segment", "window"))]
    many: list[Json] = [_variable(name, selector, all_too=True) for name, selector in names]
    return [*many, _variable("subject", f'{_MONITOR}, detector="psi"', all_too=False)]


def _variable(name: str, selector: str, *, all_too: bool) -> dict[str, Json]:
    query = f"label_values(driftwarden_monitor_state{{{selector}}}, {name})"
    variable: dict[str, Json] = {
        "name": name, "type": "query", "datasource": _SOURCE, "refresh": 2, "sort": 1,
        "query": query, "definition": query, "includeAll": all_too, "multi": all_too,
    }  # fmt: skip
    # A segment of "" is the whole stream; only a pattern that may be empty also chooses it.
    return variable | ({"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if all_too else {})


def _laid_out(rows: Sequence[tuple[str, int, list[dict[str, Json]]]]) -> Iterator[dict[str, Json]]:
    """Put the panels of each row side by side, the rows one below the other."""
    numbers, y = count(1), 0
    for title, height, panels in rows:
        place: Json = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {"id": next(numbers), "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        y += 1
        width = COLUMNS // len(panels)
        for column, panel in enumerate(panels):
            yield panel | {"id": next(numbers), "gridPos": {"x": column * width, "y": y, "w": width, "h": height}}
        y += height


def _stat(title: str, expression: str, color: str, worse: tuple[float, str] | None = None) -> dict[str, Json]:
    panel = _panel("stat", title, [(expression, "")])
    steps: list[Json] = [{"value": None, "color": color}]
    if worse is not None:
        steps.append({"value": worse[0], "color": worse[1]})
    panel["fieldConfig"] = {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []}
    panel["options"] = {"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return panel


def _series(title: str, queries: Sequence[tuple[str, str]], *, unit: str = "short") -> dict[str, Json]:
    panel = _panel("timeseries", title, queries)
    panel["fieldConfig"] = {"defaults": {"unit": unit, "min": 0, "custom": {"lineWidth": 1}}, "overrides": []}
    return panel


def _panel(kind: str, title: str, queries: Sequence[tuple[str, str]]) -> dict[str, Json]:
    targets: list[Json] = [
        {"refId": chr(ord("A") + i), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
        for i, (expression, legend) in enumerate(queries)
    ]
    return {"type": kind, "title": title, "datasource": _SOURCE, "targets": targets}


def _target(panel: dict[str, Json]) -> dict[str, Json]:
    targets = panel["targets"]
    assert isinstance(targets, list), "a panel's targets are made as a list of objects"
    target: dict[str, Json] = targets[0]
    return target


if __name__ == "__main__":
    Path(__file__).with_name("overview.json").write_text(json.dumps(board(), indent=1) + "\n", encoding="utf-8")
