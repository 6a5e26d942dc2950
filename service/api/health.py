"""Is it alive, is it ready, and what does it measure of itself."""

import gzip
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from service.api.answers import Shape, problems
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import needs
from service.api.problem import Problem
from service.metrics.exposition import CONTENT_TYPES
from service.progress import POLL_SECONDS_MAX


class Live(Shape):
    """The loops make progress."""

    status: Literal["live"] = "live"
    polled_seconds_ago: float = Field(examples=[0.1], description="Seconds since a source was last polled.")


class Ready(Shape):
    """Events are read, judged and told."""

    status: Literal["ready"] = "ready"


def health_routes() -> APIRouter:
    """The probes, open to everyone, and the page Prometheus scrapes."""
    router = APIRouter(tags=["health"])
    unready: dict[int | str, dict[str, object]] = {503: problems()[503]}
    router.get("/livez", responses=unready)(livez)
    router.get("/readyz", responses=unready)(readyz)
    router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in CONTENT_TYPES.values()}}, **problems()},
        dependencies=[Depends(needs("read", basic=True))],
    )(metrics)
    return router


async def livez(request: Request, dependencies: Dependencies) -> Live:
    """Say whether the loops make progress; restart the process when this keeps failing."""
    progress = dependencies.progress
    # A process that has just started is given as long for its first poll as a running one for its next.
    since = max(progress.polled_at, request.app.state.started_at)
    ago = dependencies.monotonic() - since
    if ago > POLL_SECONDS_MAX:
        what = "has not polled a source yet" if progress.polled_at == 0.0 else "last polled a source"
        raise Problem(503, detail=f"The watch loop {what}: {ago:.0f} s without a poll, {POLL_SECONDS_MAX:.0f} allowed.")
    return Live(polled_seconds_ago=round(max(0.0, ago), 3))


def readyz(dependencies: Dependencies) -> Ready:
    """Say whether events can be taken and judged; send no traffic while this fails."""
    reasons = [*_store_faults(dependencies), *dependencies.ready()]
    if reasons:
        raise Problem(503, detail="Not ready: " + "; ".join(reasons) + ".")
    return Ready()


def _store_faults(dependencies: ApiDependencies) -> list[str]:
    try:
        with dependencies.store.read() as connection:
            connection.execute(select(1))
    except SQLAlchemyError as fault:
        return [f"the store cannot be read ({fault})"]
    return []


def metrics(request: Request, dependencies: Dependencies) -> Response:
    """Give the metrics as Prometheus text 0.0.4, or as OpenMetrics when the Accept header asks for it."""
    page = dependencies.metrics(request.headers.get("accept", ""))
    headers = {"Vary": "Accept, Accept-Encoding"}
    body = page.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    return Response(body, headers={**headers, "Content-Type": page.content_type})
