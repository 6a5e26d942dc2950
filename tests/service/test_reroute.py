"""A party that cannot be reached: somebody else is told, and why."""

import logging
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.decide import decide
from alerting.handling import Hold
from alerting.outbox import Outcome, RetryRules
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.sinks.recording import RecordingSink
from service.deliver import Deliver
from service.progress import Progress
from service.reroute import Unreached
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.records import audit_rows, newest_incidents, put_incident
from tests.alerting.examples import CREDIT, NOON, clear, finding

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
        self.progress = Progress()
        self.unreached = Unreached(self.store, Policy(), 15.0, "w", lambda: self.now, self.progress, 45.0)

    def find(self, *ends: float, good: bool = False, low: float = 0.15, version: str = "31") -> None:
        stream = replace(CREDIT, version=version)
        found = [clear(end=end) if good else finding(low=low, high=low + 0.05, end=end, stream=stream) for end in ends]
        with self.store.write() as connection:
            held = newest_incidents(connection, 0)
            put_decisions(connection, decide(found, held, parse_ownership(TABLE), Policy(), self.now), self.now)

    async def send(self, minutes: int = 4) -> None:
        """Let time pass, sending and looking for whoever is out of reach every minute."""
        worker = Deliver(
            self.store, self.sinks, RetryRules(), "w", lambda: self.now, random.Random(1), self.progress,
            monotonic=lambda: self.now.timestamp(),
        )  # fmt: skip
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            await worker.once()
            self.unreached.once()

    def fail_for_ever(self, *kinds: str) -> None:
        for kind in kinds:
            self.sinks[kind].fail(*[Outcome("retry", 503, note="the receiver answered 503")] * 2_000)

    def hold(self) -> None:
        with self.store.write() as connection:
            for incident in newest_incidents(connection, 0).values():
                held = replace(incident, handling="acked", hold=Hold("kim", NOON, NOON + timedelta(days=1)))
                put_incident(connection, held, 0)

    def actions(self) -> list[str]:
        with self.store.read() as connection:
            return [row.entry.action for row in audit_rows(connection)]

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
    assert (world.progress.unreachable, world.actions().count("delivery.unreachable")) == (1, 1)


async def test_a_party_whose_destinations_all_fail_is_waited_for_a_quarter_of_an_hour_at_act(world: _World) -> None:
    world.fail_for_ever("pagerduty", "email")
    world.find(0, low=0.3)
    await world.send(15)
    before = world.told("log")
    await world.send(2)

    assert (before, len(world.told("log"))) == ([], 1)


async def test_where_nobody_need_get_up_it_is_an_hour(world: _World) -> None:
    world.fail_for_ever("pagerduty", "email")
    world.find(0)
    await world.send(58)
    before = world.told("log")
    await world.send(5)

    assert (before, len(world.told("log"))) == ([], 1)


async def test_it_is_said_once_of_an_incident_however_long_it_lasts(world: _World) -> None:
    world.fail_for_ever("pagerduty", "email")
    world.find(0, low=0.3)
    await world.send(180)

    assert world.actions().count("delivery.rerouted") == 1


async def test_what_waits_at_a_destination_that_is_left_alone_counts_too(world: _World) -> None:
    world.fail_for_ever("pagerduty", "email")
    for number in range(8):
        world.find(0, low=0.3, version=str(number))
    await world.send(40)

    assert world.actions().count("delivery.rerouted") == 8


async def test_a_service_that_was_away_itself_blames_nobody_for_it(world: _World) -> None:
    world.find(0, low=0.3)
    world.now += timedelta(days=1)
    world.unreached.once()
    await world.send(2)

    assert (len(world.told("email")), world.told("log")) == (1, [])


async def test_once_somebody_has_taken_it_on_nobody_else_is_disturbed(world: _World) -> None:
    world.fail_for_ever("pagerduty", "email")
    world.find(0, low=0.3)
    world.hold()
    await world.send(40)

    assert world.told("log") == []


async def test_the_fallback_is_told_of_ten_at_a_time_though_nothing_reaches_a_hundred_parties(tmp_path: Path) -> None:
    world = _World(tmp_path)
    names = [f"ds-{n}" for n in range(100)]
    parties = "\n".join(f'  {name}: {{contacts: [{{pagerduty: "env:DS"}}]}}' for name in names)
    rules = "\n".join(f"  - {{id: {name}, match: {{model: {name}}}, assign: {{owner: {name}}}}}" for name in names)
    table = f"version: 1\nparties:\n{parties}\n  platform: {{contacts: [log]}}\nfallback: {{owner: platform}}\n"
    found = [finding(low=0.3, stream=replace(CREDIT, model=name)) for name in names]
    with world.store.write() as connection:
        made = decide(found, {}, parse_ownership(f"{table}rules:\n{rules}\n"), Policy(), NOON)
        put_decisions(connection, made, NOON)
    world.sinks["pagerduty"].fail(*[GONE] * 200)

    await world.send(10)

    assert world.actions().count("delivery.rerouted") == 100
    assert len(world.told("log")) == 10
    said = [str(about["text"]) for d in world.sinks["log"].delivered if isinstance(about := d.payload["data"], dict)]
    assert sum("It stands for this and further incidents" in text for text in said) == 1
    assert world.progress.unreachable == 0
    assert world.actions().count("notice.summed") == 91
