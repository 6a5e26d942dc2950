"""A service without its sources, over a real store: what it does, and how it ends and begins anew at any moment."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import event

from alerting.decide import Decisions, decide
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.outbox import Delivery, RetryRules
from alerting.ownership import Ownership
from alerting.policy import Policy
from alerting.respond import Actor, Response
from service.deliver import Deliver
from service.progress import Progress
from service.responding import Desk
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.records import ms, newest_incidents
from service.timekeeper import Timekeeper
from tests.alerting.examples import NOON
from tests.service.machine.places import Crash, Places
from tests.service.machine.tables import TABLES, policy

WORKERS = ("one", "two")
LONGEST_WINDOW = timedelta(hours=1)


@cache
def empty_store() -> bytes:
    """The file of a store in which nothing has happened; migrations run once for all examples."""
    with tempfile.TemporaryDirectory() as folder:
        open_store(f"sqlite:///{folder}/store.db", tick_seconds=60, durable=False).close()
        return Path(folder, "store.db").read_bytes()


@dataclass(slots=True)
class Breaks:
    """Ends the process at a statement that writes; 0 for never."""

    statements_left: int = 0

    def watch(self, store: Store) -> None:
        """Look at every statement of a store."""

        @event.listens_for(store.engine, "before_cursor_execute")
        def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if self.statements_left and statement.startswith(("INSERT", "UPDATE", "DELETE")):
                self.statements_left -= 1
                if not self.statements_left:
                    raise Crash


@dataclass(slots=True)
class World:
    """The store, the clock, the destinations, and two workers that share them; `last` is the last evaluation."""

    policy: Policy = field(default_factory=lambda: policy(50))
    now: datetime = NOON
    data_at: datetime = NOON
    table: Ownership = TABLES[0]
    breaks: Breaks = field(default_factory=Breaks)
    folder: str = field(default_factory=tempfile.mkdtemp)
    places: Places = field(init=False)
    store: Store = field(init=False)
    clocks: dict[str, Timekeeper] = field(init=False)
    outboxes: dict[str, Deliver] = field(init=False)
    _rng: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        Path(self.folder, "store.db").write_bytes(empty_store())
        self.places = Places(self.wall)
        self.begin()

    def wall(self) -> datetime:
        """The time now."""
        return self.now

    def begin(self) -> None:
        """Start both workers: all they know is in the file."""
        self.breaks.statements_left, self.places.crashing = 0, False
        self.store = open_store(f"sqlite:///{self.folder}/store.db", tick_seconds=60, durable=False)
        self.breaks.watch(self.store)
        self.clocks = {
            name: Timekeeper(self.store, self.policy, name, self.wall, Progress()) for name in WORKERS
        }  # fmt: skip
        self.outboxes = {name: self._outbox(name) for name in WORKERS}

    def _outbox(self, worker: str) -> Deliver:
        sinks = dict.fromkeys(("log", "pagerduty", "webhook"), self.places)
        return Deliver(
            self.store, sinks, RetryRules(), worker, self.wall, self._rng, Progress(), policy=self.policy,
            monotonic=lambda: self.now.timestamp(),
        )  # fmt: skip

    def restart(self) -> None:
        """Throw every object away."""
        self.store.close()
        self.begin()

    def end(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        shutil.rmtree(self.folder)

    def surviving(self, act: Callable[[], object]) -> bool:
        """Do something in the midst of which the process may end; True when it did, and has begun anew."""
        try:
            act()
        except Crash:
            self.restart()
            return True
        self.breaks.statements_left, self.places.crashing = 0, False
        return False

    def evaluate(self, findings: Sequence[Finding]) -> Decisions:
        """Decide and write what was found at one time, as the tick's transaction does."""
        with self.store.write() as connection:
            known = newest_incidents(connection, ms(self.data_at - LONGEST_WINDOW))
            made = decide(findings, known, self.table, self.policy, self.now)
            put_decisions(connection, made, self.now)
        return made

    def respond(self, incident: str, name: str, text: str, act: Callable[[Incident, Actor], Response]) -> Incident:
        """Do what a person does."""
        return Desk(self.store, self.wall, self._rng.randbytes).respond(incident, name, text, act)

    def fire(self, worker: str = "one") -> None:
        """Let a worker look at the clocks."""
        self.clocks[worker].once()

    def send(self, worker: str = "one") -> int:
        """Let a worker send what is due."""
        return asyncio.run(self.outboxes[worker].once())

    def drain(self) -> None:
        """Heal all destinations and send until nothing waits any more; the clocks of incidents stand still."""
        self.places.moods.clear()
        for _ in range(500):
            if not any(delivery.state == "pending" for delivery in self.deliveries()):
                return
            self.now += timedelta(minutes=20)
            self.send()
        raise AssertionError("something waits forever although every destination takes everything")

    def incidents(self) -> dict[str, Incident]:
        """All incidents by id, in the order in which they were first written."""
        return {found.id: found for found in map(Incident.from_json, self.contents("incident"))}

    def deliveries(self) -> list[Delivery]:
        """All deliveries that were not dropped."""
        return [Delivery.from_json(text) for text in self.contents("delivery")]

    def contents(self, table: str, after: int = 0) -> Iterable[str]:
        """What the rows of a table hold, from behind a row on."""
        with self.store.read() as connection:
            query = f"SELECT content FROM {table} WHERE rowid > {after} ORDER BY rowid"
            return list(connection.exec_driver_sql(query).scalars())
