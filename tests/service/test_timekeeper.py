"""Clocks of incidents as rows: over restarts, long downtime, a second worker and a thousand of them at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerting.decide import decide
from alerting.finding import Stream
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from service.progress import Progress
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.records import open_incidents, put_incident
from service.timekeeper import LEASE_SECONDS, Timekeeper
from tests.alerting.examples import NOON, finding
from tests.alerting.test_escalate import TABLE

POLICY = Policy()


@dataclass(slots=True)
class Running:
    """A store in a file, a clock that stands still, and workers that may be started at any time."""

    url: str
    now: datetime = NOON
    stores: list[Store] = field(default_factory=list)

    def store(self) -> Store:
        """Open it, as a process does that knows nothing else."""
        self.stores.append(open_store(self.url, tick_seconds=60, durable=False))
        return self.stores[-1]

    def worker(self, name: str) -> Timekeeper:
        """Start a worker."""
        return Timekeeper(self.store(), POLICY, name, lambda: self.now, Progress())

    def break_models(self, count: int) -> None:
        """Let so many models be at act at this time."""
        found = [finding(stream=Stream("prediction", f"credit-{n}", "1")) for n in range(count)]
        made = decide(found, {}, parse_ownership(TABLE), POLICY, self.now)
        with self.store().write() as connection:
            put_decisions(connection, made, self.now)

    def told(self) -> list[tuple[str, str]]:
        """What people were told, oldest first."""
        with self.store().read() as connection:
            rows = connection.exec_driver_sql("SELECT content FROM notice ORDER BY rowid").scalars()
            return [(n.intent, n.party) for n in map(Notice.from_json, list(rows))]

    def incidents(self) -> list[Incident]:
        """The open ones."""
        with self.store().read() as connection:
            return open_incidents(connection)


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Running:
    return Running(f"sqlite:///{tmp_path}/store.db")


def test_a_clock_runs_out_in_a_process_that_was_started_after_it_was_set(running: Running) -> None:
    running.break_models(1)
    told = running.told()

    running.now += timedelta(minutes=14)
    assert running.worker("one").once() == 0
    running.now += timedelta(minutes=2)
    assert running.worker("one").once() == 1

    assert running.told()[len(told) :] == [("open", "lead"), ("remind", "ds"), ("remind", "on-call")]


def test_a_week_of_downtime_is_one_notice_for_each_and_the_next_step_a_full_interval_later(running: Running) -> None:
    running.break_models(1)
    told = running.told()
    running.now += timedelta(days=7)
    keeper = running.worker("one")

    assert [keeper.once() for _ in range(5)] == [1, 0, 0, 0, 0]

    assert len(running.told()) - len(told) == 3
    (incident,) = running.incidents()
    assert incident.timers[0].due_at == running.now + timedelta(minutes=15)
    assert keeper.progress.escalation_late_seconds == timedelta(days=7, minutes=-15).total_seconds()


def test_two_workers_fire_a_clock_once_and_the_second_takes_over_when_the_first_is_gone(running: Running) -> None:
    running.break_models(1)
    one, two = running.worker("one"), running.worker("two")
    running.now += timedelta(minutes=15)

    assert (one.once(), two.once(), one.once()) == (1, 0, 0)

    running.now += timedelta(minutes=15)
    assert two.once() == 1
    running.now += timedelta(seconds=LEASE_SECONDS - 1)
    assert one.once() == 0


def test_a_worker_that_stands_still_past_its_lease_does_not_fire_what_another_fired(running: Running) -> None:
    running.break_models(1)
    one, two = running.worker("one"), running.worker("two")
    one.once()
    running.now += timedelta(minutes=16)
    assert two.once() == 1

    told = running.told()
    running.now += timedelta(seconds=LEASE_SECONDS + 1)
    assert (one.once(), running.told()) == (0, told)


def test_a_thousand_clocks_at_once_are_fired_in_one_turn_and_nobody_gets_more_than_is_allowed(running: Running) -> None:
    running.break_models(1_000)
    told = len(running.told())
    running.now += timedelta(minutes=15)

    assert running.worker("one").once() == 1_000

    since = [party for _, party in running.told()[told:]]
    assert {party: since.count(party) for party in set(since)} == {"ds": 10, "on-call": 10, "lead": 10}
    assert all(timer.due_at > running.now for incident in running.incidents() for timer in incident.timers)


def test_an_incident_that_was_told_without_a_clock_gets_one(running: Running) -> None:
    running.break_models(1)
    (incident,) = running.incidents()
    with running.store().write() as connection:
        put_incident(connection, replace(incident, timers=(), deadlines=()), 1)

    running.worker("one").once()

    (mended,) = running.incidents()
    assert [timer.due_at for timer in mended.timers][:1] == [NOON + timedelta(minutes=15)]
