"""What responders do: acknowledge, give back, silence, write, hand on and close; each in the name of their token."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from alerting.errors import ResponseRefused
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.remark import SALT_BYTES, TEXT_CHARS_MAX, Remark, RemarkError
from alerting.respond import Actor, NoteKind, Response, hidden_by, silence_max
from alerting.respond import ack as acked
from alerting.respond import close as closed
from alerting.respond import note as noted
from alerting.respond import reassign as reassigned
from alerting.respond import release as released
from alerting.respond import silence as silenced
from alerting.roles import Role
from service.api.answers import Moment, Shape, problems
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import Caller, needs
from service.api.incidents import IncidentDetail, detail_of, find_incident
from service.api.json_body import documented, json_body
from service.api.problem import Problem
from service.build import policy
from service.rendering import note_faults
from service.responding import Desk, IncidentMoved, IncidentUnknown

BODY_BYTES_MAX = 131_072
"""Room for the longest note, however its characters are written."""

Text: TypeAlias = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Id: TypeAlias = Annotated[str, Path(alias="id", max_length=200, examples=["inc_0123456789abcdef"])]
Responder: TypeAlias = Annotated[Caller, Depends(needs("respond"))]
Act: TypeAlias = Callable[[Incident, Actor], Response]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: Text = ""
    seen: int | None = Field(
        None,
        ge=0,
        strict=True,
        description="`notices_told` as you saw it: refused when more was told of the incident since.",
    )


class Ack(_Action):
    """Take it in hand."""

    until: Moment | None = Field(None, description="Until then; without it until the next thing is due.")


class Release(_Action):
    """Give it back."""


class Silence(_Action):
    """Tell nobody until then, unless it rises or ends; the note says why."""

    until: Moment


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


Action: TypeAlias = Ack | Release | Silence | Note | Reassign | Close


class SilencePreview(Shape):
    """What a silence of an incident would hide."""

    hides: list[str] = Field(description="Monitors that still speak, the most telling first.")
    until_max: datetime = Field(description="The latest time it may last to.")
    refused: str = Field("", description="Why one until the time that was asked about would be refused, if it would.")


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
    return await _do(request, dependencies, caller, incident_id, Ack)


async def release(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Give back what somebody acknowledged or silenced: the clocks go on."""
    return await _do(request, dependencies, caller, incident_id, Release)


async def silence(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Silence for at most 14 days, at act 24 hours; look first at what it hides."""
    return await _do(request, dependencies, caller, incident_id, Silence)


async def note(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Write a note, findings or a decision."""
    return await _do(request, dependencies, caller, incident_id, Note)


async def reassign(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Give a role to another party: who had it is told that it is in other hands, who has it now gets the open."""
    return await _do(request, dependencies, caller, incident_id, Reassign)


async def close(request: Request, dependencies: Dependencies, caller: Responder, incident_id: Id) -> IncidentDetail:
    """Close: what still drifts is accepted as it is, until it rises or clears."""
    return await _do(request, dependencies, caller, incident_id, Close)


def preview(
    dependencies: Dependencies,
    incident_id: Id,
    until: Annotated[Moment | None, Query(description="The end that is thought of.")] = None,
) -> SilencePreview:
    """Say what a silence would hide, and whether one until then would be taken, before it is set."""
    known, now = find_incident(dependencies, incident_id).incident, dependencies.wall()
    refused = ""
    if until is not None:
        # Done for show: what it gives is thrown away, so that what is said here is what setting it would say.
        why = Remark("rmk_preview", known.id, now, "asked beforehand", bytes(SALT_BYTES))
        try:
            silenced(known, Actor("", now, why), policy(dependencies.settings), until)
        except ResponseRefused as fault:
            refused = _sentence(fault)
    return SilencePreview(hides=hidden_by(known), until_max=now + silence_max(known), refused=refused)


def perform(dependencies: ApiDependencies, name: str, incident_id: str, asked: Action) -> None:
    """Do it in the name of a caller; raises Problem 404 without such an incident, 409 with why it is refused."""
    act = _act_of(dependencies, asked)
    desk = Desk(dependencies.store, dependencies.wall, dependencies.random_bytes)
    try:
        desk.respond(incident_id, name, asked.note, act, seen=asked.seen)
    except IncidentUnknown:
        find_incident(dependencies, incident_id)  # Raises, naming the newest there are.
        raise
    except (ResponseRefused, IncidentMoved) as refused:
        raise Problem(409, detail=_sentence(refused)) from refused
    except RemarkError as fault:
        raise Problem(422, detail=f"note: {fault}.") from fault


def _act_of(dependencies: ApiDependencies, asked: Action) -> Act:
    rules = policy(dependencies.settings)

    def act(incident: Incident, who: Actor) -> Response:
        match asked:
            case Ack():
                response = acked(incident, who, rules, asked.until)
            case Release():
                response = released(incident, who, rules)
            case Silence():
                response = silenced(incident, who, rules, asked.until)
            case Note():
                response = noted(incident, who, rules, asked.kind)
            case Reassign():
                response = reassigned(incident, who, rules, dependencies.ownership(), asked.role, asked.party)
            case Close():
                response = closed(incident, who, rules, asked.disposition)
        note_faults(response.notices, dependencies.progress)
        return response

    return act


async def _do(
    request: Request, dependencies: ApiDependencies, caller: Caller, incident_id: str, kind: type[Action]
) -> IncidentDetail:
    asked = await json_body(request, kind, bytes_max=BODY_BYTES_MAX)
    await asyncio.to_thread(perform, dependencies, caller.name, incident_id, asked)
    return await asyncio.to_thread(lambda: detail_of(find_incident(dependencies, incident_id), dependencies.store))


def _sentence(fault: Exception) -> str:
    return f"{str(fault)[:1].upper()}{str(fault)[1:]}."
