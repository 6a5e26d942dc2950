"""Webhooks that come in: what people do in PagerDuty is known here. A signature is the authorisation."""

import asyncio
import logging

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError

from alerting.errors import SecretError
from alerting.pagerduty_hook import Event, Payload, signed
from service.api.answers import Shape, problems
from service.api.body import BodyReader, Room
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.problem import Problem
from service.build import policy
from service.pagerduty import HookOutcome, take_event
from service.rendering import note_faults

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 262_144
"""PagerDuty drops what is longer."""

BODY_SECONDS_MAX = 4.0
"""PagerDuty waits five seconds for the answer."""


class HookShape(Shape):
    """What became of a webhook."""

    outcome: HookOutcome = Field(
        description="done, noted (a remark), known (nothing to do), refused (by the incident's state), echo (our own "
        "doing), repeat, unknown (none of our incidents) or ignored (another kind of event)."
    )


def hook_routes() -> APIRouter:
    """Where other services tell what people did there."""
    router = APIRouter(tags=["incidents"])
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    router.post(
        "/v1/hooks/pagerduty", responses=problems(400, 403, 404, 408, 413, 503), openapi_extra={"requestBody": body}
    )(pagerduty)
    return router


async def pagerduty(request: Request, dependencies: Dependencies) -> HookShape:
    """Take one webhook of PagerDuty (v3), signed with one of `alerting.pagerduty_webhook_secrets`.

    200 once everything that follows is stored; sending it again changes nothing.
    """
    room: Room = request.app.state.room
    reader = BodyReader(room, BODY_BYTES_MAX, BODY_SECONDS_MAX, shorter="; PagerDuty sends no longer ones")
    try:
        body = await reader.read(request)
    finally:
        reader.close()
    header = request.headers.get("x-pagerduty-signature", "")
    return HookShape(outcome=await asyncio.to_thread(_taken, dependencies, body, header))


def _taken(dependencies: ApiDependencies, body: bytes, header: str) -> HookOutcome:
    progress = dependencies.progress
    if not signed(body, header, _secrets(dependencies)):
        progress.answered(progress.hooks, "forged")
        raise Problem(
            403,
            detail="X-PagerDuty-Signature is not made with a secret of alerting.pagerduty_webhook_secrets; copy the "
            "one that PagerDuty showed when the webhook was made.",
        )
    try:
        event: Event = Payload.model_validate_json(body).event
    except ValidationError as fault:
        progress.answered(progress.hooks, "malformed")
        first = fault.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise Problem(400, detail=f"This is no webhook of PagerDuty's version 3: {where}: {first['msg']}.") from None
    taken = take_event(
        dependencies.store, event, policy(dependencies.settings), dependencies.wall(), dependencies.random_bytes
    )
    progress.answered(progress.hooks, taken.outcome)
    note_faults(taken.notices, progress)
    return taken.outcome


def _secrets(dependencies: ApiDependencies) -> list[str]:
    references = dependencies.settings.alerting.pagerduty_webhook_secrets
    if not references:
        raise Problem(404, detail="No webhooks are taken here; set alerting.pagerduty_webhook_secrets.")
    try:
        return [dependencies.secret_of(reference).strip() for reference in references]
    except SecretError as fault:
        log.error("webhooks of PagerDuty cannot be checked: %s", fault)
        raise Problem(503, detail="Signatures cannot be checked just now; the service's log says why.") from fault
