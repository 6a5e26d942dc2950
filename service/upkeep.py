"""Rows that have served: what the store keeps is bounded, and partitions nobody reads let go of the clock."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from service.repeat import repeat
from service.settings import Settings
from service.store.engine import Store
from service.store.partitions import release
from service.store.retention import Keep, retire

log = logging.getLogger(__name__)

RETIRE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The loop that retires old rows; `closed` gives the last closed tick, None before the first."""

    store: Store
    settings: Settings
    closed: Callable[[], int | None]
    wall_ms: Callable[[], int]

    async def run(self, stop: asyncio.Event) -> None:
        """Look every ten minutes until `stop` is set; while the store cannot be used, old rows stay."""
        await repeat(partial(asyncio.to_thread, self.once), stop, RETIRE_SECONDS, "old rows stay for now")

    def once(self) -> None:
        """Retire what is older than the settings keep."""
        self._release()
        closed = self.closed()
        if closed is None:
            return
        store, tick = self.settings.store, self.settings.time.tick_seconds
        keep = Keep(
            panes_from_tick=closed - store.panes_hours * 3600 // tick,
            history_from_tick=closed - store.history_days * 86_400 // tick,
            ledger_from_ms=self.wall_ms() - store.panes_hours * 3_600_000,
            dead_letters_max=store.dead_letters_max,
        )
        retire(self.store, keep)

    def _release(self) -> None:
        """Let go of partitions that an earlier configuration read: their clocks stand still for ever."""
        now = self.wall_ms()
        silent_since = now - round(self.settings.time.idle_seconds * 1000)
        for name in release(self.store, self._reads, silent_since_ms=silent_since, now_ms=now):
            log.warning("%s is no longer read by these settings and no longer holds the clock", name)

    def _reads(self, source: str, partition: str) -> bool:
        kafka = self.settings.kafka
        if source == "log":
            return self.settings.http.enabled
        return source == "kafka" and bool(kafka.bootstrap) and partition.rpartition("/")[0] in kafka.topics
