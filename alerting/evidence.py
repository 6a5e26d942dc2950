"""Why an incident is what it is: its members, the telling ones first, cut to what a person reads."""

import functools
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from alerting.audit import Json
from alerting.candidate import Candidate, Candidates, chosen
from alerting.cause import is_view
from alerting.finding import Finding, Move
from alerting.incident import Incident
from alerting.member import Member
from alerting.policy import Policy
from alerting.tiers import Tier

EVIDENCE_MAX = 10

DRAWN = 3
"""Members that a picture shows; a notice carries all their bins, and MOVES_MAX of the others."""

MOVES_MAX = 5

STREAMS_MAX = 20
"""Model versions of one view's incident that are asked what happened to them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One member of an incident at its worst; `low` and `high` bound the effect at the policy's confidence.

    `bounds` is what `low` must reach for observe, investigate and act, empty where the detector has no such bounds.
    `since` is when the window that is shown began, `first_since` when the first one did that showed the change, and
    `onset` when the change itself began, where evidence has dated it.
    """

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
    bounds: tuple[float, ...] = ()
    onset: datetime | None = None
    first_since: datetime | None = None

    def to_json_object(self) -> dict[str, Json]:
        """Give it as JSON values, times in ISO 8601; `from_json_object` reads it back."""
        return {
            "segment": self.segment, "subject": self.subject, "detector": self.detector, "window": self.window,
            "tier": str(self.tier), "value": self.value, "low": self.low, "high": self.high, "n": self.n,
            "reference_n": self.reference_n, "since": self.since.isoformat(), "at": self.at.isoformat(),
            "row": self.row, "reason": self.reason, "e_value": self.e_value, "e_needed": self.e_needed,
            "budget": self.budget, "cleared_at": self.cleared_at.isoformat() if self.cleared_at else None,
            "bounds": list(self.bounds), "onset": self.onset.isoformat() if self.onset else None,
            "first_since": self.first_since.isoformat() if self.first_since else None,
            "moves": [
                {"label": m.label, "expected": m.expected, "observed": m.observed, "place": m.place}
                for m in self.moves
            ],
        }  # fmt: skip

    @classmethod
    def from_json_object(cls, value: Json) -> "Evidence":
        """Read what `to_json_object` gave; raises pydantic's ValidationError, which names the field."""
        return _adapter().validate_python(value)


def ranked(incident: Incident, policy: Policy) -> tuple[Evidence, ...]:
    """Give the ten most telling members: by precedence, then importance x effect, then the first to break.

    An effect is its lower bound over what that bound had to reach, which makes detectors comparable.
    """
    found = [_evidence(member, policy) for member in _in_order(incident, policy)[:EVIDENCE_MAX]]
    return (*found[:DRAWN], *(replace(item, moves=item.moves[:MOVES_MAX]) for item in found[DRAWN:]))


def lean(incident: Incident, policy: Policy) -> Incident:
    """Keep all bins of the ten most telling members, and of the others those that moved most.

    An incident of 500 members is written at every evaluation that changes it, and most of its size would be bins that
    nobody looks at.
    """
    telling = {member.key for member in _in_order(incident, policy)[:EVIDENCE_MAX]}
    return replace(
        incident, members=tuple(m if m.key in telling else _cut(m) for m in incident.members)
    )  # fmt: skip


def began(incident: Incident) -> datetime:
    """Say when its first change began: as evidence dates it, else with the first window that showed it."""
    return min(member.peak.onset or member.since for member in incident.members)


def happened(incident: Incident, candidates: Candidates) -> tuple[Candidate, ...]:
    """Name what happened shortly before it began: to its model, or to each of those that read from its view."""
    onset = began(incident)
    if not is_view(incident.cause):
        return tuple(candidates(incident.stream, onset))
    telling = sorted(incident.members, key=lambda m: (*m.precedence, m.key))
    streams = dict.fromkeys(replace(member.peak.stream, segment="") for member in telling)
    found = [
        replace(one, what=f"{stream.model}: {one.what}")
        for stream in list(streams)[:STREAMS_MAX]
        for one in candidates(stream, onset)
    ]
    return chosen(list(dict.fromkeys(found)), onset)


def _cut(member: Member) -> Member:
    if len(member.peak.moves) <= MOVES_MAX:
        return member
    return replace(member, peak=replace(member.peak, moves=member.peak.moves[:MOVES_MAX]))


def _in_order(incident: Incident, policy: Policy) -> list[Member]:
    return sorted(
        incident.members,
        key=lambda m: (*m.precedence, -policy.importance.get(m.subject, 1.0) * _effect(m, policy), m.since, m.key),
    )


def _effect(member: Member, policy: Policy) -> float:
    bound, effect = policy.ladder.bound(member.detector, member.tier), policy.ladder.effect(member.peak)
    return effect / bound if bound and effect is not None else 1.0


def _evidence(member: Member, policy: Policy) -> Evidence:
    peak: Finding = member.peak
    return Evidence(
        segment=member.segment, subject=member.subject, detector=member.detector, window=peak.window, tier=member.tier,
        value=peak.value, low=peak.low, high=peak.high, n=peak.n, reference_n=peak.reference_n, since=peak.since,
        at=peak.at, row=peak.row, reason=peak.reason, moves=peak.moves, cleared_at=member.cleared_at,
        e_value=peak.e_value, e_needed=peak.e_needed, budget=peak.budget,
        bounds=policy.ladder.rungs(member.detector) or (), onset=peak.onset, first_since=member.since,
    )  # fmt: skip


@functools.cache
def _adapter() -> TypeAdapter[Evidence]:
    return TypeAdapter(Evidence)
