"""The outbox loop against a real receiver that is down, slow or broken: at least once, in order, by one worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.exc import OperationalError

from alerting.outbox import Delivery, Outcome
from alerting.route import Destination
from alerting.sinks.call import Call
from alerting.sinks.sink import Sink
from alerting.sinks.webhook import WebhookSink
from service.deliver import LEASE_SECONDS
from service.store.engine import open_store
from service.store.outbox import pending_deliveries
from service.store.records import ms, put_delivery
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.e2e.serving import SECRET, eventually
from tests.kafka.broker import free_ports
from tests.service.outboxes import Hands, Outbox
from tests.service.watching import Trouble, troubled

WRITABLE = "PRAGMA query_only=0"


@asynccontextmanager
async def _outbox(folder: Path, url: str) -> AsyncIterator[Outbox]:
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)
    clock = Hands()
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield Outbox(store, WebhookSink(Call(client, clock, 0.2), lambda _: SECRET), url, clock)
    store.close()


def _ids(owner: Receiver) -> list[str]:
    return [request.headers["webhook-id"] for request in owner.requests]


def _seqs(owner: Receiver) -> list[int]:
    return [int(request.body.split(b'"seq":')[1].split(b"}")[0]) for request in owner.requests]


async def test_a_receiver_that_fails_and_hangs_and_recovers_gets_each_notice_with_the_same_id(tmp_path: Path) -> None:
    async with receiver("500 No", None, "503 Later") as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open")
        await outbox.turns(5, outbox.worker())

    assert len(_ids(owner)) == 4
    assert len(set(_ids(owner))) == 1
    assert (outbox.states(), outbox.audited()) == (["sent"], ["delivery.sent"])


async def test_a_receiver_that_is_down_is_called_again_when_it_is_up(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with _outbox(tmp_path, f"http://127.0.0.1:{port}/hook") as outbox:
        outbox.put("open")
        await outbox.turns(3, outbox.worker())
        before = outbox.states()
        async with receiver(port=port) as owner:
            await outbox.turns(1, outbox.worker())

    assert (before, outbox.states(), len(owner.requests)) == (["pending"], ["sent"], 1)


async def test_a_later_notice_never_overtakes_an_earlier_one(tmp_path: Path) -> None:
    async with receiver("500 No", "500 No", "204 Ok", "500 No") as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open", "raise")
        await outbox.turns(6, outbox.worker())

    assert _seqs(owner) == [0, 0, 0, 1, 1]
    assert outbox.states() == ["sent", "sent"]


async def test_one_dead_destination_does_not_hold_up_another_incident(tmp_path: Path) -> None:
    async with receiver("410 Gone") as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open", incident="inc_1")
        await outbox.turns(1, outbox.worker())
        outbox.put("open", incident="inc_2")
        await outbox.turns(1, outbox.worker())

    assert (outbox.states(), outbox.audited()) == (["dead", "sent"], ["delivery.dead", "delivery.sent"])


async def test_a_crash_between_sending_and_recording_sends_again_with_the_same_id(tmp_path: Path) -> None:
    async with receiver() as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open")
        with troubled(outbox.store) as trouble:
            worker = replace(outbox.worker(), sinks={"webhook": _ThenFailing(outbox.sink, trouble)})
            with pytest.raises(OperationalError, match="readonly"):
                await worker.once()
            trouble.sql = WRITABLE
            outbox.clock.pass_(minutes=1)
            await outbox.turns(2, outbox.worker("after the crash"))

    assert len(_ids(owner)) == 2
    assert len(set(_ids(owner))) == 1
    assert outbox.states() == ["sent"]


async def test_the_loop_goes_on_after_a_store_that_could_not_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiver() as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open")
        stop = asyncio.Event()
        with troubled(outbox.store) as trouble:
            worker = replace(outbox.worker(), sinks={"webhook": _ThenFailing(outbox.sink, trouble)})
            running = asyncio.create_task(worker.run(stop, 0.01))
            await eventually(lambda: "deliveries wait" in caplog.text, 10, "the store fails")
            worker.sinks = {"webhook": outbox.sink}
            trouble.sql = WRITABLE
            await eventually(lambda: outbox.states() == ["sent"], 10, "it is recorded")
            stop.set()
            await running

    assert len(_ids(owner)) == 2
    assert len(set(_ids(owner))) == 1


async def test_only_the_worker_that_holds_the_lease_sends(tmp_path: Path) -> None:
    async with receiver() as owner, _outbox(tmp_path, owner.url) as outbox:
        first, second = outbox.worker("first"), outbox.worker("second")
        await first.once()
        outbox.put("open")

        assert (await second.once(), len(owner.requests)) == (0, 0)

        outbox.clock.pass_(seconds=LEASE_SECONDS + 1)
        assert (await second.once(), len(owner.requests)) == (1, 1)


async def test_an_open_that_resolved_before_anything_was_sent_is_never_sent(tmp_path: Path) -> None:
    async with receiver() as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open", "resolve")
        await outbox.turns(1, outbox.worker())

    assert (owner.requests, outbox.states()) == ([], [])
    assert outbox.audited() == ["delivery.dropped", "delivery.dropped"]


async def test_an_open_that_may_have_arrived_is_followed_by_its_resolve(tmp_path: Path) -> None:
    async with receiver(None) as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open")
        await outbox.turns(1, outbox.worker())
        with outbox.store.read() as connection:
            (tried,) = pending_deliveries(connection, 2**60, 10)
        outbox.put("open", "resolve")
        with outbox.store.write() as connection:
            put_delivery(connection, tried, ms(outbox.clock()))
        await outbox.turns(2, outbox.worker())

    assert _seqs(owner) == [0, 0, 1]


async def test_a_receiver_that_never_answers_makes_it_a_dead_delivery_after_a_day(tmp_path: Path) -> None:
    async with receiver(*["500 No"] * 200) as owner, _outbox(tmp_path, owner.url) as outbox:
        outbox.put("open")
        await outbox.turns(80, outbox.worker())

    assert (outbox.states(), outbox.audited()) == (["dead"], ["delivery.dead"])
    assert 70 <= len(owner.requests) <= 80


async def test_a_sink_that_raises_is_a_bug_and_ends_the_loop_after_the_others_have_been_recorded(
    tmp_path: Path,
) -> None:
    async with _outbox(tmp_path, "http://127.0.0.1:1") as outbox:
        for incident in ("inc_1", "inc_2", "inc_3"):
            outbox.put("open", incident=incident, to=f"webhook:{incident}")
        worker = replace(outbox.worker(), sinks={"webhook": _Broken("inc_2")})

        with pytest.raises(ZeroDivisionError):
            await worker.run(asyncio.Event())

    assert outbox.states() == ["sent", "pending", "sent"]


@dataclass(slots=True)
class _ThenFailing:
    """Sends, and then the store cannot be written."""

    sink: Sink
    trouble: Trouble

    async def send(self, delivery: Delivery) -> Outcome:
        outcome = await self.sink.send(delivery)
        self.trouble.sql = "PRAGMA query_only=1"
        return outcome


@dataclass(slots=True)
class _Broken:
    """A sink with a bug that one incident brings out."""

    incident: str

    async def send(self, delivery: Delivery) -> Outcome:
        if delivery.incident_id == self.incident:
            raise ZeroDivisionError
        return Outcome("delivered")


def test_lines_that_wait_for_a_retry_do_not_hold_up_the_ones_that_are_due(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    with store.write() as connection:
        for number in range(30):
            put_delivery(connection, _delivery(f"inc_dead{number:02}", "webhook:dead", at_ms=5_000), 0)
        put_delivery(connection, _delivery("inc_fine", "webhook:fine", at_ms=1_000), 1)

    with store.read() as connection:
        found = pending_deliveries(connection, 2_000, 10)
        later = pending_deliveries(connection, 6_000, 10)

    assert [delivery.destination for delivery in found] == ["webhook:fine"]
    assert later[0].destination == "webhook:fine"


def _delivery(incident: str, destination: str, *, at_ms: int) -> Delivery:
    return Delivery(
        key=f"{incident} {destination}",
        incident_id=incident,
        destination=destination,
        seq=0,
        intent="open",
        target=Destination(destination, "webhook", "http://127.0.0.1:9/"),
        payload={},
        next_at=datetime.fromtimestamp(at_ms / 1000, UTC),
    )
