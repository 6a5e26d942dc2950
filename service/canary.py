"""Canaries: every few minutes one goes from a decision through the outbox and back, or its absence is noticed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from alerting import canary
from alerting.canary import Sent
from alerting.incident import Incident
from alerting.outbox import Delivery
from service.settings import CanarySettings
from service.store.canaries import (
    Canary,
    canary_now,
    delivery_state,
    forget_deliveries,
    note_arrival,
    put_canary,
)
from service.store.engine import Store
from service.store.records import ms, put_delivery

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Canaries:
    """Moves the one canary there is; `turn` must be called by one worker at a time, the one with the clocks' lease.

    While one is under way no other begins, however long it takes, so that there is never more than one row and two
    deliveries of them.
    """

    store: Store
    wall: Callable[[], datetime]
    minutes: float

    def turn(self) -> None:
        """Send one out when it is time, send it home when it has arrived, and note when it is back."""
        with self.store.read() as connection:
            if not self._step(connection, self.wall()):
                return
        with self.store.write() as connection:
            # What was seen above may have moved on before the lock was ours.
            now = self.wall()
            step = self._step(connection, now)
            if step:
                step(connection, now)

    def _step(self, connection: Connection, now: datetime) -> Callable[[Connection, datetime], None] | None:
        held = canary_now(connection)
        if held is None:
            return self._send_out
        if held.leg in ("back", "lost"):
            passed = ms(now) - held.begun_ms
            return self._send_out if passed < 0 or passed >= self.minutes * 60_000 else None
        seq, intent = (0, "open") if held.leg == "out" else (1, "resolve")
        state = delivery_state(connection, held.incident, seq)
        if state == "pending":
            return None
        if state != "sent" or held.arrived != intent:
            return self._lose
        return self._send_home if held.leg == "out" else self._take_back

    def _send_out(self, connection: Connection, now: datetime) -> None:
        held = canary_now(connection)
        forget_deliveries(connection)
        sent, begun = canary.opened(now), ms(now)
        fresh = Canary(sent.incident.id, "out", "", begun, held.back_ms if held else begun, "")
        self._put(connection, fresh, sent, now)

    def _send_home(self, connection: Connection, now: datetime) -> None:
        held = _under_way(connection)
        sent = canary.cleared(Incident.from_json(held.content), now)
        self._put(connection, replace(held, leg="home"), sent, now)

    def _take_back(self, connection: Connection, now: datetime) -> None:
        put_canary(connection, replace(_under_way(connection), leg="back", back_ms=ms(now)))

    def _lose(self, connection: Connection, now: datetime) -> None:
        held = _under_way(connection)
        put_canary(connection, replace(held, leg="lost"))
        which = "opening" if held.leg == "out" else "end"
        log.error("canary %s is lost: its %s left the outbox and did not arrive", held.incident, which)

    def _put(self, connection: Connection, moved: Canary, sent: Sent, now: datetime) -> None:
        put_canary(connection, replace(moved, content=sent.incident.to_json()))
        put_delivery(connection, sent.delivery, ms(now))


def canary_of(settings: CanarySettings, store: Store, wall: Callable[[], datetime]) -> Callable[[], None]:
    """Give what the timekeeper does at each turn; nothing when no canaries are wanted."""
    return Canaries(store, wall, settings.minutes).turn if settings.minutes else lambda: None


def arrivals_in(store: Store) -> Callable[[Delivery], Awaitable[None]]:
    """Note arrivals at the loopback in a store."""

    def note(delivery: Delivery) -> None:
        with store.write() as connection:
            note_arrival(connection, delivery.incident_id, delivery.intent)

    async def arrived(delivery: Delivery) -> None:
        await asyncio.to_thread(note, delivery)

    return arrived


def _under_way(connection: Connection) -> Canary:
    held = canary_now(connection)
    assert held is not None, "a canary that moves on is in the store"
    return held
