"""The page behind a signed link: looking at it changes nothing, so that a mail scanner or a preview does nothing."""

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Annotated, cast, get_args
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from alerting.errors import LinkRefused, ResponseRefused, SecretError
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.links import WORDS, Offer, key_of, read
from alerting.respond import ACK_MAX
from service.api.body import BodyReader, Room
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.problem import Problem
from service.build import policy
from service.link_use import Said, follow, offered_incident
from service.rendering import note_faults
from service.web.forms import refuse_other_than_a_form
from service.web.page import HEADERS
from service.web.templates import Templates

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 131_072
"""A note of 10,000 characters, each as long as a form can make it, and the rest."""

BODY_SECONDS_MAX = 10.0
STATUSES = {"forged": 403, "expired": 410, "used": 410, "outdated": 409}

_DISPOSITIONS = {name: name.replace("_", " ") for name in get_args(Disposition)}
# The token is in the address, which no page may pass on.
_HEADERS = {**HEADERS, "Referrer-Policy": "no-referrer"}
_WAY_OUT = "; open the incident's page"


def link_routes() -> APIRouter:
    """The link's page, which the token in its address opens and nothing else."""
    router = APIRouter(include_in_schema=False)
    router.api_route("/respond/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)(look)
    router.post("/respond/{token}", response_class=HTMLResponse)(confirm)
    return router


Token = Annotated[str, Path(description="The token of a signed link.")]


def look(request: Request, dependencies: Dependencies, token: Token) -> Response:
    """Say which incident it is and what the button will do, with a form."""
    try:
        offer = _offer(dependencies, token)
        incident = offered_incident(dependencies.store, offer)
    except (LinkRefused, SecretError) as refused:
        return _refused(request, refused)
    return _form(request, offer, incident)


async def confirm(request: Request, dependencies: Dependencies, token: Token) -> Response:
    """Do what the link offers, once."""
    room: Room = request.app.state.room
    reader = BodyReader(room, BODY_BYTES_MAX, BODY_SECONDS_MAX, shorter="; write less")
    try:
        body = await reader.read(request)
    finally:
        reader.close()
    if body:
        refuse_other_than_a_form(request)
    return await asyncio.to_thread(_confirmed, request, dependencies, token, body)


def _confirmed(request: Request, dependencies: ApiDependencies, token: str, body: bytes) -> Response:
    progress = dependencies.progress
    try:
        offer = _offer(dependencies, token)
        incident = offered_incident(dependencies.store, offer)
        try:
            response = follow(
                dependencies.store, offer, _said(body), policy(dependencies.settings), dependencies.wall(),
                dependencies.random_bytes,
            )  # fmt: skip
        except ResponseRefused as refused:
            progress.answered(progress.link_uses, "refused")
            return _form(request, offer, incident, str(refused), 409)
    except LinkRefused as refused:
        progress.answered(progress.link_uses, refused.outcome)
        return _refused(request, refused)
    except SecretError as fault:
        return _refused(request, fault)
    progress.answered(progress.link_uses, "done")
    note_faults(response.notices, progress)
    facts = {"title": "Done", "said": response.audits[-1].reason, "incident": offer.incident}
    return _page(request, "responded.html", facts, 200)


def _offer(dependencies: ApiDependencies, token: str) -> Offer:
    reference = dependencies.settings.api.link_key
    if reference is None:
        raise LinkRefused("forged", "This service makes no links of this kind")
    return read(token, key_of(dependencies.secret_of(reference)), dependencies.wall())


def _said(body: bytes) -> Said:
    """Read the form; raises ResponseRefused for what no form of ours sends."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=20, errors="strict")
    except ValueError as fault:
        raise ResponseRefused("the form cannot be read: open the link again and fill it in") from fault
    given = {name: values[0].strip() for name, values in fields.items()}
    disposition = given.get("disposition", "")
    if disposition and disposition not in _DISPOSITIONS:
        raise ResponseRefused(f"{disposition[:40]!r} is no disposition: choose {', '.join(_DISPOSITIONS)}")
    # The browser ends the lines of a text with CR LF, whatever was typed.
    note = given.get("note", "").replace("\r\n", "\n")
    return Said(_hours(given.get("hours", "")), cast(Disposition, disposition) if disposition else None, note)


def _hours(given: str) -> float | None:
    if not given:
        return None
    longest = ACK_MAX.total_seconds() / 3600
    try:
        hours = float(given)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= longest:
        raise ResponseRefused(f"hours {given[:20]!r} is not a number above 0 and up to {longest:g}")
    return hours


def _form(request: Request, offer: Offer, incident: Incident, problem: str = "", status: int = 200) -> Response:
    facts = {
        "title": WORDS[offer.action], "offer": offer, "incident": incident, "problem": problem,
        "dispositions": _DISPOSITIONS, "hours_max": round(ACK_MAX.total_seconds() / 3600),
    }  # fmt: skip
    return _page(request, "respond.html", facts, status)


def _refused(request: Request, refused: LinkRefused | SecretError) -> Response:
    if isinstance(refused, SecretError):
        log.error("signed links cannot be checked: %s", refused)
        raise Problem(503, detail="Links cannot be checked just now; open the incident's page.") from refused
    facts = {"title": "Nothing was done", "said": f"{refused}{_WAY_OUT}.", "incident": refused.incident}
    return _page(request, "responded.html", facts, STATUSES[refused.outcome])


def _page(request: Request, name: str, facts: Mapping[str, object], status: int) -> Response:
    templates = request.app.state.templates
    assert isinstance(templates, Templates), "build_api puts them there"
    return HTMLResponse(templates.render(name, facts), status, _HEADERS)
