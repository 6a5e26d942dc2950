"""Two workers at one outbox: one stands still, one ends."""

import asyncio
from pathlib import Path

from alerting.outbox import Delivery, Outcome
from alerting.sinks.recording import RecordingSink
from service.store.engine import open_store
from tests.service.outboxes import Outbox


class _Stuck:
    """A receiver that takes its time until it is let go, and is then not reached."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def send(self, delivery: Delivery) -> Outcome:
        self.begun.set()
        await self.go.wait()
        return Outcome("retry", note="no answer")


async def test_a_worker_that_stood_still_for_longer_than_its_lease_does_not_reopen_what_is_over(tmp_path: Path) -> None:
    stuck, reached = _Stuck(), RecordingSink()
    box = Outbox(open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60, durable=False), stuck)
    box.put("open")
    slow = asyncio.create_task(box.worker("slow").once())
    await asyncio.wait_for(stuck.begun.wait(), 20)
    other = Outbox(box.store, reached, clock=box.clock)
    box.put("resolve", first=1)
    box.clock.pass_(seconds=600)
    await other.turns(2, other.worker("other"))
    stuck.go.set()
    await slow
    await other.turns(2, other.worker("other"))

    assert [(d.intent, d.seq) for d in reached.delivered] == [("open", 0), ("resolve", 1)]
    assert other.states() == ["sent", "sent"]


async def test_a_worker_that_ends_gives_its_lease_back_so_that_the_next_need_not_wait(tmp_path: Path) -> None:
    box = Outbox(open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60, durable=False), RecordingSink())
    stop = asyncio.Event()
    old = box.worker("old")
    await old.once()
    stop.set()
    await old.run(stop)
    box.put("open")

    assert await box.worker("new").once() == 1
