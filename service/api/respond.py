"""Acting on an incident: take it in hand, give it back, make it quiet, write about it, hand it on, close it."""

import asyncio
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from alerting.respond import hidden_by, silence_max
from service.api.acts import Ack, AnyAct, Close, Note, Reassign, Release, Silence, perform, refusal_of_silence
from service.api.answers import Shape, problems
from service.api.body import json_body
from service.api.dependencies import Dependencies
from service.api.gate import Caller, needs
from service.api.incident_shape import IncidentDetail
from service.api.incidents import IncidentId, find_incident, incident
from service.build import policy

BODY_BYTES_MAX = 131_072
"""Room for the longest note, however its characters are written."""

Responder: TypeAlias = Annotated[Caller, Depends(needs("respond"))]


class SilenceShape(Shape):
    """What a silence would hide, and how long one may be."""

    incident: str
    hides: list[str] = Field(description="One line per monitor that still speaks, the most telling first.")
    until_max: datetime = Field(description="The latest end that is allowed now.")
    until: datetime | None = Field(description="The end that was asked about.")
    refused: str = Field(description="Why a silence until then would be refused; empty where it would not, or unasked.")


def respond_routes() -> APIRouter:
    """The acts of responders; each answers the incident as it is afterwards."""
    router = APIRouter(tags=["incidents"])
    for name, shape, route in (
        ("ack", Ack, ack), ("release", Release, release), ("silence", Silence, silence), ("note", Note, note),
        ("reassign", Reassign, reassign), ("close", Close, close),
    ):  # fmt: skip
        router.post(
            f"/v1/incidents/{{id}}/{name}",
            responses=problems(400, 404, 408, 409, 413, 415, 422),
            openapi_extra=_body(shape),
        )(route)
    router.get("/v1/incidents/{id}/silence", responses=problems(404, 422), dependencies=[Depends(needs("read"))])(
        preview
    )
    return router


async def ack(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """Take it in hand until a time: the clocks of acknowledgement stand still, and everybody told learns of it."""
    return await _act(request, dependencies, caller, incident_id, Ack)


async def release(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """Give back what was acknowledged or silenced: the clocks go on."""
    return await _act(request, dependencies, caller, incident_id, Release)


async def silence(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """Tell nobody anything of it until a time, unless its tier rises or it ends. The note says why."""
    return await _act(request, dependencies, caller, incident_id, Silence)


async def note(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """Write something down; as findings or as a decision it meets that deadline."""
    return await _act(request, dependencies, caller, incident_id, Note)


async def reassign(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """Give a role to another party of the ownership table in force; both are told."""
    return await _act(request, dependencies, caller, incident_id, Reassign)


async def close(
    request: Request, dependencies: Dependencies, caller: Responder, incident_id: IncidentId
) -> IncidentDetail:
    """End it for people. What the data still shows is accepted as it is until it rises or clears."""
    return await _act(request, dependencies, caller, incident_id, Close)


def preview(
    dependencies: Dependencies,
    incident_id: IncidentId,
    until: Annotated[AwareDatetime | None, Query(description="The end of the silence that is thought of.")] = None,
) -> SilenceShape:
    """Say what a silence would hide and how long it may be, before anybody is silenced."""
    known, now = find_incident(dependencies, incident_id).incident, dependencies.wall()
    refused = refusal_of_silence(known, until, now, policy(dependencies.settings)) if until is not None else ""
    return SilenceShape(
        incident=known.id, hides=hidden_by(known), until_max=now + silence_max(known), until=until, refused=refused
    )


async def _act(
    request: Request, dependencies: Dependencies, caller: Caller, incident_id: str, shape: type[AnyAct]
) -> IncidentDetail:
    asked = await json_body(request, shape, BODY_BYTES_MAX, shorter="; say less, and link to the rest")
    await asyncio.to_thread(perform, dependencies, incident_id, asked, caller.name)
    return await asyncio.to_thread(incident, dependencies, incident_id)


def _body(shape: type[BaseModel]) -> dict[str, object]:
    schema = shape.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
