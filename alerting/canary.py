"""A canary: a made-up change that is decided and told like a real one, to a destination that only notes its arrival.

It shows that we would be heard. Its party, its route and its stream are made here: no table names them, nothing that is
read from outside can become one, and no person is ever told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.decide import Decisions, decide
from alerting.finding import Condition, Finding, Stream
from alerting.incident import Incident
from alerting.outbox import Delivery
from alerting.ownership import Ownership, Party
from alerting.policy import Policy
from alerting.route import Destination

NAME = "driftwarden-canary"
"""The model, and the party that is told of it."""

LOOPBACK = Destination("loopback:canary", "loopback")
"""Where canaries go; no contact in an ownership table can name it."""

_PSI, _PSI_CLEAR = 0.05, 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A canary as it stands after a decision, and the one delivery that the decision made."""

    incident: Incident
    delivery: Delivery


def opened(now: datetime) -> Sent:
    """Let a canary's change begin: it is told at once."""
    return _only(decide([_finding("drifting", now)], {}, _table(), _policy(), now))


def cleared(incident: Incident, now: datetime) -> Sent:
    """Let it end, which is told too, and closes it."""
    # Windows that end no later than the last one tell nothing new, and clocks are set back now and then.
    at = max(now, incident.evaluated_at + timedelta(milliseconds=1))
    return _only(decide([_finding("ok", at)], {incident.cause: incident}, _table(), _policy(), now))


def _only(decisions: Decisions) -> Sent:
    (incident,), (delivery,) = decisions.incidents, decisions.deliveries
    return Sent(incident, delivery)


def _finding(condition: Condition, at: datetime) -> Finding:
    value = _PSI if condition == "drifting" else _PSI_CLEAR
    return Finding(
        stream=Stream("prediction", NAME, "1"), subject="canary", detector="psi", window="canary", condition=condition,
        since=at - timedelta(minutes=1), at=at, n=1_000, reference_n=1_000, reason="a canary: nothing has changed",
        value=value, low=value, high=value, threshold=_PSI,
    )  # fmt: skip


def _policy() -> Policy:
    """Tell the lowest tier, which asks nobody for anything, and end with the first clear window."""
    return Policy(notify_from="observe", clear_evaluations=1)


def _table() -> Ownership:
    return Ownership({NAME: Party(NAME, (LOOPBACK,))}, {"owner": NAME}, (), {}, config_sha="")
