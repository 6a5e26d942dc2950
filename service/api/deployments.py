"""Deployments: announced by CI/CD, and named as candidates for the cause of what changes soon after."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from service.api.answers import Items, Limit, MaybeName, Moment, Shape, cut, problems
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import ANYBODY, Caller, needs
from service.api.json_body import documented, json_body
from service.api.models import at_ms
from service.api.problem import Problem
from service.store.deployments import KEPT_DAYS, Deployment, add_deployment, deployments
from service.store.records import ms

BODY_BYTES_MAX = 16_384
AHEAD_MAX = timedelta(hours=1)
"""How far a deployment may be dated ahead of our clock."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed, such as a line break; write it on one line")
    return text


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL, which no store keeps; give the name as it is in the events")
    return text


def _web_address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("is no web address: give one that begins with https:// or http://, or leave it out")
    return text


Line: TypeAlias = Annotated[str, AfterValidator(_printable)]
Named: TypeAlias = Annotated[str, AfterValidator(_storable)]


class Announcement(BaseModel):
    """What was deployed for which model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[Line, Field(min_length=1, max_length=200, examples=["ci-4711"])]
    model: Annotated[Named, Field(min_length=1, max_length=4_096, examples=["credit"])]
    version: Annotated[Named, Field(max_length=4_096, examples=["3"])] = ""
    at: Moment | None = Field(None, description="When it was in place; now, when it is left out.")
    what: Annotated[Line, Field(min_length=1, max_length=200, examples=["scoring 2.3 to all regions"])]
    link: Annotated[Line, AfterValidator(_web_address), Field(max_length=500, examples=["https://ci.example/4711"])] = (
        ""
    )


class DeploymentShape(Shape):
    """A deployment as it is kept."""

    id: str
    model: str
    version: str
    at: datetime
    what: str
    link: str
    announced_by: str = Field(description="Name of the token that announced it; empty where there are none.")
    announced_at: datetime


def deployment_routes() -> APIRouter:
    """Announcing deployments, and reading them."""
    router = APIRouter(tags=["incidents"])
    router.post(
        "/v1/deployments",
        responses=problems(400, 408, 409, 413, 415, 422),
        openapi_extra=documented(Announcement),
    )(announce)
    router.get("/v1/deployments", responses=problems(422), dependencies=[Depends(needs("read"))])(listed)
    return router


async def announce(
    request: Request, dependencies: Dependencies, caller: Annotated[Caller, Depends(needs("respond", "ingest"))]
) -> DeploymentShape:
    """Keep a deployment. Notices of what changes in the day after it name it under "What changed shortly before".

    Announcing the same id again with the same content answers as the first time and keeps nothing more.
    """
    announced = await json_body(request, Announcement, bytes_max=BODY_BYTES_MAX)
    wanted = _deployment(dependencies, announced, caller.name if caller.name != ANYBODY else "")
    return _shape(await asyncio.to_thread(_keep, dependencies, wanted, announced))


def listed(dependencies: Dependencies, model: MaybeName = None, limit: Limit = 100) -> Items[DeploymentShape]:
    """List deployments that were announced, newest first."""
    found = deployments(dependencies.store, model=model, limit=limit + 1)
    return cut([_shape(one) for one in found], limit)


def _deployment(dependencies: ApiDependencies, announced: Announcement, by: str) -> Deployment:
    """Make what is to be kept; raises Problem 422 where a name is too long or the time cannot be."""
    chars_max = dependencies.settings.limits.string_chars_max
    for name, text in (("model", announced.model), ("version", announced.version)):
        if len(text) > chars_max:
            raise Problem(422, detail=f"{name} has {len(text)} characters; limits.string_chars_max is {chars_max}.")
    now = dependencies.wall()
    at = announced.at or now
    if not now - timedelta(days=KEPT_DAYS) <= at <= now + AHEAD_MAX:
        raise Problem(
            422,
            detail=f"at {at.isoformat()} is not within the {KEPT_DAYS} days that are kept and not at most an hour "
            f"ahead of this service's clock ({now.isoformat()}).",
        )
    return Deployment(
        announced.id, announced.model, announced.version, ms(at), announced.what, announced.link, by, ms(now)
    )


def _keep(dependencies: ApiDependencies, wanted: Deployment, announced: Announcement) -> Deployment:
    try:
        with dependencies.store.write() as connection:
            kept = add_deployment(connection, wanted)
    except IntegrityError:
        # Another worker took the same announcement at this very moment; now it is there.
        with dependencies.store.write() as connection:
            kept = add_deployment(connection, wanted)
    told = {name: getattr(wanted, name) for name in ("model", "version", "what", "link")}
    # A repeat that leaves the time to us is the same one, although it is later by now.
    if announced.at is not None:
        told["at_ms"] = wanted.at_ms
    other = [name.removesuffix("_ms") for name, value in told.items() if getattr(kept, name) != value]
    if other:
        raise Problem(
            409,
            detail=f"Deployment {wanted.id!r} was announced with another {' and '.join(other)}; give this one an id of "
            "its own.",
        )
    return kept


def _shape(kept: Deployment) -> DeploymentShape:
    return DeploymentShape(
        id=kept.id, model=kept.model, version=kept.version, at=at_ms(kept.at_ms), what=kept.what, link=kept.link,
        announced_by=kept.announced_by, announced_at=at_ms(kept.announced_ms),
    )  # fmt: skip
