"""A destination that breaks in every way there is: each notice arrives, in order, under one key; others do not wait."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from alerting.audit import Json
from alerting.breaker import FAILURES_MAX
from alerting.incident import Intent
from alerting.outbox import Delivery, RetryRules, key_of
from alerting.route import Destination
from alerting.sinks.call import Call
from alerting.sinks.webhook import WebhookSink
from service.deliver import Deliver
from service.progress import Progress
from service.store.engine import Store, open_store
from service.store.records import ms, put_delivery
from service.store.schema import delivery
from tests.alerting.examples import NOON
from tests.alerting.sinks.faulty import ANSWERS, Faulty, faulty
from tests.alerting.sinks.receiver import Request
from tests.e2e.serving import SECRET, eventually

STORY: tuple[Intent, ...] = ("open", "raise", "remind", "resolve")
INCIDENTS = ("inc_1", "inc_2", "inc_3")


@dataclass(slots=True)
class _Street:
    """A store, a clock that only the test moves, and a worker that sends to several places."""

    store: Store
    client: httpx2.AsyncClient
    now: datetime = NOON
    progress: Progress = field(default_factory=Progress)
    worker: Deliver = field(init=False)

    def __post_init__(self) -> None:
        sink = WebhookSink(Call(self.client, lambda: self.now, 0.15), lambda _: SECRET)
        self.worker = Deliver(
            self.store, {"webhook": sink}, RetryRules(), "w", lambda: self.now, random.Random(5), self.progress,
            monotonic=lambda: self.now.timestamp(),
        )  # fmt: skip

    def tell(self, there: Faulty, name: str, seq: int, intents: Sequence[Intent], tier: str = "investigate") -> None:
        """Put one notice of each incident in the outbox, with the intent it has in their turn."""
        target = Destination(f"webhook:{name}", "webhook", there.url, "secret")
        with self.store.write() as connection:
            for incident, intent in zip(INCIDENTS, intents, strict=False):
                payload: dict[str, Json] = {"data": {"incident": incident, "seq": seq, "tier": tier}}
                key = key_of(incident, target.name, seq)
                made = Delivery(key, incident, target.name, seq, intent, target, payload, self.now)
                put_delivery(connection, made, ms(self.now))

    async def turns(self, count: int, minutes: float = 1.0) -> None:
        """Let turns and time pass."""
        for _ in range(count):
            await self.worker.once()
            self.now += timedelta(minutes=minutes)

    def states(self) -> set[str]:
        with self.store.read() as connection:
            return set(connection.execute(select(delivery.c.state)).scalars())


@asynccontextmanager
async def _street(folder: Path) -> AsyncIterator[_Street]:
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield _Street(store, client)
    store.close()


def _told(requests: Sequence[Request]) -> dict[str, list[int]]:
    """By incident, the numbers of what was sent, in the order of sending."""
    told: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        about = json.loads(request.body)["data"]
        told[about["incident"]].append(about["seq"])
    return dict(told)


def _ids(requests: Sequence[Request]) -> dict[tuple[str, int], set[str]]:
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for request in requests:
        about = json.loads(request.body)["data"]
        ids[about["incident"], about["seq"]].add(request.headers["webhook-id"])
    return ids


@pytest.mark.parametrize("answer", sorted(ANSWERS.keys() - {"410"}))
async def test_an_hour_of_trouble_costs_no_notice_no_order_and_nobody_else_anything(
    tmp_path: Path, answer: str
) -> None:
    async with faulty(answer) as bad, faulty() as good, _street(tmp_path) as street:
        for seq, intent in enumerate(STORY):
            street.tell(bad, "bad", seq, [intent] * len(INCIDENTS))
            street.tell(good, "good", seq, [intent] * len(INCIDENTS))
            await street.turns(15)
        others = _told(good.taken)
        tried = len(bad.requests)
        bad.answer = ""
        await street.turns(40)

    assert others == {incident: [0, 1, 2, 3] for incident in INCIDENTS}, "the others got everything meanwhile"
    # A reminder of what is over by then is told to nobody.
    assert [list(dict.fromkeys(told)) for told in _told(bad.taken).values()] == [[0, 1, 3]] * len(INCIDENTS)
    for told in _told(bad.requests).values():
        assert told == sorted(told), "a later one never overtakes an earlier one"
    assert all(len(ids) == 1 for ids in _ids(bad.requests).values()), "one key however often it was tried"
    assert street.states() == {"sent"}
    assert tried <= 75, "an hour's attempts at what does not answer"


async def test_a_retry_after_holds_the_whole_destination(tmp_path: Path) -> None:
    async with faulty("429 for ten minutes") as bad, _street(tmp_path) as street:
        street.tell(bad, "bad", 0, ["open", "open", "open"])
        await street.turns(9)
        held = len(bad.requests)
        bad.answer = ""
        await street.turns(5)

    assert (held, len(bad.taken)) == (1, 3)


async def test_an_act_is_the_one_that_finds_out_whether_a_destination_is_back(tmp_path: Path) -> None:
    async with faulty("500") as bad, _street(tmp_path) as street:
        street.tell(bad, "bad", 0, ["open", "open"])
        await street.turns(FAILURES_MAX + 1)
        with street.store.write() as connection:
            target = Destination("webhook:bad", "webhook", bad.url, "secret")
            payload: dict[str, Json] = {"data": {"incident": "grave", "seq": 0, "tier": "act"}}
            grave = Delivery("g", "grave", target.name, 0, "open", target, payload, street.now)
            put_delivery(connection, grave, ms(street.now))
        was_open, before = dict(street.progress.breakers), len(bad.requests)
        await street.turns(1)
        probes = _told(bad.requests[before:])
        bad.answer = ""
        await street.turns(10)

    assert (was_open, probes) == ({"webhook:bad": True}, {"grave": [0]})
    assert (street.states(), street.progress.breakers) == ({"sent"}, {"webhook:bad": False})


async def test_what_waits_behind_a_breaker_does_not_grow_too_old_meanwhile(tmp_path: Path) -> None:
    async with faulty("500") as bad, _street(tmp_path) as street:
        street.tell(bad, "bad", 0, ["open"], tier="act")
        await street.turns(8)
        street.tell(bad, "bad", 0, ["update", "open"])
        street.now += timedelta(days=2)
        await street.turns(3)
        bad.answer = ""
        await street.turns(5)

    assert "inc_2" in _told(bad.taken)


async def test_the_end_of_what_certainly_never_arrived_is_not_told(tmp_path: Path) -> None:
    async with faulty("410") as bad, _street(tmp_path) as street:
        street.tell(bad, "bad", 0, ["open"])
        await street.turns(2)
        bad.answer = ""
        street.tell(bad, "bad", 1, ["resolve"])
        await street.turns(2)

    assert (bad.taken, street.states()) == ([], {"dead"})


async def test_the_end_of_what_may_have_arrived_is_told(tmp_path: Path) -> None:
    async with faulty("silence") as bad, _street(tmp_path) as street:
        street.tell(bad, "bad", 0, ["open"])
        await street.turns(3)
        bad.answer = "410"
        street.now += timedelta(hours=1)
        await street.turns(2)
        bad.answer = ""
        street.tell(bad, "bad", 1, ["resolve"])
        await street.turns(2)

    assert _told(bad.taken) == {"inc_1": [1]}


async def test_while_one_hangs_the_loop_goes_on_telling_the_others(tmp_path: Path) -> None:
    async with faulty("silence") as bad, faulty() as good, _street(tmp_path) as street:
        street.worker.sinks = {"webhook": WebhookSink(Call(street.client, lambda: street.now, 5.0), lambda _: SECRET)}
        street.tell(bad, "bad", 0, ["open"])
        stop = asyncio.Event()
        running = asyncio.create_task(street.worker.run(stop, 0.01))
        await eventually(lambda: len(bad.requests) == 1, 10, "one hangs")
        began = time.monotonic()
        street.tell(good, "good", 0, ["open", "open", "open"])
        await eventually(lambda: len(good.taken) == 3, 10, "the others are told")
        took = time.monotonic() - began
        bad.stopping.set()
        stop.set()
        await running

    assert took < 4.0, f"the others waited {took:.1f} s for the one that hangs"
