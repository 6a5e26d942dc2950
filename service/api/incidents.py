"""What was found, and what became of it: findings, incidents with their members, notices and deliveries."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from alerting.candidate import CandidateKind
from alerting.evidence import began
from alerting.finding import Condition as FindingCondition
from alerting.finding import EventKind
from alerting.handling import Handling
from alerting.incident import Condition, Incident, Intent
from alerting.member import MemberState
from alerting.outbox import Delivery, DeliveryState
from alerting.route import Role
from alerting.tiers import Tier
from service.api.answers import Items, Limit, MaybeName, Shape, cut, problems
from service.api.dependencies import Dependencies
from service.api.gate import needs
from service.api.handling import HandlingShape, handling_of
from service.api.problem import Problem
from service.store.engine import Store
from service.store.incident_list import Which, find_incidents
from service.store.queries import findings as find_findings
from service.store.views import Told, incidents_newest_first, told_of

TierName = Literal["observe", "investigate", "act", "blind"]


class FindingShape(Shape):
    """A monitor that began to drift, or rose to a higher tier."""

    id: int
    tier: str | None = Field(examples=["investigate"])
    kind: EventKind
    model: str
    version: str
    segment: str
    subject: str
    detector: str
    window: str
    condition: FindingCondition
    since: datetime = Field(description="Start of the window, in event time.")
    at: datetime = Field(description="End of the window, in event time.")
    n: int
    reference_n: int
    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    threshold: float | None
    reason: str


class IncidentShape(Shape):
    """Findings with one cause, from the first breach until every member is clear."""

    id: str = Field(examples=["inc_0123456789abcdef"])
    cause: str
    episode: int = Field(description="How often this cause has had an incident.")
    tier: str = Field(examples=["act"])
    condition: Condition = Field(description="What the data shows.")
    handling: Handling = Field(description="What people were told and did.")
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


class IncidentDetail(IncidentShape):
    """An incident with its members, what was told about it, and whether that arrived."""

    members: list[MemberShape]
    began_at: datetime = Field(description="When its first change began, as the evidence dates it.")
    candidates: list[CandidateShape] = Field(description="What changed in the day before that, the nearest first.")
    unlisted: int = Field(description="Monitors that found no room in the incident.")
    notices: list[NoticeShape]
    deliveries: list[DeliveryShape]
    people: HandlingShape


def incident_routes() -> APIRouter:
    """Findings and incidents."""
    router = APIRouter(tags=["incidents"], dependencies=[Depends(needs("read"))])
    router.get("/v1/findings", responses=problems(422))(findings)
    router.get("/v1/incidents", responses=problems(422))(incidents)
    router.get("/v1/incidents/{id}", responses=problems(404, 422))(incident)
    return router


def findings(dependencies: Dependencies, model: MaybeName = None, limit: Limit = 100) -> Items[FindingShape]:
    """List findings, newest first: monitors that began to drift, not every reading that goes on drifting."""
    rows = find_findings(dependencies.store, model=model, limit=limit + 1)
    wanted = FindingShape.model_fields.keys()
    found = []
    for row in rows:
        flat = {**row, **row["stream"]}
        found.append(FindingShape(**{name: flat[name] for name in wanted}))
    return cut(found, limit)


def incidents(
    dependencies: Dependencies,
    open: Annotated[bool | None, Query(description="Only open ones, or only resolved ones.")] = None,
    owed: Annotated[
        bool | None, Query(description="Only those that wait for a person (told and not closed), or only the others.")
    ] = None,
    handling: Annotated[Handling | None, Query(description="Only those that are handled like this.")] = None,
    tier: Annotated[TierName | None, Query(description="Only those of this tier.")] = None,
    party: Annotated[str | None, Query(max_length=256, description="Only those that this party was told of.")] = None,
    model: MaybeName = None,
    limit: Limit = 100,
) -> Items[IncidentShape]:
    """List incidents, newest first."""
    which = Which(open, model, handling, Tier(tier) if tier else None, party, owed)
    found = find_incidents(dependencies.store, which, limit=limit + 1)
    return cut([IncidentShape(**_facts(known)) for known in found], limit)


def incident(
    dependencies: Dependencies, incident_id: Annotated[str, Path(alias="id", examples=["inc_0123456789abcdef"])]
) -> IncidentDetail:
    """Give one incident with everything that was told about it, and what people did."""
    return detail_of(find_incident(dependencies, incident_id), dependencies.store)


def detail_of(told: Told, store: Store) -> IncidentDetail:
    """Put together all that is known of an incident."""
    known = told.incident
    return IncidentDetail(
        **_facts(known),
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
        people=handling_of(known, store),
    )  # fmt: skip


def find_incident(dependencies: Dependencies, incident_id: str) -> Told:
    """Find an incident with what was told of it, or raise a Problem that names the newest there are."""
    told = told_of(dependencies.store, incident_id)
    if told is not None:
        return told
    newest = [known.id for known in incidents_newest_first(dependencies.store, limit=5)]
    there = f"the newest are: {', '.join(newest)}" if newest else "there has been none yet"
    raise Problem(404, detail=f"There is no incident {incident_id[:100]!r}; {there}.")


def _facts(known: Incident) -> dict[str, object]:
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
