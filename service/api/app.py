"""The HTTP side put together: probes, metrics, API, intake and pages, behind one gate."""

import logging
from threading import Lock
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from sqlalchemy.exc import OperationalError
from starlette.responses import JSONResponse

from alerting.errors import SecretError
from alerting.links import key_of
from service.api.answers import PROBLEM_SCHEMA, ProblemShape, problems
from service.api.baselines import baseline_routes
from service.api.board import Board
from service.api.body import Room
from service.api.books import book_routes
from service.api.dependencies import ApiDependencies
from service.api.deployments import deployment_routes
from service.api.gate import needs
from service.api.health import health_routes
from service.api.hooks import hook_routes
from service.api.incidents import incident_routes
from service.api.models import model_routes
from service.api.monitors import monitor_routes
from service.api.people import people_routes
from service.api.problem import MEDIA_TYPE, Problem, answer_problems
from service.api.remarks import remark_routes
from service.api.respond import respond_routes
from service.web.forms import KEY_BYTES, FormKey
from service.web.link_page import link_routes
from service.web.pages import page_routes
from service.web.templates import Templates

log = logging.getLogger(__name__)

BODIES_AT_ONCE = 2
"""Baselines of the largest size that may be in memory together."""

DESCRIPTION = (
    "Watches machine-learning models in production and tells the person who owns one when it is really changing. "
    "Times are UTC. Lists are newest first. Every error is problem+json (RFC 9457)."
)


def build_api(dependencies: ApiDependencies) -> FastAPI:
    """Put the app together; nothing is opened or started."""
    app = FastAPI(
        title="Driftwarden", description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    app.state.dependencies = dependencies
    app.state.board = Board(dependencies.store)
    app.state.proof = Lock()
    app.state.room = Room(dependencies.settings.api.body_bytes_max * BODIES_AT_ONCE)
    app.state.templates = Templates()
    app.state.form_key = _form_key(dependencies)
    app.state.started_at = dependencies.monotonic()
    answer_problems(app)
    app.add_exception_handler(OperationalError, _unreadable)
    app.include_router(health_routes())
    # The baseline of a version is asked for before the version, whose path would otherwise swallow its last part.
    for routes in (
        baseline_routes, model_routes, monitor_routes, incident_routes, respond_routes, deployment_routes, book_routes,
        people_routes, remark_routes, hook_routes,
    ):  # fmt: skip
        app.include_router(routes())
    if dependencies.intake is not None:
        app.include_router(
            dependencies.intake,
            tags=["events"],
            dependencies=[Depends(needs("ingest"))],
            responses=problems(408),
        )
    app.include_router(page_routes())
    app.include_router(link_routes())
    app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(needs("read", basic=True))])(_openapi)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to extend its document.
    return app


def _form_key(dependencies: ApiDependencies) -> FormKey:
    """Sign forms by the key of links, so that other processes take them, and this one after a restart.

    A key that cannot be had costs that and not the pages.
    """
    reference = dependencies.settings.api.link_key
    try:
        if reference is not None:
            return FormKey.of(key_of(dependencies.secret_of(reference)))
    except SecretError as fault:
        log.error("pages of other processes are refused here: %s", fault)
    return FormKey(dependencies.random_bytes(KEY_BYTES))


def openapi(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI document, in which every problem has the same schema."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version="1", description=app.description, routes=app.routes)
        document["components"]["schemas"]["ProblemShape"] = ProblemShape.model_json_schema()
        for path in document["paths"].values():
            for operation in path.values():
                for answer in operation["responses"].values():
                    if MEDIA_TYPE in answer.get("content", {}):
                        answer["content"][MEDIA_TYPE] = {"schema": PROBLEM_SCHEMA}
        app.openapi_schema = document
    return app.openapi_schema


async def _openapi(request: Request) -> Response:
    return JSONResponse(request.app.openapi())


async def _unreadable(request: Request, error: Exception) -> Response:
    # The route as it is declared, since a path may hold the token of a signed link.
    path = getattr(request.scope.get("route"), "path", "a request")
    log.error("the store could not be read for %s: %s", path, error)
    return Problem(503, detail="The store cannot be read just now; the service's log says why. Try again.").response()
