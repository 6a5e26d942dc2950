"""A party that cannot be reached: somebody else is told, and why."""

import logging
import random
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.decide import decide
from alerting.outbox import Outcome, RetryRules
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.sinks.recording import RecordingSink
from service.deliver import Deliver
from service.progress import Progress
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.records import audit_rows, newest_incidents
from tests.alerting.examples import NOON, clear, finding

TABLE = """\
version: 1
parties:
  ds: {contacts: [{pagerduty: "env:DS"}, {email: ds@company.example}]}
  platform: {contacts: [log]}
fallback: {owner: platform}
rules:
  - {id: all, match: {model: "*"}, assign: {owner: ds}}
"""
GONE = Outcome("refused", 404, note="there is no such service")


class _World:
    """A store, and a sink of each kind."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store(f"sqlite:///{folder}/store.db", tick_seconds=60, durable=False)
        self.sinks = {kind: RecordingSink() for kind in ("pagerduty", "email", "log")}
        self.now = NOON

    def find(self, *ends: float, good: bool = False) -> None:
        found = [clear(end=end) if good else finding(low=0.15, high=0.2, end=end) for end in ends]
        with self.store.write() as connection:
            held = newest_incidents(connection, 0)
            put_decisions(connection, decide(found, held, parse_ownership(TABLE), Policy(), self.now), self.now)

    async def send(self) -> None:
        worker = Deliver(
            self.store, self.sinks, RetryRules(), "w", lambda: self.now, random.Random(1), Progress()
        )  # fmt: skip
        for _ in range(4):
            self.now += timedelta(minutes=1)
            await worker.once()

    def told(self, kind: str) -> list[str]:
        return list(self.sinks[kind].texts())


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> _World:
    return _World(tmp_path)


async def test_whoever_is_left_for_everything_is_told_who_could_not_be_reached(world: _World) -> None:
    world.sinks["pagerduty"].fail(GONE)
    world.sinks["email"].fail(GONE)
    world.find(0)
    await world.send()

    (delivery,) = world.sinks["log"].delivered
    about = delivery.payload["data"]
    assert isinstance(about, dict)
    assert str(about["text"]).startswith("ds could not be reached: ")
    with world.store.read() as connection:
        assert "delivery.rerouted" in [row.entry.action for row in audit_rows(connection)]


async def test_one_contact_that_works_is_enough(world: _World) -> None:
    world.sinks["pagerduty"].fail(GONE)
    world.find(0)
    await world.send()

    assert (len(world.told("email")), world.told("log")) == (1, [])


async def test_whoever_was_told_instead_gets_the_end_too(world: _World) -> None:
    world.sinks["pagerduty"].fail(GONE)
    world.sinks["email"].fail(GONE)
    world.find(0)
    await world.send()
    world.find(5, 10, 15, good=True)
    await world.send()

    assert [delivery.intent for delivery in world.sinks["log"].delivered] == ["open", "resolve"]


async def test_when_nobody_is_left_it_is_said_as_loudly_as_a_log_can(
    world: _World, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("pagerduty", "email", "log"):
        world.sinks[kind].fail(GONE)
    world.find(0)
    with caplog.at_level(logging.CRITICAL):
        await world.send()

    assert "platform cannot be reached" in caplog.text
