"""Sending alerts again: what is sent, for how long, by whom, and never what is over."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from alerting.outbox import Delivery, DeliveryState, key_of
from alerting.route import Destination
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.call import Call
from service.progress import Progress
from service.resend import LINES_MAX, Resend
from service.sinks import earlier_in
from service.store.engine import Store, open_store
from service.store.lease import hold
from service.store.records import ms, put_delivery
from tests.alerting.examples import at
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import line, risen
from tests.e2e.serving import eventually
from tests.service.incidents import close, put_open
from tests.service.watching import troubled

NAME = "alertmanager:ops:0a1b2c3d"


@dataclass(slots=True)
class _Rig:
    """A store, a receiver in Alertmanager's place, and a clock that stands at the last notice told."""

    store: Store
    there: Receiver
    resend: Resend
    now: list[datetime]
    target: Destination = field(default_factory=lambda: Destination(NAME, "alertmanager"))

    def put(self, *told: DeliveryState, incident: str = "inc_1", destination: str = NAME) -> None:
        """Put as much of the story in the outbox as there are states; pending ones were never tried."""
        put_open(self.store, incident)
        self.tell(*told, incident=incident, destination=destination)

    def tell(
        self, *told: DeliveryState, incident: str = "inc_1", destination: str = NAME, begin: int = 0
    ) -> list[Delivery]:
        """Put deliveries of a line, from number `begin` of the story on."""
        target = replace(self.target, name=destination)
        made = [
            _of(delivery, incident, state) for delivery, state in zip(line(risen(), target)[begin:], told, strict=False)
        ]
        with self.store.write() as connection:
            for delivery in made:
                put_delivery(connection, delivery, ms(delivery.next_at))
        return made

    def sent(self) -> list[list[tuple[str, str, bool]]]:
        """Each request: incident, tier, and whether the alert is open."""
        return [
            [
                (
                    alert["labels"]["incident"],
                    alert["labels"]["tier"],
                    datetime.fromisoformat(alert["endsAt"]) > self.now[0],
                )
                for alert in json.loads(request.body)
            ]
            for request in self.there.requests
        ]


def _of(delivery: Delivery, incident: str, state: DeliveryState) -> Delivery:
    told = delivery.payload["data"]
    assert isinstance(told, dict)
    return replace(
        delivery, key=key_of(incident, delivery.destination, delivery.seq), incident_id=incident, state=state,
        attempts=0 if state == "pending" else 1, payload={**delivery.payload, "data": {**told, "incident": incident}},
    )  # fmt: skip


@asynccontextmanager
async def _rig(folder: Path, *answers: str | None, minutes: float = 10) -> AsyncIterator[_Rig]:
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)
    now = [at(minutes)]
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        sink = AlertmanagerSink(Call(client, lambda: now[0], 2.0), lambda name: name, earlier_in(store))
        resend = Resend(store, sink, "w", lambda: now[0], Progress(), 45.0)
        target = Destination(NAME, "alertmanager", there.url.removesuffix("/hook"))
        yield _Rig(store, there, resend, now, target)
    store.close()


async def test_an_open_alert_is_sent_again_and_the_tier_before_it_only_while_its_end_is_new(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("sent", "sent")
        await rig.resend.once()
        (first,) = rig.sent()
        rig.now[0] += timedelta(minutes=30)
        await rig.resend.once()

    assert first == [("inc_1", "act", True), ("inc_1", "investigate", False)]
    assert rig.sent()[1] == [("inc_1", "act", True)]


async def test_the_end_is_repeated_for_five_minutes_and_then_no_more(tmp_path: Path) -> None:
    async with _rig(tmp_path, minutes=44) as rig:
        rig.put("sent", "sent", "sent", "sent", "sent")
        close(rig.store, "inc_1")
        first = await rig.resend.once()
        rig.now[0] += timedelta(minutes=2)
        second = await rig.resend.once()

    assert (first, second, rig.sent()) == (1, 0, [[("inc_1", "act", False)]])


async def test_the_end_told_while_the_incident_goes_on_elsewhere_is_not_repeated_for_ever(tmp_path: Path) -> None:
    async with _rig(tmp_path, minutes=60) as rig:
        rig.put("sent", "sent", "sent", "sent", "sent")

        assert await rig.resend.once() == 0


@pytest.mark.parametrize("state", ["pending", "dead"])
async def test_an_alert_whose_end_has_not_arrived_yet_is_never_sent_as_open(
    tmp_path: Path, state: DeliveryState
) -> None:
    async with _rig(tmp_path, minutes=40) as rig:
        rig.put("sent", "sent", "sent", "sent", state)
        await rig.resend.once()

    assert [alert for request in rig.sent() for alert in request if alert[2]] == []


async def test_what_was_never_tried_is_left_to_its_first_attempt(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("pending")

        assert await rig.resend.once() == 0


async def test_an_open_that_was_given_up_arrives_after_all_once_alertmanager_is_back(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("dead")
        await rig.resend.once()

    assert rig.sent() == [[("inc_1", "investigate", True)]]


async def test_what_is_told_between_looking_and_sending_counts(tmp_path: Path) -> None:
    async with _rig(tmp_path, minutes=40) as rig:
        rig.put("sent", "sent", "sent", "sent")
        async with rig.resend.sink.turn(NAME):
            sending = asyncio.create_task(rig.resend.once())
            await eventually(lambda: bool(rig.resend.sink._turns[NAME]._waiters), 10, "it waits for its turn")
            rig.tell("sent", begin=4)
        await sending

    assert rig.sent() == [[("inc_1", "act", False)]]


async def test_only_the_worker_that_sends_notices_sends_again(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("sent")
        hold(rig.store, "deliver", "another", ms(rig.now[0]), 30.0)

        assert (await rig.resend.once(), rig.there.requests) == (0, [])


async def test_many_alerts_go_in_batches_and_all_in_one_turn(tmp_path: Path) -> None:
    names = [f"inc_{number:03}" for number in range(2 * LINES_MAX + 3)]
    async with _rig(tmp_path) as rig:
        for name in names:
            rig.put("sent", incident=name)
        count = await rig.resend.once()

    assert [len(request) for request in rig.sent()] == [LINES_MAX, LINES_MAX, 3]
    assert (count, [alert[0] for request in rig.sent() for alert in request]) == (len(names), names)


async def test_a_failure_is_counted_and_logged_and_the_next_turn_tries_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _rig(tmp_path, "503 Later") as rig:
        rig.put("sent")
        counts = [await rig.resend.once() for _ in range(2)]

    assert counts == [0, 1]
    assert rig.resend.progress.resent == {(NAME, "retry"): 1, (NAME, "delivered"): 1}
    assert f"1 alerts could not be sent to {NAME} again: the receiver answered 503" in caplog.text


async def test_an_alertmanager_that_hangs_does_not_hold_up_another(tmp_path: Path) -> None:
    async with _rig(tmp_path, None) as rig:
        rig.put("sent", destination="alertmanager:a:1")
        rig.put("sent", incident="inc_2", destination="alertmanager:b:2")

        assert await rig.resend.once() == 1


async def test_other_destinations_are_not_told_again(tmp_path: Path) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("sent", destination="pagerduty:ops:0a1b2c3d")

        assert await rig.resend.once() == 0


async def test_the_loop_goes_on_after_a_store_that_could_not_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _rig(tmp_path) as rig:
        rig.put("sent")
        stop = asyncio.Event()
        with troubled(rig.store) as trouble:
            trouble.sql = "PRAGMA query_only=1"
            running = asyncio.create_task(rig.resend.run(stop, 0.01))
            await eventually(lambda: "alerts are not sent again" in caplog.text, 10, "the store fails")
            trouble.sql = "PRAGMA query_only=0"
            await eventually(lambda: bool(rig.there.requests), 10, "it is sent again")
            stop.set()
            await running
