"""Canaries: out through the store, the outbox and its lease to the loopback, and home; what is stuck shows as age."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from alerting import canary
from alerting.outbox import Outcome, RetryRules
from alerting.policy import Policy
from alerting.sinks.loopback import LoopbackSink
from alerting.sinks.recording import RecordingSink
from alerting.sinks.sink import Sink
from service.canary import Canaries, arrivals_in
from service.deliver import Deliver
from service.progress import Progress
from service.store.canaries import Canary, back_ms, canary_now
from service.store.engine import Store, open_store
from service.store.lease import hold
from service.store.queries import incidents_open
from service.store.records import audit_rows, incident_now, ms, put_incident
from service.store.schema import delivery, incident, notice
from service.timekeeper import Timekeeper

BEGIN = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass(slots=True)
class _Worker:
    """The two loops of one process over a store, a turn at a time."""

    store: Store
    clock: Callable[[], datetime]
    name: str = "w"
    sink: Sink | None = None
    deliver: Deliver = field(init=False)
    timekeeper: Timekeeper = field(init=False)

    def __post_init__(self) -> None:
        sink = self.sink or LoopbackSink(arrivals_in(self.store))
        self.deliver = Deliver(
            self.store, {"loopback": sink}, RetryRules(), self.name, self.clock, random.Random(5), Progress()
        )  # fmt: skip
        turn = Canaries(self.store, self.clock, 15).turn
        self.timekeeper = Timekeeper(self.store, Policy(), self.name, self.clock, Progress(), turn)


@dataclass(slots=True)
class _World:
    """A store and a clock that outlive the workers."""

    path: Path
    now: datetime = BEGIN
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = open_store(f"sqlite:///{self.path}/s.db", tick_seconds=60)

    def worker(self, name: str = "w", sink: Sink | None = None) -> _Worker:
        return _Worker(self.store, lambda: self.now, name, sink)

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def turns(self, count: int, worker: _Worker) -> None:
        """Each turn: the clocks' loop, then the outbox's, a second later."""
        for _ in range(count):
            worker.timekeeper.once()
            await worker.deliver.once()
            self.pass_(seconds=1)

    def held(self) -> Canary:
        with self.store.read() as connection:
            found = canary_now(connection)
        assert found is not None, "no canary was sent out"
        return found

    def age(self) -> float:
        since = back_ms(self.store)
        assert since is not None, "no canary was sent out"
        return (ms(self.now) - since) / 1000

    def rows(self) -> tuple[int, int, int, list[str]]:
        """Deliveries, notices, incidents, and what the audit says."""
        with self.store.read() as connection:
            counts = [connection.execute(select(func.count()).select_from(t)).scalar_one() for t in _TABLES]
            return counts[0], counts[1], counts[2], [row.entry.action for row in audit_rows(connection)]


_TABLES = (delivery, notice, incident)


@pytest.fixture
def world(tmp_path: Path) -> _World:
    """A new store at noon."""
    return _World(tmp_path)


async def test_a_canary_is_out_and_home_within_two_turns_of_the_loops_and_noted_in_the_third(world: _World) -> None:
    worker = world.worker()

    await world.turns(2, worker)
    assert (world.held().leg, world.held().arrived) == ("home", "resolve")
    worker.timekeeper.once()

    assert (world.held().leg, world.age()) == ("back", 0.0)


async def test_the_next_one_is_sent_out_when_its_minutes_have_passed_and_not_before(world: _World) -> None:
    worker = world.worker()
    await world.turns(3, worker)
    first = world.held().incident

    world.now = BEGIN + timedelta(minutes=15) - timedelta(milliseconds=1)
    await world.turns(1, worker)
    assert world.held().incident == first
    world.now = BEGIN + timedelta(minutes=15)
    await world.turns(3, worker)

    assert (world.held().incident != first, world.held().leg) == (True, "back")


async def test_nothing_of_it_grows_and_nothing_of_it_is_among_what_people_look_at(world: _World) -> None:
    worker = world.worker()
    for _ in range(20):
        await world.turns(3, worker)
        world.pass_(minutes=15)

    assert world.rows() == (2, 0, 0, [])
    assert incidents_open(world.store) == {}


async def test_an_outbox_whose_lease_another_holds_lets_the_age_grow(world: _World) -> None:
    worker = world.worker()

    for hours in (2, 0):
        hold(world.store, "deliver", "stuck", ms(world.now), 60)
        await world.turns(3, worker)
        world.pass_(hours=hours)

    assert (world.held().leg, world.age() > 7_200) == ("out", True)


async def test_a_loopback_that_does_not_answer_lets_the_age_grow_and_no_second_canary_begins(world: _World) -> None:
    broken = RecordingSink()
    broken.fail(*[Outcome("retry", note="away")] * 1_000)
    worker = world.worker(sink=broken)

    for _ in range(5):
        await world.turns(3, worker)
        world.pass_(minutes=20)

    assert (world.held().leg, world.age() > 6_000, world.rows()[0]) == ("out", True, 1)


async def test_when_the_outbox_turns_again_the_same_canary_comes_home(world: _World) -> None:
    broken = RecordingSink()
    broken.fail(Outcome("retry", note="away"))
    await world.turns(1, world.worker(sink=broken))
    waiting = world.held().incident

    world.pass_(minutes=40)
    await world.turns(3, world.worker())

    assert (world.held().incident, world.held().leg, world.age() < 5) == (waiting, "back", True)


async def test_an_arrival_that_cannot_be_noted_is_no_arrival(world: _World) -> None:
    worker = world.worker()
    worker.timekeeper.once()
    with world.store.write() as connection:
        connection.execute(text("CREATE TRIGGER broken BEFORE UPDATE ON canary BEGIN SELECT RAISE(FAIL, 'no'); END"))

    with pytest.raises(Exception, match="no"):
        await worker.deliver.once()

    assert (world.held().leg, world.held().arrived) == ("out", "")


async def test_a_delivery_that_is_marked_sent_and_never_arrived_is_a_lost_canary(
    world: _World, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = world.worker(sink=RecordingSink())

    with caplog.at_level(logging.ERROR):
        await world.turns(5, nowhere)

    assert (world.held().leg, world.age() > 4) == ("lost", True)
    assert [r.message for r in caplog.records] == [
        f"canary {world.held().incident} is lost: its opening left the outbox and did not arrive"
    ]


async def test_canaries_that_are_lost_one_after_the_other_do_not_make_the_age_young_again(world: _World) -> None:
    await world.turns(3, world.worker())
    nowhere = world.worker(sink=RecordingSink())

    for _ in range(4):
        world.pass_(minutes=15)
        await world.turns(3, nowhere)

    assert (world.held().leg, world.age() > 3_600) == ("lost", True)


async def test_a_late_arrival_of_an_earlier_canary_is_not_taken_for_that_of_the_one_under_way(world: _World) -> None:
    await world.turns(3, world.worker())
    late = replace(canary.opened(BEGIN).delivery, incident_id=world.held().incident)
    world.pass_(minutes=15)
    world.worker().timekeeper.once()

    await arrivals_in(world.store)(late)

    assert (world.held().leg, world.held().arrived) == ("out", "")


async def test_only_a_canary_that_was_given_up_on_is_in_the_audit_and_the_next_one_begins(world: _World) -> None:
    broken = RecordingSink()
    broken.fail(Outcome("retry", note="away"))
    await world.turns(1, world.worker(sink=broken))
    world.pass_(hours=25)
    broken.fail(Outcome("retry", note="away"))
    await world.turns(2, world.worker(sink=broken))
    assert (world.held().leg, world.rows()[3]) == ("lost", ["delivery.dead"])

    await world.turns(3, world.worker())

    assert (world.held().leg, world.rows()[3]) == ("back", ["delivery.dead"])


@pytest.mark.parametrize("cut", range(6))
async def test_a_restart_anywhere_in_a_round_trip_does_not_keep_it_from_coming_home(world: _World, cut: int) -> None:
    worker = world.worker("before")
    for step in range(cut):
        await (_as_told(worker.timekeeper) if step % 2 == 0 else worker.deliver.once())
    # The leases of the process that is gone end first.
    world.pass_(seconds=60)

    await world.turns(3, world.worker("after"))

    assert (world.held().leg, world.rows()[0]) == ("back", 2)


async def test_a_crash_between_the_arrival_and_its_record_sends_again_and_loses_nothing(world: _World) -> None:
    worker = world.worker()
    worker.timekeeper.once()
    with world.store.read() as connection:
        waiting = connection.execute(select(delivery.c.content)).scalar_one()
    await arrivals_in(world.store)(replace(canary.opened(BEGIN).delivery, incident_id=world.held().incident))
    with world.store.read() as connection:
        assert connection.execute(select(delivery.c.content)).scalar_one() == waiting

    await world.turns(3, worker)

    assert world.held().leg == "back"


async def test_two_workers_send_one_canary_between_them(world: _World) -> None:
    one, two = world.worker("one"), world.worker("two")

    for _ in range(3):
        one.timekeeper.once()
        two.timekeeper.once()
        await two.deliver.once()
        await one.deliver.once()
        world.pass_(seconds=1)

    assert (world.held().leg, world.rows()[0]) == ("back", 2)


async def test_an_incident_of_a_model_with_the_same_name_and_even_the_same_id_is_left_alone(world: _World) -> None:
    theirs = canary.opened(world.now).incident
    with world.store.write() as connection:
        put_incident(connection, theirs, ms(world.now))

    await world.turns(3, world.worker())

    with world.store.read() as connection:
        assert incident_now(connection, theirs.id) == theirs
    assert (world.held().incident, world.held().leg) == (theirs.id, "back")


async def test_a_clock_set_back_by_a_day_does_not_stop_canaries_for_a_day(world: _World) -> None:
    worker = world.worker()
    await world.turns(3, worker)
    first = world.held().incident

    world.pass_(days=-1)
    await world.turns(3, world.worker())

    assert world.held().incident != first


async def test_a_store_without_the_outbox_ends_the_loop_loudly(world: _World) -> None:
    with world.store.write() as connection:
        connection.execute(text("DROP TABLE delivery"))

    with pytest.raises(OperationalError, match="no such table: delivery"):
        world.worker().timekeeper.once()


async def _as_told(timekeeper: Timekeeper) -> None:
    timekeeper.once()
