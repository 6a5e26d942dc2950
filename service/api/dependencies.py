"""What the routes need; the composition root puts it together and every route finds it here."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from alerting.errors import SecretError
from alerting.ownership import Ownership
from service.api.board import Board
from service.metrics.exposition import Page
from service.progress import Progress
from service.settings import Settings
from service.store.engine import Store
from service.watchlist import Watchlist


def _no_secrets(reference: str) -> str:
    raise SecretError(f"the secret {reference} cannot be looked up here")


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """Everything the HTTP side reads. `metrics` renders for an Accept header; `ready` gives reasons why we are not.

    `monotonic` must be the clock that Progress is written with. Without `intake` there is no POST /v1/events.
    `secret_of` looks up what a setting refers to, `random_bytes` draws so many.
    """

    store: Store
    settings: Settings
    progress: Progress
    watchlist: Watchlist
    ownership: Callable[[], Ownership]
    metrics: Callable[[str], Page]
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    ready: Callable[[], Sequence[str]] = tuple
    intake: APIRouter | None = None
    secret_of: Callable[[str], str] = _no_secrets
    random_bytes: Callable[[int], bytes] = secrets.token_bytes


async def _dependencies(request: Request) -> ApiDependencies:
    found = request.app.state.dependencies
    assert isinstance(found, ApiDependencies), "build_api puts them there"
    return found


Dependencies = Annotated[ApiDependencies, Depends(_dependencies)]


async def _board(request: Request) -> Board:
    found = request.app.state.board
    assert isinstance(found, Board), "build_api puts it there"
    return found


Boarded = Annotated[Board, Depends(_board)]
