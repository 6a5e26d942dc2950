"""Write the Grafana board: `python -m deploy.grafana.board` makes overview.json, which a test holds equal to this."""

import json
from pathlib import Path

from deploy.grafana.panels import Json, Row, laid_out, panel, series, stat, variable

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
        "panels": list(laid_out(_rows())),
    }


def _rows() -> list[Row]:
    return [
        ("Is something wrong?", 4, _summary()),
        ("Models", 9, _models()),
        ("One subject", 9, _subject()),
        ("Intake", 8, _intake()),
        ("The books and the clock", 8, _books()),
        ("Incidents and their owners", 8, _incidents()),
        ("Notices", 8, _notices()),
        ("The audit", 8, _audit()),
        ("Would we be heard?", 8, _heard()),
        ("Limits", 8, _limits()),
    ]


def _summary() -> list[dict[str, Json]]:
    drifting = 'count(driftwarden_monitor_state{state="drifting"} == 1) or vector(0)'
    insufficient = 'count(driftwarden_monitor_state{state="insufficient"} == 1) or vector(0)'
    return [
        stat("Models watched", 'sum(driftwarden_models{state="watched"})', _PLAIN),
        stat("Models learning", 'sum(driftwarden_models{state="learning"})', _PLAIN),
        stat("Monitors drifting", drifting, _OK, worse=(1, _DRIFTING)),
        stat("Monitors without a verdict", insufficient, _OK, worse=(1, _INSUFFICIENT)),
        stat("Incidents open", "sum(driftwarden_incidents_open) or vector(0)", _OK, worse=(1, _DRIFTING)),
        stat("Books balance (1 = yes)", "min(driftwarden_ledger_balanced)", _DRIFTING, worse=(1, _OK)),
    ]


def _models() -> list[dict[str, Json]]:
    by = "model, version, segment, subject, detector, window"
    state = (
        f'max by ({by}) (driftwarden_monitor_state{{{_MONITOR}, state="insufficient"}} * 1 '
        f'or driftwarden_monitor_state{{{_MONITOR}, state="drifting"}} * 2)'
    )
    # All three states of a monitor are exported, so the greatest of 0, 1 and 2 is the one it is in.
    timeline = panel("state-timeline", "State of each monitor", [(state, "{{subject}} {{detector}} {{window}}")])
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
    ranked = panel("table", "Drifting now, by the lower end of the interval", [(worst, "")], instant=True)
    hidden: dict[str, Json] = dict.fromkeys(("Time", "__name__", "instance", "job"), True)
    ranked["transformations"] = [
        {"id": "organize", "options": {"excludeByName": hidden, "renameByName": {"Value": "lower end"}}}
    ]
    return [timeline, ranked]


def _subject() -> list[dict[str, Json]]:
    label = "{{segment}} {{window}}"
    psi = series(
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
    events = series("Events in the window of $subject", [(f"driftwarden_monitor_events{{{_ONE}}}", label)])
    others = series(
        "Every other detector on $subject",
        [(f'driftwarden_monitor_value{{{_MONITOR}, detector!="psi", subject="$subject"}}', "{{detector}} {{window}}")],
    )
    return [psi, others, events]


def _intake() -> list[dict[str, Json]]:
    rate = "sum by (outcome) (rate(driftwarden_records_total[$__rate_interval]))"
    dead = "sum by (reason) (rate(driftwarden_dead_letters_total[$__rate_interval]))"
    return [
        series("Records per second, by outcome", [(rate, "{{outcome}}")], unit="cps"),
        series("Lag", [("driftwarden_lag_records", "{{source}} {{partition}}")], unit="short"),
        series("Dead letters per second, by reason", [(dead, "{{reason}}")], unit="cps"),
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
        series("Event time behind the clock", [("driftwarden_watermark_delay_seconds", "{{instance}}")], unit="s"),
        series("Ledger (1 = balanced)", [("driftwarden_ledger_balanced", "{{instance}}")]),
        series(
            "Time of a commit",
            [(f"histogram_quantile({share}, {bucket})", f"{share:.0%}") for share in (0.5, 0.99)],
            unit="s",
        ),
        series("Second attempts per second", restarts, unit="cps"),
    ]


def _incidents() -> list[dict[str, Json]]:
    ran_out = [
        ("sum by (kind) (increase(driftwarden_escalations_total[$__rate_interval]))", "{{kind}}"),
        ("driftwarden_escalation_late_seconds", "seconds late"),
    ]
    covered = [("driftwarden_ownership_covered", "{{model}} {{version}}")]
    unowned = [("increase(driftwarden_ownership_fallback_total[1d])", "last day")]
    return [
        series("Open incidents, by tier", [("driftwarden_incidents_open", "{{tier}}")]),
        series("Incidents that wait for a person", [("driftwarden_incidents_owed", "{{handling}}")]),
        series("Clocks that ran out", ran_out),
        series("Incidents that nobody owned", unowned),
        series("Monitors that a rule gives to somebody, by model", covered, unit="percentunit"),
        series("Ownership table in force is that in its file", [("driftwarden_ownership_read", "{{instance}}")]),
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
        series("Age of the oldest notice waiting", [("driftwarden_outbox_oldest_seconds", "{{instance}}")], unit="s"),
        series("Notices waiting and given up", waiting),
        series("Deliveries per second", [(sent, "{{destination}} {{outcome}}")], unit="cps"),
        series("Destinations left alone (1 = yes)", [("driftwarden_breaker_open", "{{destination}}")]),
        series("Parties out of reach with nobody left to tell", [(unreachable, "last hour")]),
        series("Alerts sent again per second", [(again, "{{destination}} {{outcome}}")], unit="cps"),
        series("Words and pictures that could not be made", [(unmade, "{{what}}")]),
        series("Signed links followed, and PagerDuty's webhooks", answered),
    ]


def _audit() -> list[dict[str, Json]]:
    tried = "sum by (place, outcome) (increase(driftwarden_audit_checkpoints_total[$__rate_interval]))"
    return [
        series(
            "Entries that no checkpoint covers have waited",
            [
                ("driftwarden_audit_checkpoint_age_seconds", "{{place}}"),
                ("max(driftwarden_audit_checkpoint_seconds)", "between checkpoints"),
            ],
            unit="s",
        ),
        series("Checkpoints", [(tried, "{{place}} {{outcome}}")]),
    ]


def _heard() -> list[dict[str, Json]]:
    waited = [("driftwarden_canary_age_seconds", "waited"), ("max(driftwarden_canary_seconds)", "between canaries")]
    beats = "sum by (outcome) (increase(driftwarden_heartbeat_total[$__rate_interval]))"
    return [
        series("Since a canary came back", waited, unit="s"),
        series("Heartbeats", [(beats, "{{outcome}}")]),
        series("Incidents without a clock", [("driftwarden_incidents_without_clock", "{{instance}}")]),
    ]


def _limits() -> list[dict[str, Json]]:
    ticks = "60 * rate(driftwarden_ticks_closed_total[$__rate_interval])"
    return [
        series(
            "Share of each limit used",
            [("driftwarden_limit_used / driftwarden_limit_max", "{{limit}}")],
            unit="percentunit",
        ),
        series("Series over the budget", [("driftwarden_series_dropped", "{{instance}}")]),
        series("Ticks closed per minute", [(ticks, "{{instance}}")]),
        series("What is running", [("driftwarden_build_info", "{{version}} on Python {{python}}")]),
    ]


def _variables() -> list[Json]:
    names = [("model", ""), *((name, 'model=~"$model"') for name in ("version", "segment", "window"))]
    many: list[Json] = [variable(name, _values(name, selector), all_too=True) for name, selector in names]
    return [*many, variable("subject", _values("subject", f'{_MONITOR}, detector="psi"'), all_too=False)]


def _values(name: str, selector: str) -> str:
    return f"label_values(driftwarden_monitor_state{{{selector}}}, {name})"


if __name__ == "__main__":
    Path(__file__).with_name("overview.json").write_text(json.dumps(board(), indent=1) + "\n", encoding="utf-8")
