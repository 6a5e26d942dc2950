"""Whatever happens in whatever order: findings, people, clocks, reloads, crashes and destinations that fail."""

import asyncio
import contextlib
import os
import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerting.audit import verify
from alerting.decide import decide
from alerting.errors import ResponseRefused
from alerting.finding import Condition, Finding, Stream
from alerting.handling import Disposition
from alerting.incident import Incident, Intent
from alerting.lineage import FeatureView, Lineage
from alerting.outbox import Delivery, Outcome, RetryRules
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.respond import ack, close, note, reassign, release, silence
from service.deliver import Deliver
from service.progress import Progress
from service.responding import Desk
from service.store.decisions import put_decisions
from service.store.engine import open_store
from service.store.records import audit_rows, clockless_incidents, ms, newest_incidents, open_incidents
from service.timekeeper import Timekeeper
from tests.alerting.examples import NOON, finding

PARTIES = ("ds", "lead", "desk", "boss", "platform")
TABLE = """\
version: 1
parties:
  ds: {contacts: [log, {pagerduty: "env:DS"}]}
  lead: {contacts: [log]}
  desk: {contacts: [{pagerduty: "env:DESK"}]}
  boss: {contacts: [log]}
  platform: {contacts: [log]}
fallback: {owner: platform, executive: boss}
rules:
  - {id: all, match: {model: "*"}, assign: {owner: ds, technical_lead: lead, data_steward: desk}}
"""
OTHER = TABLE.replace("owner: ds, technical_lead: lead", "owner: lead, technical_lead: ds")
VIEW = FeatureView("orders", ("a", "b"))
POLICY = Policy(lineage=Lineage((VIEW,), together_min=2), clear_evaluations=2, notices_max=50)
STREAMS = (Stream("prediction", "credit", "1"), Stream("prediction", "churn", "2"))
BOUNDS = ((0.0, 0.004), (0.0, 0.04), (0.03, 0.3), (0.15, 0.2), (0.3, 0.4))
DISPOSITIONS: tuple[Disposition | None, ...] = ("real_drift", "data_bug", "expected_change", None)

Line = tuple[str, str]
"""(incident, destination)"""


@dataclass(slots=True)
class _World:
    """A sink for every destination: it keeps what arrived, and fails when it is told to."""

    arrived: list[Delivery] = field(default_factory=list)
    failing: bool = False
    loses_answers: bool = False

    async def send(self, delivery: Delivery) -> Outcome:
        if self.failing:
            return Outcome("retry", 503, note="away")
        self.arrived.append(delivery)
        return Outcome("retry", note="no answer") if self.loses_answers else Outcome("delivered")


class Machine(RuleBasedStateMachine):
    """A service without its sources, and people who answer it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(f"sqlite:///{self.folder.name}/store.db", tick_seconds=60, durable=False)
        self.now = NOON
        self.data_at = NOON
        self.world = _World()
        self.table = parse_ownership(TABLE)
        self.workers = 0
        self.start()

    def start(self) -> None:
        """A worker begins: all it knows is in the store."""
        self.workers += 1
        name = f"w{self.workers}"
        self.timekeeper = Timekeeper(self.store, POLICY, name, lambda: self.now, Progress())
        sinks = dict.fromkeys(("log", "pagerduty"), self.world)
        self.deliver = Deliver(
            self.store, sinks, RetryRules(give_up_hours=100_000), name, lambda: self.now, random.Random(1), Progress(),
            monotonic=lambda: self.now.timestamp(),
        )  # fmt: skip
        self.desk = Desk(self.store, lambda: self.now, lambda count: os.urandom(count))

    @rule(data=st.data(), count=st.integers(1, 5))
    def evaluate(self, data: st.DataObject, count: int) -> None:
        self.data_at += timedelta(minutes=5)
        found = [self._finding(data) for _ in range(count)]
        with self.store.write() as connection:
            incidents = newest_incidents(connection, ms(self.data_at - timedelta(days=1)))
            made = decide(found, incidents, self.table, POLICY, self.now)
            put_decisions(connection, made, self.now)

    def _finding(self, data: st.DataObject) -> Finding:
        low, high = data.draw(st.sampled_from(BOUNDS))
        condition: Condition = data.draw(st.sampled_from(("drifting", "drifting", "ok", "ok", "insufficient")))
        return finding(
            stream=data.draw(st.sampled_from(STREAMS)), subject=data.draw(st.sampled_from("abc")), low=low, high=high,
            detector=data.draw(st.sampled_from(("psi", "missing", "lag"))), condition=condition,
            end=(self.data_at - NOON).total_seconds() / 60,
        )  # fmt: skip

    @rule(data=st.data(), action=st.sampled_from(("ack", "release", "silence", "note", "reassign", "close")))
    @precondition(lambda self: self._known())
    def act(self, data: st.DataObject, action: str) -> None:
        incident = data.draw(st.sampled_from(self._known()))
        until = self.now + timedelta(hours=data.draw(st.sampled_from((1, 20, 100))))
        what = data.draw(st.sampled_from(DISPOSITIONS))
        party = data.draw(st.sampled_from(PARTIES))
        text = data.draw(st.sampled_from(("", "looked at it")))
        acts = {
            "ack": lambda i, who: ack(i, who, POLICY, until),
            "release": lambda i, who: release(i, who, POLICY),
            "silence": lambda i, who: silence(i, who, POLICY, until),
            "note": lambda i, who: note(i, who, POLICY, "findings"),
            "reassign": lambda i, who: reassign(i, who, POLICY, self.table, "owner", party),
            "close": lambda i, who: close(i, who, POLICY, what),
        }
        with contextlib.suppress(ResponseRefused):
            self.desk.respond(incident, "anna", text, acts[action])

    @rule(hours=st.sampled_from((0.1, 0.3, 5.0, 30.0, 200.0)))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.timekeeper.once()

    @rule(table=st.sampled_from((TABLE, OTHER)))
    def reload(self, table: str) -> None:
        self.table = parse_ownership(table)

    @rule(failing=st.booleans(), loses_answers=st.booleans())
    def destinations(self, failing: bool, loses_answers: bool) -> None:
        self.world.failing, self.world.loses_answers = failing, loses_answers

    @rule()
    def send(self) -> None:
        self.now += timedelta(minutes=1)
        asyncio.run(self.deliver.once())

    @rule()
    def crash(self) -> None:
        self.now += timedelta(minutes=2)  # Longer than a lease.
        self.start()

    def teardown(self) -> None:
        """Heal everything and send what is left; then what holds at the end is looked at."""
        self.world.failing = self.world.loses_answers = False
        for _ in range(60):
            self.now += timedelta(hours=1)
            asyncio.run(self.deliver.once())
        try:
            self._told_is_whole(at_the_end=True)
        finally:
            self.store.close()
            self.folder.cleanup()

    @invariant()
    def nothing_that_people_were_told_of_is_forgotten(self) -> None:
        with self.store.read() as connection:
            assert clockless_incidents(connection, 10) == []

    @invariant()
    def one_incident_is_open_per_cause_and_no_monitor_is_held_twice(self) -> None:
        with self.store.read() as connection:
            found = open_incidents(connection)
        held = [member.key for incident in found for member in incident.loud]
        assert len({incident.cause for incident in found}) == len(found)
        assert len(held) == len(set(held))

    @invariant()
    def the_record_is_whole(self) -> None:
        with self.store.read() as connection:
            rows = audit_rows(connection)
        assert verify(rows) is None

    @invariant()
    def what_is_grave_is_closed_only_with_what_it_was(self) -> None:
        for incident in self._incidents():
            if incident.handling == "closed" and incident.told and str(incident.tier) in ("act", "investigate"):
                assert incident.closing is not None
                assert incident.closing.disposition is not None

    @invariant()
    def what_arrived_is_in_order(self) -> None:
        self._told_is_whole(at_the_end=False)

    def _told_is_whole(self, *, at_the_end: bool) -> None:
        """Per destination: an open first, one end last, in the order told; repeats of one key carry one content."""
        lines: dict[Line, list[Delivery]] = defaultdict(list)
        seen: dict[str, Delivery] = {}
        for delivery in self.world.arrived:
            first = seen.setdefault(delivery.key, delivery)
            assert first.payload == delivery.payload
            if first is delivery:
                lines[delivery.incident_id, delivery.destination].append(delivery)
        over = {incident.id for incident in self._incidents() if not incident.open}
        for line, arrived in lines.items():
            intents: list[Intent] = [delivery.intent for delivery in arrived]
            assert [d.seq for d in arrived] == sorted(d.seq for d in arrived)
            told = False
            for intent in intents:
                assert not (intent == "open" and told), f"{line} was opened twice: {intents}"
                assert told or intent in ("open", "remind"), f"{line} got {intent} without an open: {intents}"
                told = (told or intent == "open") and intent != "resolve"
            assert not (at_the_end and told and line[0] in over), f"{line} is over and got no end: {intents}"

    def _incidents(self) -> list[Incident]:
        with self.store.read() as connection:
            rows = connection.exec_driver_sql("SELECT content FROM incident").scalars()
            return [Incident.from_json(text) for text in rows]

    def _known(self) -> list[str]:
        return sorted(incident.id for incident in self._incidents())


Machine.TestCase.settings = settings(
    max_examples=int(os.environ.get("DRIFTWARDEN_TEST_MACHINE", "25")), stateful_step_count=30, deadline=None,
    derandomize="DRIFTWARDEN_TEST_MACHINE" not in os.environ, suppress_health_check=list(HealthCheck),
)  # fmt: skip
TestIncidentMachine = Machine.TestCase


def test_times_are_aware() -> None:
    assert isinstance(NOON, datetime)
