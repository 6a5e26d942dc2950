"""A real Alertmanager with a receiver behind it: what is told arrives, and what it forgets is told again."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from alerting.outbox import Delivery, RetryRules
from alerting.route import Destination
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.call import Call
from service.deliver import Deliver
from service.progress import Progress
from service.resend import Resend
from service.sinks import earlier_in
from service.store.engine import Store, open_store
from service.store.records import ms, put_delivery
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import line, risen
from tests.components.alertmanager import Alertmanager, running
from tests.components.need import need
from tests.e2e.serving import eventually
from tests.kafka.broker import free_ports
from tests.service.incidents import put_open

pytestmark = pytest.mark.component


@dataclass(slots=True)
class _Rig:
    """A store, what sends from it, and an Alertmanager that can be stopped and started."""

    folder: Path
    store: Store
    owner: Receiver
    port: int
    deliver: Deliver
    resend: Resend
    told: list[Delivery]
    starts: int = 0
    server: Alertmanager = field(default_factory=lambda: Alertmanager(""))
    _running: ExitStack = field(default_factory=ExitStack)

    async def start(self) -> None:
        """Start Alertmanager, with nothing in its memory."""
        self.starts += 1
        hook = self.owner.url.removesuffix("/hook")
        at = running(need("alertmanager"), self.folder / str(self.starts), hook, self.port)
        self.server = await asyncio.to_thread(self._running.enter_context, at)

    async def stop(self) -> None:
        """Stop it; all that it held is lost with it."""
        await asyncio.to_thread(self._running.close)

    async def tell(self, *numbers: int) -> None:
        """Put notices of the story in the outbox and send what is due."""
        with self.store.write() as connection:
            for number in numbers:
                put_delivery(connection, self.told[number], ms(self.told[number].next_at))
        assert await self.deliver.once() > 0

    def seen(self) -> list[tuple[str, str, str]]:
        """What Alertmanager told its receivers: the path, firing or resolved, and the tier."""
        return [
            (request.line.split()[1], alert["status"], alert["labels"]["tier"])
            for request in self.owner.requests
            for alert in json.loads(request.body)["alerts"]
        ]

    async def until_seen(self, *expected: tuple[str, str, str]) -> None:
        """Wait until the receivers were told these."""
        await eventually(lambda: set(expected) <= set(self.seen()), 20, f"{expected} among {self.seen()}")


@asynccontextmanager
async def _rig(folder: Path) -> AsyncIterator[_Rig]:
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)
    (port,) = free_ports(1)
    target = Destination("alertmanager:credit-ds:0a1b2c3d", "alertmanager", f"http://127.0.0.1:{port}")
    told = line(risen(), target, state="pending", begin=datetime.now(UTC) - timedelta(hours=1))
    put_open(store, told[0].incident_id)
    async with receiver() as owner, httpx2.AsyncClient(trust_env=False) as client:
        sink = AlertmanagerSink(Call(client, _now), lambda name: name, earlier_in(store))
        progress = Progress()
        deliver = Deliver(
            store, {"alertmanager": sink}, RetryRules(first_seconds=0.0), "w", _now, random.Random(5), progress
        )
        rig = _Rig(
            folder, store, owner, port, deliver, Resend(store, sink, "w", _now, progress, 45.0), _due_now(told)
        )  # fmt: skip
        await rig.start()
        try:
            yield rig
        finally:
            await rig.stop()
            store.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _due_now(told: Sequence[Delivery]) -> list[Delivery]:
    return [replace(delivery, next_at=_now()) for delivery in told]


async def test_open_raise_and_resolve_reach_the_receivers_that_the_routes_name(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        await rig.tell(0)
        await rig.until_seen(("/rest", "firing", "investigate"))
        await rig.tell(1)
        await rig.until_seen(("/act", "firing", "act"), ("/rest", "resolved", "investigate"))
        await rig.tell(2)
        await rig.tell(3)
        (held,) = await asyncio.to_thread(rig.server.alerts)
        await rig.tell(4)
        await rig.until_seen(("/act", "resolved", "act"))
        left = await asyncio.to_thread(rig.server.alerts)

    assert held["labels"] == {
        "alertname": "ModelDrift", "model": "credit-score", "version": "31", "tier": "act", "party": "credit-ds",
        "incident": "inc_0123456789abcdef",
    }  # fmt: skip
    assert held["generatorURL"] == "https://drift.example/incidents/inc_0123456789abcdef"
    assert held["annotations"]["description"] == "The words of notice 3.\n"
    assert left == []


async def test_a_change_of_facts_reaches_alertmanager_and_disturbs_nobody(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        await rig.tell(0, 1)
        await rig.tell(1)
        await rig.until_seen(("/act", "firing", "act"))
        await rig.tell(2)
        (held,) = await asyncio.to_thread(rig.server.alerts)
        await rig.tell(3)
        await rig.tell(4)
        await rig.until_seen(("/act", "resolved", "act"))

    assert held["annotations"]["held"].startswith("acknowledged by ann until ")
    assert rig.seen().count(("/act", "firing", "act")) == 1


async def test_an_alertmanager_that_lost_everything_has_the_open_alerts_again_after_one_turn(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        await rig.tell(0)
        await rig.tell(1)
        await rig.until_seen(("/act", "firing", "act"))
        await rig.stop()
        gone = await rig.resend.once()
        await rig.start()
        empty = await asyncio.to_thread(rig.server.alerts)
        again = await rig.resend.once()
        back = await asyncio.to_thread(rig.server.alerts)

    assert (gone, empty, again) == (0, [], 2)
    assert [alert["labels"]["tier"] for alert in back] == ["act"]
    name = "alertmanager:credit-ds:0a1b2c3d"
    assert rig.resend.progress.resent == {(name, "retry"): 2, (name, "delivered"): 2}


async def test_an_end_that_alertmanager_was_told_is_not_undone_by_what_is_sent_again(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        for number in range(5):
            await rig.tell(number)
        again = await rig.resend.once()
        left = await asyncio.to_thread(rig.server.alerts)

    assert (again, left) == (1, [])
