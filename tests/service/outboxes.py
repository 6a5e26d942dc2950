"""An outbox over a real store, with a clock that a test moves on and workers that send to one place."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from alerting.audit import Json
from alerting.incident import Intent
from alerting.outbox import Delivery, RetryRules, key_of
from alerting.route import Destination
from alerting.sinks.sink import Sink
from service.deliver import Deliver
from service.progress import Progress
from service.store.engine import Store
from service.store.records import audit_rows, ms, put_delivery
from service.store.schema import delivery

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(slots=True)
class Hands:
    """A clock that a test moves on."""

    at: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass(slots=True)
class Outbox:
    """A store, a clock, and workers that send to one place."""

    store: Store
    sink: Sink
    url: str = ""
    clock: Hands = field(default_factory=Hands)

    def worker(self, name: str = "w") -> Deliver:
        return Deliver(
            self.store, {"webhook": self.sink}, RetryRules(), name, self.clock, random.Random(5), Progress(),
            monotonic=lambda: self.clock().timestamp(),
        )  # fmt: skip

    def put(self, *intents: Intent, incident: str = "inc_1", to: str = "webhook:ops:1", first: int = 0) -> None:
        """Put the notices of one incident in the outbox."""
        target = Destination(to, "webhook", self.url, "secret")
        with self.store.write() as connection:
            for seq, intent in enumerate(intents, first):
                payload: dict[str, Json] = {"type": f"incident.{intent}", "timestamp": "t", "data": {"seq": seq}}
                key = key_of(incident, target.name, seq)
                made = Delivery(key, incident, target.name, seq, intent, target, payload, self.clock())
                put_delivery(connection, made, ms(self.clock()))

    async def turns(self, count: int, worker: Deliver) -> None:
        """Let a worker take turns, long enough apart for every retry to be due."""
        for _ in range(count):
            await worker.once()
            self.clock.pass_(minutes=20)

    def states(self) -> list[str]:
        with self.store.read() as connection:
            rows = connection.execute(select(delivery.c.state).order_by(delivery.c.incident, delivery.c.seq))
            return list(rows.scalars())

    def audited(self) -> list[str]:
        with self.store.read() as connection:
            return [row.entry.action for row in audit_rows(connection)]
