"""How an incident is answered: in a list, and with everything that is known of it."""

from dataclasses import asdict
from datetime import datetime

from pydantic import Field

from alerting.candidate import CandidateKind
from alerting.evidence import began
from alerting.finding import EventKind
from alerting.handling import Disposition, Handling, Milestone, TimerKind
from alerting.incident import Condition, Incident, Intent
from alerting.member import MemberState
from alerting.outbox import Delivery, DeliveryState
from alerting.roles import Role
from alerting.route import Addressee
from service.api.answers import Shape
from service.api.models import at_ms
from service.store.remarks import RemarkRow
from service.store.views import Told


class IncidentShape(Shape):
    """Findings with one cause, from the first breach until every member is clear."""

    id: str = Field(examples=["inc_0123456789abcdef"])
    cause: str
    episode: int = Field(description="How often this cause has had an incident.")
    tier: str = Field(examples=["act"])
    condition: Condition = Field(description="What the data shows.")
    handling: Handling = Field(description="What people were told, and did.")
    kind: EventKind
    model: str
    version: str
    opened_at: datetime
    resolved_at: datetime | None
    told_at: datetime | None = Field(description="When somebody was first told; absent below alerting.notify_from.")
    told: list[str] = Field(description="Parties that were told.")
    monitors_held: int = Field(description="Monitors that have not cleared.")
    lead: str = Field(description="The finding that speaks for the incident, in one sentence.")


class MemberShape(Shape):
    """One monitor's part in an incident."""

    segment: str
    subject: str
    detector: str
    tier: str
    state: MemberState
    since: datetime
    cleared_at: datetime | None
    peak: str = Field(description="What was seen when it was at its worst.")


class CandidateShape(Shape):
    """What happened to the model shortly before, as far as this service knows."""

    kind: CandidateKind
    what: str
    at: datetime
    reason: str
    link: str


class NoticeShape(Shape):
    """Words for one party, as they were composed."""

    id: str
    intent: Intent
    tier: str
    party: str
    role: Role
    title: str
    text: str
    at: datetime


class DeliveryShape(Shape):
    """One notice at one destination."""

    key: str
    destination: str
    intent: Intent
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_error: str


class HoldShape(Shape):
    """Who has it in hand: everybody else may look away until then."""

    by: str
    at: datetime
    until: datetime


class DeadlineShape(Shape):
    """One thing that is expected, by when, and when it was done."""

    name: Milestone
    what: str
    by: datetime
    met_at: datetime | None


class TimerShape(Shape):
    """What happens by itself, and when."""

    kind: TimerKind
    due_at: datetime


class ClosingShape(Shape):
    """How it ended for people."""

    by: str
    at: datetime
    disposition: Disposition | None
    remark: str = Field(description="Id of the remark that came with it; empty without one.")


class RemarkShape(Shape):
    """What somebody wrote, or who erased it and when."""

    id: str
    at: datetime
    author: str = Field(description="Empty once erased.")
    text: str | None = Field(description="Absent once erased.")
    erased_at: datetime | None
    erased_by: str | None


class RoleShape(Shape):
    """Who has one role for an incident."""

    role: Role
    party: str
    rule: str = Field(description="Id of the rule that named the party; empty when a fallback or a person did.")
    fallback: bool
    hears: bool = Field(description="True while it was told and has not been told the end.")


class IncidentDetail(IncidentShape):
    """An incident with its members, what was told about it, and whether that arrived."""

    members: list[MemberShape]
    began_at: datetime = Field(description="When its first change began, as the evidence dates it.")
    candidates: list[CandidateShape] = Field(description="What changed in the day before that, the nearest first.")
    unlisted: int = Field(description="Monitors that found no room in the incident.")
    notices: list[NoticeShape]
    deliveries: list[DeliveryShape]
    hold: HoldShape | None = Field(description="Who acknowledged or silenced it, until when.")
    deadlines: list[DeadlineShape]
    next_timer: TimerShape | None = Field(description="What happens next by itself.")
    closing: ClosingShape | None
    remarks: list[RemarkShape] = Field(description="What people wrote, the oldest first.")
    route: list[RoleShape] = Field(description="Who has each role for it; empty while nobody is to be told.")
    ended: list[str] = Field(description="Parties that were told and for whom it is over.")


def detail_of(told: Told) -> IncidentDetail:
    """Say everything about one incident."""
    known = told.incident
    timer = known.timers[0] if known.timers else None
    return IncidentDetail(
        **facts_of(known),
        members=[
            MemberShape(
                segment=member.segment, subject=member.subject, detector=member.detector, tier=str(member.tier),
                state=member.state, since=member.since, cleared_at=member.cleared_at, peak=member.peak.reason,
            )
            for member in known.members
        ],
        began_at=began(known),
        candidates=[CandidateShape.model_validate(asdict(one)) for one in known.candidates],
        unlisted=known.unlisted,
        notices=[
            NoticeShape(
                id=notice.id, intent=notice.intent, tier=str(notice.tier), party=notice.party, role=notice.role,
                title=notice.title, text=notice.text, at=notice.at,
            )
            for notice in told.notices
        ],
        deliveries=[_delivery(delivery) for delivery in told.deliveries],
        hold=HoldShape.model_validate(asdict(known.hold)) if known.hold else None,
        deadlines=[DeadlineShape.model_validate(asdict(deadline)) for deadline in known.deadlines],
        next_timer=TimerShape(kind=timer.kind, due_at=timer.due_at) if timer else None,
        closing=ClosingShape.model_validate(asdict(known.closing)) if known.closing else None,
        remarks=[_remark(row) for row in told.remarks],
        route=[_role(known, addressee) for addressee in known.route.everybody] if known.route else [],
        ended=list(known.ended),
    )  # fmt: skip


def facts_of(known: Incident) -> dict[str, object]:
    """Give what every answer about an incident says."""
    stream = known.stream
    return {
        "id": known.id, "cause": known.cause, "episode": known.episode, "tier": str(known.tier),
        "condition": known.condition, "handling": known.handling, "kind": stream.kind, "model": stream.model,
        "version": stream.version, "opened_at": known.opened_at, "resolved_at": known.resolved_at,
        "told_at": known.told_at, "told": list(known.told), "monitors_held": len(known.held),
        "lead": known.lead.peak.reason,
    }  # fmt: skip


def _delivery(delivery: Delivery) -> DeliveryShape:
    return DeliveryShape(
        key=delivery.key, destination=delivery.destination, intent=delivery.intent, state=delivery.state,
        attempts=delivery.attempts, next_at=delivery.next_at, last_error=delivery.last_error,
    )  # fmt: skip


def _role(known: Incident, addressee: Addressee) -> RoleShape:
    return RoleShape(
        role=addressee.role, party=addressee.party, rule=addressee.rule, fallback=addressee.fallback,
        hears=addressee.party in known.listening,
    )  # fmt: skip


def _remark(row: RemarkRow) -> RemarkShape:
    written = row.remark()
    return RemarkShape(
        id=row.id, at=at_ms(row.at_ms),
        author=written.author if written else "", text=written.text if written else None,
        erased_at=at_ms(row.erased_ms) if row.erased_ms is not None else None, erased_by=row.erased_by,
    )  # fmt: skip
