"""Turns of a loop: again and again, also while the store cannot be used."""

import asyncio
import logging
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from service.repeat import repeat


def fault(words: str, code: int) -> OperationalError:
    """What the store raises when SQLite says this."""
    said = sqlite3.OperationalError(words)
    said.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, said)


async def turns(*faults: Exception | None) -> int:
    """Take turns of which each may fail, until all were taken; gives how many that were."""
    stop, taken, left = asyncio.Event(), 0, list(faults)

    async def turn() -> None:
        nonlocal taken
        taken += 1
        now = left.pop(0)
        if not left:
            stop.set()
        if now is not None:
            raise now

    await asyncio.wait_for(repeat(turn, stop, 0.001, "notices wait"), 20)
    return taken


async def test_a_turn_follows_another_until_it_is_told_to_stop() -> None:
    assert await turns(None, None, None) == 3


async def test_a_store_that_is_busy_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert await turns(None, fault("database is locked", sqlite3.SQLITE_BUSY), None) == 3

    assert caplog.messages == ["notices wait, because the store cannot be used: database is locked"]


async def test_a_fault_of_our_own_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await turns(None, ZeroDivisionError(), None)
    with pytest.raises(OperationalError):
        await turns(None, fault("no such table: x", sqlite3.SQLITE_ERROR), None)
