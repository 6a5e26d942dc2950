"""Findings, tables and incidents as the tests need them, one keyword away from ordinary."""

from datetime import UTC, datetime, timedelta

from alerting.finding import Condition, Finding, Move, Stream
from alerting.incident import Effect, Incident
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.policy import Rules
from alerting.step import step

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""A Friday."""

CREDIT = Stream("prediction", "credit-score", "31")

OWNERS = """\
version: 1
parties:
  credit-ds: {contacts: [log], tz: Europe/Berlin, hours: "Mon-Fri 09:00-18:00"}
  data-desk: {contacts: [{webhook: {url: "https://hooks.example/data", secret: "env:DATA_SECRET"}}]}
  on-call: {contacts: [log, {webhook: {url: "https://hooks.example/page", secret: "file:/run/secrets/page"}}]}
  platform: {contacts: [log]}
families: {credit: ["credit-*"]}
fallback: {owner: platform, responder: platform}
rules:
  - {id: credit, match: {family: credit}, assign: {owner: credit-ds, data_steward: data-desk, responder: on-call}}
"""


def at(minutes: float) -> datetime:
    """A time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def finding(
    *,
    low: float | None = 0.3,
    high: float | None = 0.4,
    end: float = 0.0,
    minutes: float = 5.0,
    window: str = "5m",
    subject: str = "income",
    detector: str = "psi",
    condition: Condition = "drifting",
    stream: Stream = CREDIT,
    row: int = 4_711,
    reason: str = "PSI 0.35 (0.3 to 0.4): location up",
    e_value: float | None = 9.13,
) -> Finding:
    """Drift at tier act in the five minutes before noon, unless said otherwise; `end`, `minutes` place the window."""
    value = (low + high) / 2 if low is not None and high is not None else None
    return Finding(
        stream=stream, subject=subject, detector=detector, window=window, condition=condition,
        since=at(end - minutes), at=at(end), n=12_000, reference_n=50_000, reason=reason, value=value, low=low,
        high=high, p_value=1e-9, threshold=0.02, row=row,
        moves=(Move("<= 0.31", 0.05, 0.121), Move("0.31 to 0.84", 0.1, 0.02)), e_value=e_value, e_needed=6.71,
        budget="Expected at this setting: at most 1 false page in 30 days for credit-ds, over its 120 monitors.",
    )  # fmt: skip


def clear(*, end: float, subject: str = "income", detector: str = "psi", window: str = "5m") -> Finding:
    """Good news about the same monitor."""
    return finding(low=0.0, high=0.004, end=end, subject=subject, detector=detector, window=window, condition="ok")


def insufficient(*, end: float, subject: str = "income") -> Finding:
    """No verdict about the same monitor."""
    return finding(low=None, high=None, end=end, subject=subject, condition="insufficient", reason="too few events")


def steps(
    *evaluations: list[Finding], incident: Incident | None = None, rules: Rules | None = None
) -> tuple[Incident | None, list[Effect]]:
    """Take one evaluation after the other; gives the incident and all effects."""
    effects: list[Effect] = []
    for evaluation in evaluations:
        incident, more = step(incident, evaluation, NOON, rules or Rules())
        effects += more
    return incident, effects


def opened(*evaluations: list[Finding], rules: Rules | None = None) -> Incident:
    """The incident that these evaluations make; they must make one."""
    incident, _ = steps(*evaluations, rules=rules)
    assert incident is not None, "no incident was opened"
    return incident


def owners(text: str = OWNERS) -> Ownership:
    """The table above, or another."""
    return parse_ownership(text, "owners.yaml")
