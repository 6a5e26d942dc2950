"""Whoever ends a long close waits for the step it is in, not for all that is left."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from service.close import Closer
from tests.service.lines import prepare
from tests.service.watching import Plan, watch_of


class Endless:
    """Closes one step after another until that is enough, or for a minute."""

    def __init__(self) -> None:
        self.closed = None
        self.begun, self.steps = threading.Event(), threading.Event()
        self.ended = threading.Event()

    def close_due(self, *, live: bool, enough: Callable[[], bool]) -> int:
        """Go on."""
        self.begun.set()
        for step in range(6_000):
            if enough():
                self.ended.set()
                return step
            self.steps.wait(0.01)
        return 6_000


async def test_a_close_that_is_cancelled_ends_with_the_step_it_is_in(tmp_path: Path) -> None:
    line = prepare(tmp_path)
    closer = Endless()
    watch = watch_of(line.parts, Plan({"0": []}), live=False)
    watch.closer = cast(Closer, closer)
    running = asyncio.create_task(watch.run(asyncio.Event()))
    assert await asyncio.to_thread(closer.begun.wait, 30)

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(closer.ended.wait, 10)
