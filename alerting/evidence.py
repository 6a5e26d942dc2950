"""Why an incident is what it is: its members, the telling ones first, cut to what a person reads."""

from dataclasses import dataclass
from datetime import datetime

from alerting.finding import Finding, Move
from alerting.incident import Incident
from alerting.member import Member
from alerting.policy import Policy
from alerting.tiers import Tier

EVIDENCE_MAX = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """One member of an incident at its worst; `low` and `high` bound the effect at the policy's confidence."""

    segment: str
    subject: str
    detector: str
    window: str
    tier: Tier
    value: float | None
    low: float | None
    high: float | None
    n: int
    reference_n: int
    since: datetime
    at: datetime
    row: int
    reason: str
    moves: tuple[Move, ...]
    cleared_at: datetime | None
    e_value: float | None = None
    e_needed: float | None = None
    budget: str = ""


def ranked(incident: Incident, policy: Policy) -> tuple[Evidence, ...]:
    """Give the ten most telling members: by precedence, then importance x effect, then the first to break.

    An effect is its lower bound over what that bound had to reach, which makes detectors comparable.
    """
    order = sorted(
        incident.members,
        key=lambda m: (*m.precedence, -policy.importance.get(m.subject, 1.0) * _effect(m, policy), m.since, m.key),
    )
    return tuple(_evidence(member) for member in order[:EVIDENCE_MAX])


def _effect(member: Member, policy: Policy) -> float:
    bound, effect = policy.ladder.bound(member.detector, member.tier), policy.ladder.effect(member.peak)
    return effect / bound if bound and effect is not None else 1.0


def _evidence(member: Member) -> Evidence:
    peak: Finding = member.peak
    return Evidence(
        segment=member.segment, subject=member.subject, detector=member.detector, window=peak.window, tier=member.tier,
        value=peak.value, low=peak.low, high=peak.high, n=peak.n, reference_n=peak.reference_n, since=peak.since,
        at=peak.at, row=peak.row, reason=peak.reason, moves=peak.moves, cleared_at=member.cleared_at,
        e_value=peak.e_value, e_needed=peak.e_needed, budget=peak.budget,
    )  # fmt: skip
