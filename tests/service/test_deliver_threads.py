"""Notices of one incident stay together where the destination has threads, also when an answer is lost."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from sqlalchemy import select

from alerting.audit import Json
from alerting.incident import Intent
from alerting.outbox import Delivery, RetryRules, key_of
from alerting.route import Destination
from alerting.sinks.call import Call
from alerting.sinks.slack import SlackSink
from service.deliver import Deliver
from service.progress import Progress
from service.store.engine import open_store
from service.store.records import ms, put_delivery
from service.store.schema import delivery
from tests.alerting.sinks.slack_workspace import DROP, Workspace, workspace

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPS = Destination("slack:ops:1", "slack", "C0123ABCD", "secret")


@dataclass(slots=True)
class _Channel:
    """A worker that sends to one channel, on a clock that moves on by 20 minutes a turn."""

    worker: Deliver
    at: datetime = BEGIN

    def put(self, *intents: Intent, seq: int) -> None:
        """Put notices of one incident in the outbox."""
        with self.worker.store.write() as connection:
            for number, intent in enumerate(intents, start=seq):
                payload: dict[str, Json] = {"type": f"incident.{intent}", "data": {"title": intent}}
                key = key_of("inc_1", OPS.name, number)
                made = Delivery(key, "inc_1", OPS.name, number, intent, OPS, payload, BEGIN)
                put_delivery(connection, made, ms(BEGIN))

    async def turns(self, count: int) -> None:
        """Send what is due, that many times."""
        for _ in range(count):
            await self.worker.once()
            self.at += timedelta(minutes=20)

    def states(self) -> list[str]:
        """What became of each, in order."""
        with self.worker.store.read() as connection:
            return list(connection.execute(select(delivery.c.state).order_by(delivery.c.seq)).scalars())


@asynccontextmanager
async def _channel(folder: Path, slack: Workspace) -> AsyncIterator[_Channel]:
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)
    async with httpx2.AsyncClient(trust_env=False) as client:
        sink = SlackSink(Call(client, lambda: channel.at, 5.0), lambda _: "xoxb-token", slack.url)
        worker = Deliver(
            store, {"slack": sink}, RetryRules(), "w", lambda: channel.at, random.Random(5), Progress(),
            monotonic=lambda: channel.at.timestamp(),
        )  # fmt: skip
        channel = _Channel(worker)
        yield channel
    store.close()


async def test_what_follows_is_told_in_the_thread_of_the_first_message(tmp_path: Path) -> None:
    async with workspace() as slack, _channel(tmp_path, slack) as channel:
        slack.answers["chat.postMessage"] = [DROP]
        channel.put("open", seq=0)
        await channel.turns(2)
        channel.put("raise", seq=1)
        await channel.turns(2)
        channel.put("update", seq=2)
        await channel.turns(2)
        channel.put("resolve", seq=3)
        await channel.turns(4)

    assert (channel.states(), [message["text"] for message in slack.channel]) == (["sent"] * 4, ["resolve"])
    assert [message["text"] for message in slack.thread] == ["Raised: raise", "resolve"]


async def test_what_sent_nothing_does_not_hide_the_first_message(tmp_path: Path) -> None:
    async with workspace() as slack, _channel(tmp_path, slack) as channel:
        channel.put("update", "open", "remind", seq=0)
        await channel.turns(4)

    assert ([message["text"] for message in slack.channel], len(slack.thread)) == (["remind"], 1)
