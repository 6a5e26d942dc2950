"""Every metric: its name, type, labels and meaning. A golden file freezes them; docs/metrics.md is made from them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["gauge", "counter", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family; `name` is the name of its samples, for a counter with `_total`, for an info with `_info`."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str

    @property
    def stem(self) -> str:
        """The name the client library wants, which adds the suffix itself.

        >>> REWINDS.stem
        'driftwarden_rewinds'
        """
        return self.name.removesuffix("_total").removesuffix("_info")


_MONITOR = ("model", "version", "segment", "subject", "detector", "window")
_PARTITION = ("source", "partition")

MONITOR_VALUE = Family(
    "driftwarden_monitor_value",
    "gauge",
    _MONITOR,
    "Statistic of the newest reading: PSI, KS distance, rate, or evidence as a power of ten (esr).",
)
MONITOR_LOW = Family(
    "driftwarden_monitor_low", "gauge", _MONITOR, "Lower end of the interval that is held against the threshold."
)
MONITOR_HIGH = Family("driftwarden_monitor_high", "gauge", _MONITOR, "Upper end of the same interval.")
MONITOR_EVENTS = Family("driftwarden_monitor_events", "gauge", _MONITOR, "Events in the window of the newest reading.")
MONITOR_THRESHOLD = Family("driftwarden_monitor_threshold", "gauge", _MONITOR, "What the lower end is held against.")
MONITOR_STATE = Family(
    "driftwarden_monitor_state", "gauge", (*_MONITOR, "state"),
    "1 for the state the monitor is in, 0 for the two others: ok, drifting, insufficient.",
)  # fmt: skip
MONITOR_FAMILIES = (MONITOR_VALUE, MONITOR_LOW, MONITOR_HIGH, MONITOR_EVENTS, MONITOR_THRESHOLD, MONITOR_STATE)

SERIES_DROPPED = Family(
    "driftwarden_series_dropped", "gauge", (),
    "Monitor series left out now, over limits.series_max or under labels that another stream already uses.",
)  # fmt: skip
RECORDS = Family(
    "driftwarden_records_total", "counter", (*_PARTITION, "outcome"),
    "Records accounted for: accepted, duplicate, late, dead, filtered or gap.",
)  # fmt: skip
LAG = Family("driftwarden_lag_records", "gauge", _PARTITION, "Records between our position and the partition's end.")
WATERMARK_DELAY = Family(
    "driftwarden_watermark_delay_seconds", "gauge", (), "How far event time is behind the wall clock."
)
TICKS_CLOSED = Family("driftwarden_ticks_closed_total", "counter", (), "Ticks closed by this process.")
LEDGER_BALANCED = Family(
    "driftwarden_ledger_balanced", "gauge", (), "1 while every partition's records equal the sum of their outcomes."
)
DEAD_LETTERS = Family(
    "driftwarden_dead_letters_total", "counter", ("reason",), "Records that could not become events, by reason."
)
COMMIT_SECONDS = Family(
    "driftwarden_store_commit_seconds", "histogram", (), "Time to fold and commit what was read, per commit."
)
REWINDS = Family(
    "driftwarden_rewinds_total", "counter", (), "Batches that did not begin where the books end and were read again."
)
REBUILDS = Family("driftwarden_source_rebuilds_total", "counter", (), "Sources that failed and were built anew.")
REFUSED = Family(
    "driftwarden_commits_refused_total", "counter", ("reason",),
    "Partition commits the store refused (fenced, baseline, closed); their records are read again.",
)  # fmt: skip
DELIVERIES = Family(
    "driftwarden_deliveries_total", "counter", ("destination", "outcome"),
    "Attempts to send a notice, by what the destination said.",
)  # fmt: skip
BREAKER_OPEN = Family(
    "driftwarden_breaker_open", "gauge", ("destination",),
    "1 while a destination fails so often that it is tried by one delivery at a time, 0 once it took one again.",
)  # fmt: skip
UNREACHABLE = Family(
    "driftwarden_unreachable_total", "counter", (),
    "Parties that no destination of theirs reached about an incident, where nobody was left to be told instead.",
)  # fmt: skip
RESENDS = Family(
    "driftwarden_resends_total", "counter", ("destination", "outcome"),
    "Alerts sent to an Alertmanager again so that it does not forget them, by what it said.",
)  # fmt: skip
OUTBOX_PENDING = Family("driftwarden_outbox_pending", "gauge", (), "Notices waiting to be sent.")
OUTBOX_OLDEST = Family(
    "driftwarden_outbox_oldest_seconds", "gauge", (), "Age of the oldest notice waiting; 0 when none waits."
)
OUTBOX_DEAD = Family("driftwarden_outbox_dead", "gauge", (), "Notices given up on and still on record.")
INCIDENTS_OPEN = Family("driftwarden_incidents_open", "gauge", ("tier",), "Open incidents by tier.")
INCIDENTS_OWED = Family(
    "driftwarden_incidents_owed", "gauge", ("handling",),
    "Incidents that people were told of and nobody has closed, by what people did about them.",
)  # fmt: skip
CLOCKLESS = Family(
    "driftwarden_incidents_without_clock", "gauge", (),
    "Incidents that people were told of, that nobody has closed, and that no clock would bring up again; must be 0.",
)  # fmt: skip
ESCALATIONS = Family(
    "driftwarden_escalations_total", "counter", ("kind",),
    "Clocks of incidents that ran out: step, lease, silence, silence_ending, findings or decision.",
)  # fmt: skip
ESCALATION_LATE = Family(
    "driftwarden_escalation_late_seconds", "gauge", (),
    "How long after its time the last clock that ran out was seen.",
)  # fmt: skip
FALLBACKS = Family(
    "driftwarden_ownership_fallback_total", "counter", (),
    "Incidents that no rule of the ownership table claimed, so that a fallback party was told.",
)  # fmt: skip
OWNERSHIP_READ = Family(
    "driftwarden_ownership_read", "gauge", (),
    "0 while the file of the ownership table is broken and the last good table stays in force, else 1.",
)  # fmt: skip
OWNERSHIP_COVERED = Family(
    "driftwarden_ownership_covered", "gauge", ("kind", "model", "version"),
    "Share of a model version's monitors that a rule of the ownership table gives to somebody, not its fallback.",
)  # fmt: skip
CHECKPOINT_AGE = Family(
    "driftwarden_audit_checkpoint_age_seconds", "gauge", ("place",),
    "How long the oldest audit entry has waited that no checkpoint at this place covers; 0 when all are covered.",
)  # fmt: skip
CHECKPOINT_SECONDS = Family(
    "driftwarden_audit_checkpoint_seconds", "gauge", (),
    "Seconds between checkpoints, as audit.checkpoint_seconds says; absent when none are published.",
)  # fmt: skip
CHECKPOINTS = Family(
    "driftwarden_audit_checkpoints_total", "counter", ("place", "outcome"),
    "Attempts to publish a checkpoint of the audit: published or failed.",
)  # fmt: skip
RENDER_FAILURES = Family(
    "driftwarden_render_failures_total", "counter", ("what",),
    "Notices sent in plain words, and pictures left out, because a fault of this service kept them from being made.",
)  # fmt: skip
LINK_USES = Family(
    "driftwarden_link_uses_total", "counter", ("outcome",),
    "Signed links that were followed: done, refused, used (before), expired, outdated or forged.",
)  # fmt: skip
HOOKS = Family(
    "driftwarden_hooks_total", "counter", ("outcome",),
    "PagerDuty's webhooks: done, noted, known, refused, echo, repeat, unknown, ignored, malformed or forged.",
)  # fmt: skip
CANARY_AGE = Family(
    "driftwarden_canary_age_seconds", "gauge", (),
    "Since a canary last came back through the outbox; before the first one has, since it was sent out.",
)  # fmt: skip
CANARY_SECONDS = Family(
    "driftwarden_canary_seconds", "gauge", (),
    "Seconds between canaries, as canary.minutes says; absent when none are sent.",
)  # fmt: skip
HEARTBEATS = Family(
    "driftwarden_heartbeat_total", "counter", ("outcome",),
    "Heartbeats: sent, failed (the service outside did not take it), withheld (not all was well here).",
)  # fmt: skip
MODELS = Family("driftwarden_models", "gauge", ("state",), "Model versions that are learning, and that are watched.")
LIMIT_USED = Family("driftwarden_limit_used", "gauge", ("limit",), "How much of a limit is used.")
LIMIT_MAX = Family("driftwarden_limit_max", "gauge", ("limit",), "The limit itself, as the settings name it.")
BUILD = Family("driftwarden_build_info", "info", ("version", "python"), "What is running.")

ALL = (
    *MONITOR_FAMILIES, SERIES_DROPPED, RECORDS, LAG, WATERMARK_DELAY, TICKS_CLOSED, LEDGER_BALANCED, DEAD_LETTERS,
    COMMIT_SECONDS, REWINDS, REBUILDS, REFUSED, DELIVERIES, BREAKER_OPEN, UNREACHABLE,
    RESENDS, OUTBOX_PENDING, OUTBOX_OLDEST, OUTBOX_DEAD,
    INCIDENTS_OPEN, INCIDENTS_OWED, CLOCKLESS, ESCALATIONS, ESCALATION_LATE,
    FALLBACKS, OWNERSHIP_READ, OWNERSHIP_COVERED, CHECKPOINT_AGE, CHECKPOINT_SECONDS, CHECKPOINTS,
    RENDER_FAILURES, LINK_USES, HOOKS,
    CANARY_AGE, CANARY_SECONDS, HEARTBEATS,
    MODELS, LIMIT_USED, LIMIT_MAX, BUILD,
)  # fmt: skip


def markdown() -> str:
    """The table of docs/metrics.md."""
    head = "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n"
    rows = (
        f"| `{family.name}` | {family.kind} | {', '.join(f'`{label}`' for label in family.labels)} | {family.meaning} |"
        for family in ALL
    )
    return head + "\n".join(rows) + "\n"
