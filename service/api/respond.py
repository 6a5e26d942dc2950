"""What responders do: acknowledge, give back, silence, write, hand on and close; each in the name of their token."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerting.errors import ResponseRefused
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.remark import TEXT_CHARS_MAX, RemarkError
from alerting.respond import SILENCE_MAX, SILENCE_MAX_ACT, Actor, NoteKind, Response, hidden_by
from alerting.respond import ack as acked
from alerting.respond import close as closed
from alerting.respond import note as noted
from alerting.respond import reassign as reassigned
from alerting.respond import release as released
from alerting.respond import silence as silenced
from alerting.roles import Role
from alerting.tiers import Tier
from service.api.answers import Shape, problems
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import Caller, needs
from service.api.incidents import IncidentDetail, detail_of, find_incident
from service.api.json_body import documented, json_body
from service.api.problem import Problem
from service.build import policy
from service.responding import Desk, IncidentMoved, IncidentUnknown

Text: TypeAlias = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Id: TypeAlias = Annotated[str, Path(alias="id", max_length=200, examples=["inc_0123456789abcdef"])]
Responder: TypeAlias = Annotated[Caller, Depends(needs("respond"))]
Act: TypeAlias = Callable[[Incident, Actor], Response]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: Text = ""
    seen: int | None = Field(
        None, ge=0, description="`notices_told` as you saw it: refused when more was told of the incident since."
    )


class Ack(_Action):
    """Take it in hand."""

    until: AwareDatetime | None = Field(None, description="Until then; without it until findings are due.")


class Release(_Action):
    """Give it back."""


class Silence(_Action):
    """Tell nobody until then, unless it rises or ends; the note says why."""

    until: AwareDatetime


class Note(_Action):
    """Write something down; findings and decision meet their deadline."""

    kind: NoteKind = "note"


class Reassign(_Action):
    """Give a role to another party of the ownership table."""

    role: Role = "owner"
    party: Annotated[str, Field(min_length=1, max_length=256)]


class Close(_Action):
    """End it: at investigate and act with what it was and a note."""

    disposition: Disposition | None = None


class SilencePreview(Shape):
    """What a silence of an incident would hide."""

    hides: list[str] = Field(description="Monitors that still speak, the most telling first.")
    until_max: datetime = Field(description="The latest time it may last to.")


def respond_routes() -> APIRouter:
    """One route per action; all answer the incident as it is then."""
    router = APIRouter(tags=["incidents"])
    faults = problems(400, 404, 408, 409, 413, 415, 422)
    for name, handle, body in (
        ("ack", ack, Ack), ("release", release, Release), ("silence", silence, Silence), ("note", note, Note),
        ("reassign", reassign, Reassign), ("close", close, Close),
    ):  # fmt: skip
        path = f"/v1/incidents/{{id}}/{name}"
        router.post(path, responses=faults, openapi_extra=documented(body))(handle)
    reads = [Depends(needs("read"))]
    router.get("/v1/incidents/{id}/silence", responses=problems(404, 422), dependencies=reads)(preview)
    return router


async def ack(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Acknowledge: the steps of the escalation stop until the time that is given, at most seven days."""
    body = await json_body(request, Ack)
    rules = policy(dependencies.settings)
    return await _do(dependencies, caller, incident_id, body, lambda i, who: acked(i, who, rules, body.until))


async def release(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Give back what somebody acknowledged or silenced: the clocks go on."""
    body = await json_body(request, Release)
    rules = policy(dependencies.settings)
    return await _do(dependencies, caller, incident_id, body, lambda i, who: released(i, who, rules))


async def silence(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Silence for at most 14 days, at act 24 hours; look first at what it hides."""
    body = await json_body(request, Silence)
    rules = policy(dependencies.settings)
    return await _do(dependencies, caller, incident_id, body, lambda i, who: silenced(i, who, rules, body.until))


async def note(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Write a note, findings or a decision."""
    body = await json_body(request, Note)
    rules = policy(dependencies.settings)
    return await _do(dependencies, caller, incident_id, body, lambda i, who: noted(i, who, rules, body.kind))


async def reassign(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Give a role to another party: who had it is told that it is in other hands, who has it now gets the open."""
    body = await json_body(request, Reassign)
    rules, table = policy(dependencies.settings), dependencies.ownership()

    def act(incident: Incident, who: Actor) -> Response:
        return reassigned(incident, who, rules, table, body.role, body.party)

    return await _do(dependencies, caller, incident_id, body, act)


async def close(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Close: what still drifts is accepted as it is, until it rises or clears."""
    body = await json_body(request, Close)
    rules = policy(dependencies.settings)
    return await _do(dependencies, caller, incident_id, body, lambda i, who: closed(i, who, rules, body.disposition))


def preview(
    dependencies: Dependencies,
    incident_id: Id,
    _until: Annotated[AwareDatetime | None, Query(alias="until")] = None,
) -> SilencePreview:
    """Say what a silence would hide, before it is set."""
    known = find_incident(dependencies, incident_id).incident
    longest = SILENCE_MAX_ACT if known.tier is Tier.ACT else SILENCE_MAX
    return SilencePreview(hides=hidden_by(known), until_max=dependencies.wall() + longest)


async def _do(
    dependencies: ApiDependencies, caller: Caller, incident_id: str, body: _Action, act: Act
) -> IncidentDetail:
    desk = Desk(dependencies.store, dependencies.wall)
    try:
        await asyncio.to_thread(desk.respond, incident_id, caller.name, body.note, act, seen=body.seen)
    except IncidentUnknown:
        find_incident(dependencies, incident_id)  # Raises, naming the newest there are.
        raise
    except (ResponseRefused, IncidentMoved) as refused:
        raise Problem(409, detail=f"{str(refused)[:1].upper()}{str(refused)[1:]}.") from refused
    except RemarkError as fault:
        raise Problem(422, detail=f"note: {fault}.") from fault
    return await asyncio.to_thread(lambda: detail_of(find_incident(dependencies, incident_id), dependencies.store))
