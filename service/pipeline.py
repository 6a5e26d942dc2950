"""The loops: watch (records in, commits out), close (ticks, findings, notices) and how they are kept alive."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.accounting import Accountant
from service.close import Closer
from service.events.record import Batch
from service.learn import freeze_learned
from service.progress import Progress
from service.settings import Settings
from service.sources.errors import SourceFailed
from service.sources.source import Source
from service.store.apply import apply
from service.store.engine import Store
from service.store.partitions import memory, position, set_idle
from service.watchlist import Watchlist

log = logging.getLogger(__name__)

REBUILDS_MAX = 5
"""Failures of one source in a row, without a record between, before the process gives up."""


@dataclass(slots=True)
class Watch:
    """One source's straight line: poll, account, fold, commit, tell the source.

    `build` makes a new source: after SourceFailed the old one is stopped and another takes over from the store's
    positions. Nothing here keeps a record that the store does not; what is dropped is read again.
    """

    build: Callable[[], Source]
    store: Store
    accountant: Accountant
    watchlist: Watchlist
    closer: Closer
    progress: Progress
    settings: Settings
    wall_ms: Callable[[], int]
    monotonic: Callable[[], float]
    live: bool = True
    _quiet_since: dict[tuple[str, str], float] = field(default_factory=dict)
    _idle: set[tuple[str, str]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop` is set or the source is exhausted; raises SourceFailed when rebuilding does not help."""
        failures = 0
        while not stop.is_set():
            source = self.build()
            records = self.progress.records
            try:
                await self._read(source, stop)
                return
            except SourceFailed as failure:
                failures = 1 if self.progress.records > records else failures + 1
                log.warning("source %s failed (%d of %d): %s", source.name, failures, REBUILDS_MAX, failure)
                self.progress.rebuilds += 1
                if failures >= REBUILDS_MAX:
                    raise
                await _pause(stop, min(30.0, 2.0**failures))
            finally:
                await source.stop()

    async def _read(self, source: Source, stop: asyncio.Event) -> None:
        await asyncio.to_thread(self.watchlist.refresh)
        await source.start(self._position)
        committed_at = self.monotonic()
        while not stop.is_set():
            batches = await source.poll(0.2)
            self.progress.polled(self.monotonic())
            if batches:
                await self._take(source, batches)
            due = self.accountant.pending() >= self.settings.store.commit_events_max
            if due or self.monotonic() - committed_at >= self.settings.store.commit_seconds_max or not batches:
                await self._commit(source)
                await self._note_idle(source, batches)
                await asyncio.to_thread(self.closer.close_due, live=self.live or not source.exhausted())
                self.accountant.closed_through(self.closer.closed)
                committed_at = self.monotonic()
                if source.exhausted() and not batches:
                    return
        await self._commit(source)

    async def _position(self, source: str, partition: str) -> int | None:
        self.accountant.drop(source, partition)
        return await asyncio.to_thread(position, self.store, source, partition)

    async def _take(self, source: Source, batches: Sequence[Batch]) -> None:
        for batch in batches:
            key = (batch.source, batch.partition)
            if not self.accountant.knows(*key):
                self.accountant.begin(*key, await asyncio.to_thread(memory, self.store, *key))
            if not await asyncio.to_thread(self.accountant.take, batch):
                self.accountant.drop(*key)
                await source.rewind(batch.partition)
                self.progress.rewinds += 1
            self.progress.records += batch.hi - batch.lo

    async def _commit(self, source: Source) -> None:
        if not self.accountant.pending():
            return
        began = self.monotonic()
        deltas = await asyncio.to_thread(self.accountant.seal)
        applied = await asyncio.to_thread(apply, self.store, deltas, self.wall_ms())
        self.progress.committed(self.monotonic() - began)
        for (name, partition), reason in applied.refused.items():
            log.info("commit of %s %s refused (%s): reading it again", name, partition, reason)
            self.progress.refused[reason] = self.progress.refused.get(reason, 0) + 1
            self.accountant.drop(name, partition)
            await source.rewind(partition)
        if "baseline" in applied.refused.values():
            await asyncio.to_thread(self.watchlist.refresh)
        good = {d.partition: d.hi for d in deltas if (d.source, d.partition) not in applied.refused}
        if good:
            await source.committed(good)
        if any(delta.learned for delta in deltas) and await asyncio.to_thread(
            freeze_learned, self.store, self.settings.baseline, self.wall_ms()
        ):
            await asyncio.to_thread(self.watchlist.refresh)

    async def _note_idle(self, source: Source, batches: Sequence[Batch]) -> None:
        """Tell the store which partitions are fully read and have been silent for long enough (broker evidence)."""
        now = self.monotonic()
        moved = {(batch.source, batch.partition) for batch in batches}
        for partition, read_to_end in source.assigned().items():
            key = (source.name, partition)
            if key in moved or not read_to_end:
                self._quiet_since[key] = now
                # The commit of a moved partition has already cleared its mark in the store.
                self._idle.discard(key)
                continue
            quiet = now - self._quiet_since.setdefault(key, now)
            if key not in self._idle and (quiet >= self.settings.time.idle_seconds or source.exhausted()):
                self._idle.add(key)
                await asyncio.to_thread(set_idle, self.store, *key, idle=True, now_ms=self.wall_ms())


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
