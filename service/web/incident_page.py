"""The page of one incident, and the forms on it by which people act."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from alerting.escalate import DISPOSED
from alerting.evidence import began
from alerting.ownership import ROLES
from alerting.respond import hidden_by, silence_max
from service.api.body import BodyReader, Room
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import GRANTS, Caller, needs
from service.api.json_body import BODY_SECONDS_MAX
from service.api.models import at_ms
from service.api.problem import Problem
from service.api.respond import (
    BODY_BYTES_MAX,
    Ack,
    Action,
    Close,
    Note,
    Reassign,
    Release,
    Silence,
    perform,
)
from service.store.queries import audit_entries
from service.store.remarks import RemarkRow, remarks_of
from service.store.views import told_of
from service.web.forms import FormKey, fields_of, refuse_foreign, refuse_other_than_a_form
from service.web.page import missing, page

HISTORY_MAX = 200
PARTIES_MAX = 1_000
LENGTHS = {
    "1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "24 hours", "72": "3 days", "168": "7 days",
    "336": "14 days",
}  # fmt: skip
"""For how long somebody may hold an incident, in hours, as the forms offer it."""

ACTS: Mapping[str, type[Action]] = {
    "ack": Ack, "release": Release, "silence": Silence, "note": Note, "reassign": Reassign, "close": Close,
}  # fmt: skip

Reader = Annotated[Caller, Depends(needs("read", basic=True))]
Responder = Annotated[Caller, Depends(needs("respond", basic=True))]


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody tried that was refused: why, and what they had written, so that it is not lost."""

    status: int = 200
    refused: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


NOTHING = Tried()


def incident(request: Request, dependencies: Dependencies, caller: Reader, incident_id: str) -> Response:
    """One incident: what is due, who has it, its members, what was sent, what was done about it."""
    return shown(request, dependencies, caller, incident_id)


async def act(request: Request, dependencies: Dependencies, caller: Responder, incident_id: str) -> Response:
    """Do what a form on the page asks for, and show the page again."""
    refuse_foreign(request, dependencies.settings.api.public_url)
    fields = fields_of(await _body(request))
    _key(request).check(fields.get("token", ""), incident_id, caller.name)
    try:
        asked = _asked(dependencies, fields)
        await asyncio.to_thread(perform, dependencies, caller.name, incident_id, asked)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        tried = Tried(problem.status, problem.detail, fields)
        return await asyncio.to_thread(shown, request, dependencies, caller, incident_id, tried)
    return RedirectResponse(f"/incidents/{incident_id}", 303, {"Cache-Control": "no-store"})


def shown(
    request: Request, dependencies: ApiDependencies, caller: Caller, incident_id: str, tried: Tried = NOTHING
) -> Response:
    """Render the page, with what was refused where something was."""
    told = told_of(dependencies.store, incident_id)
    if told is None:
        return missing(request, dependencies, f"There is no incident “{incident_id[:100]}”.")
    known = told.incident
    longest = silence_max(known)
    facts = {
        "told": told,
        "incident": known,
        "pictured": any(member.peak.moves for member in known.members),
        "began": began(known),
        "remarks": [(row, row.remark()) for row in _remarks(dependencies, incident_id)],
        "history": audit_entries(dependencies.store, subject=incident_id, limit=HISTORY_MAX),
        "history_max": HISTORY_MAX,
        "may_act": "respond" in GRANTS[caller.role] and known.handling != "closed",
        "holdable": known.open and known.owed,
        "disposed": known.tier in DISPOSED and known.handling != "new",
        "hides": hidden_by(known),
        "lengths": {hours: words for hours, words in LENGTHS.items() if int(hours) <= 168},
        "silences": {hours: words for hours, words in LENGTHS.items() if timedelta(hours=int(hours)) <= longest},
        "roles": ROLES,
        "parties": sorted(dependencies.ownership().parties)[:PARTIES_MAX],
        "token": _key(request).token(incident_id, caller.name),
        "caller": caller.name,
        "tried": tried,
        "first_ms": at_ms,
    }
    return page(request, dependencies, "incident.html", facts, tried.status)


async def _body(request: Request) -> bytes:
    refuse_other_than_a_form(request)
    room: Room = request.app.state.room
    reader = BodyReader(room, BODY_BYTES_MAX, BODY_SECONDS_MAX, shorter="; say less, and link to the rest")
    try:
        return await reader.read(request)
    finally:
        reader.close()


def _asked(dependencies: ApiDependencies, fields: Mapping[str, str]) -> Action:
    """Read what a form asks for as the API would; a Problem 422 names what is missing in it."""
    shape = ACTS.get(fields.get("act", ""))
    if shape is None:
        raise Problem(400, detail="The form asks for nothing that can be done; send it from the incident's page.")
    said: dict[str, Any] = {name: value for name, value in fields.items() if name not in ("act", "token", "hours")}
    hours = fields.get("hours", "")
    if hours in LENGTHS:
        said["until"] = (dependencies.wall() + timedelta(hours=int(hours))).isoformat()
    seen = said.get("seen", "")
    said |= {"seen": int(seen)} if seen.isascii() and seen.isdigit() else {}
    try:
        return shape.model_validate(said)
    except ValidationError as fault:
        lacking = ", ".join(str(one["loc"][-1]) for one in fault.errors())
        raise Problem(422, detail=f"The form lacks something, or has it wrong: {lacking}.") from None


def _remarks(dependencies: ApiDependencies, incident_id: str) -> list[RemarkRow]:
    with dependencies.store.read() as connection:
        return remarks_of(connection, incident_id)


def _key(request: Request) -> FormKey:
    found = request.app.state.form_key
    assert isinstance(found, FormKey), "build_api puts it there"
    return found
