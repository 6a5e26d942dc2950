"""The turn of a loop that uses the store: again and again, also when the store cannot be used for a while."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import OperationalError

from service.store.errors import passes

log = logging.getLogger(__name__)


async def repeat(
    turn: Callable[[], Awaitable[object]], stop: asyncio.Event, pause_seconds: float, meanwhile: str
) -> None:
    """Take a turn every so often until `stop` is set.

    While the store cannot be used that is logged, `meanwhile` saying what waits, and the next turn tries again; every
    other error is raised.
    """
    while not stop.is_set():
        try:
            await turn()
        except OperationalError as failure:
            if not passes(failure):
                raise
            log.error("%s, because the store cannot be used: %s", meanwhile, failure.orig)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_seconds)
