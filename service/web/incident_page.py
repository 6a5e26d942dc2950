"""The page of one incident, and the forms on it by which people act."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response

from alerting.escalate import DISPOSED
from alerting.evidence import began
from alerting.ownership import ROLES
from alerting.respond import hidden_by, silence_max
from service.api.acts import Ack, AnyAct, Close, Note, Reassign, Release, Silence, perform
from service.api.body import checked, small_body
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import GRANTS, Caller, needs
from service.api.models import at_ms
from service.api.problem import Problem
from service.api.respond import BODY_BYTES_MAX
from service.store.queries import audit_entries
from service.store.views import told_of
from service.web.forms import FormKey, fields_of, refuse_foreign
from service.web.page import missing, page

HISTORY_MAX = 200
PARTIES_MAX = 1_000
LENGTHS = {
    "1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "24 hours", "72": "3 days", "168": "7 days",
    "336": "14 days",
}  # fmt: skip
"""For how long somebody may hold an incident, in hours, as the forms offer it."""

ACTS: Mapping[str, type[AnyAct]] = {
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
    body = await small_body(
        request, "application/x-www-form-urlencoded", BODY_BYTES_MAX, shorter="; say less, and link to the rest"
    )
    fields = fields_of(body)
    _key(request).check(fields.get("token", ""), incident_id, caller.name)
    try:
        asked = _asked(dependencies, fields)
        await asyncio.to_thread(perform, dependencies, incident_id, asked, caller.name)
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
        "remarks": [(row, row.remark()) for row in told.remarks],
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


def _asked(dependencies: ApiDependencies, fields: Mapping[str, str]) -> AnyAct:
    """Read what a form asks for as the API would; a Problem 422 names what is missing in it."""
    shape = ACTS.get(fields.get("act", ""))
    if shape is None:
        raise Problem(400, detail="The form asks for nothing that can be done; send it from the incident's page.")
    said: dict[str, Any] = {name: value for name, value in fields.items() if name not in ("act", "token", "hours")}
    if said.get("expect_notices", "").isdecimal():
        said["expect_notices"] = int(said["expect_notices"])
    hours = fields.get("hours", "")
    if hours in LENGTHS:
        said["until"] = (dependencies.wall() + timedelta(hours=int(hours))).isoformat()
    try:
        return checked(shape, msgspec.json.encode(said))
    except RequestValidationError as fault:
        lacking = ", ".join(str(one["loc"][-1]) for one in fault.errors())
        raise Problem(422, detail=f"The form lacks something, or has it wrong: {lacking}.") from None


def _key(request: Request) -> FormKey:
    found = request.app.state.form_key
    assert isinstance(found, FormKey), "build_api puts it there"
    return found
