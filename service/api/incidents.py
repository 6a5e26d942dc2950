"""What was found, and what became of it: findings, and incidents with their members, notices and deliveries."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from alerting.finding import Condition as FindingCondition
from alerting.finding import EventKind
from alerting.handling import Handling
from alerting.tiers import Tier
from service.api.acts import unknown_incident
from service.api.answers import Items, Limit, MaybeName, Shape, cut, problems
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import needs
from service.api.incident_shape import IncidentDetail, IncidentShape, detail_of, facts_of
from service.store.incident_list import Which, find_incidents
from service.store.queries import findings as find_findings
from service.store.views import Told, told_of

TierName = Literal["observe", "investigate", "act", "blind"]
IncidentId = Annotated[str, Path(alias="id", examples=["inc_0123456789abcdef"])]


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
    model: MaybeName = None,
    handling: Annotated[Handling | None, Query(description="Only those that are handled like this.")] = None,
    tier: Annotated[TierName | None, Query(description="Only those of this tier.")] = None,
    party: Annotated[str | None, Query(max_length=256, description="Only those that this party was told of.")] = None,
    owed: Annotated[
        bool | None, Query(description="Only those that wait for a person (told and not closed), or only the others.")
    ] = None,
    limit: Limit = 100,
) -> Items[IncidentShape]:
    """List incidents, newest first."""
    which = Which(open, model, handling, Tier(tier) if tier else None, party, owed)
    found = find_incidents(dependencies.store, which, limit=limit + 1)
    return cut([IncidentShape(**facts_of(known)) for known in found], limit)


def incident(dependencies: Dependencies, incident_id: IncidentId) -> IncidentDetail:
    """Give one incident with everything that was told about it, and what people did about it."""
    return detail_of(find_incident(dependencies, incident_id))


def find_incident(dependencies: ApiDependencies, incident_id: str) -> Told:
    """Find an incident with what was told of it, or raise a Problem that names the newest there are."""
    told = told_of(dependencies.store, incident_id)
    if told is None:
        raise unknown_incident(dependencies, incident_id)
    return told
