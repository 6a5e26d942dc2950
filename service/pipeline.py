"""The loops: watch (records in, commits out), close (ticks, findings, notices) and how they are kept alive."""

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from service.accounting import Accountant
from service.close import UNREAD, Closer
from service.events.record import Batch
from service.learn import freeze_learned
from service.progress import Progress
from service.settings import Settings
from service.sources.errors import SourceFailed
from service.sources.source import Source
from service.store.apply import apply
from service.store.engine import Store
from service.store.errors import passes
from service.store.lease import hold, let_go
from service.store.partitions import memory, position, set_idle
from service.watchlist import Watchlist

log = logging.getLogger(__name__)

CLOSE_SECONDS_MAX = 2.0
"""Closing goes on after the next poll when it has taken this long: a long history must not look like a hang."""

UNREAD_SECONDS = 60.0
"""How long the clock waits for a worker that said it is about to read, and then says no more."""

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
    pause_seconds: float = 1.0
    _taken: int = 0
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _dealt: set[str] = field(default_factory=set)
    _holding: dict[str, float] = field(default_factory=dict)
    _quiet_since: dict[tuple[str, str], float] = field(default_factory=dict)
    _idle: set[tuple[str, str]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop` is set or the source is exhausted.

        Raises SourceFailed when rebuilding does not help. A store that cannot be written is waited for, without limit:
        nothing was taken from anybody, and a new process would be no better off.
        """
        failures = 0
        while not stop.is_set():
            source = self.build()
            taken = self._taken
            try:
                await self._read(source, stop)
                return
            except SourceFailed as failure:
                failures = 1 if self._taken > taken else failures + 1
                log.warning("source %s failed (%d of %d): %s", source.name, failures, REBUILDS_MAX, failure)
                if failures >= REBUILDS_MAX:
                    raise
                seconds = min(30.0, self.pause_seconds * 2.0**failures)
            except OperationalError as failure:
                if not passes(failure):
                    raise
                log.error("source %s waits, because the store cannot be used: %s", source.name, failure.orig)
                self.progress.troubles[source.name] = f"the store cannot be used: {failure.orig}"
                seconds = self.pause_seconds
            finally:
                await source.stop()
                await self._let_clock_go()
            self.progress.rebuilds += 1
            self.accountant.drop_all()
            await self._pause(source.name, stop, seconds)

    async def _read(self, source: Source, stop: asyncio.Event) -> None:
        await asyncio.to_thread(self.watchlist.refresh)
        await self._hold_clock(source)
        await self._start(source, stop)
        committed_at = self.monotonic()
        while not stop.is_set():
            batches = await source.poll(0.2)
            self.progress.polled(self.monotonic(), source.name)
            if batches:
                await self._take(source, batches)
            due = self.accountant.pending() >= self.settings.store.commit_events_max
            if due or self.monotonic() - committed_at >= self.settings.store.commit_seconds_max or not batches:
                await self._commit(source)
                await self._note_idle(source)
                await self._hold_clock(source)
                await self._close(source)
                self.progress.troubles.pop(source.name, None)
                committed_at = self.monotonic()
                if source.exhausted() and not batches:
                    return
        await self._commit(source)

    async def _start(self, source: Source, stop: asyncio.Event) -> None:
        """Start the source, or give that up when we are told to stop; a start that takes long is no hang."""
        starting = asyncio.create_task(source.start(self._position))
        stopping = asyncio.create_task(stop.wait())
        try:
            while not starting.done() and not stopping.done():
                self.progress.polled(self.monotonic(), source.name)
                await asyncio.wait({starting, stopping}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)

    async def _close(self, source: Source) -> None:
        """Close for a moment, so that a long history is closed between polls; at the end of a source close it all."""
        began = self.monotonic()
        ended = not self.live and source.exhausted()
        cancelled = threading.Event()

        def enough() -> bool:
            return cancelled.is_set() or (not ended and self.monotonic() - began >= CLOSE_SECONDS_MAX)

        try:
            await asyncio.to_thread(self.closer.close_due, live=not ended, enough=enough)
        except asyncio.CancelledError:
            cancelled.set()  # The thread goes on without us, and whoever ends the process waits for it.
            raise
        self.accountant.closed_through(self.closer.closed)

    async def _position(self, source: str, partition: str) -> int | None:
        key = (source, partition)
        self.accountant.drop(*key)
        # Whoever read the partition since we last did may have cleared its mark.
        self._quiet_since.pop(key, None)
        self._idle.discard(key)
        # A mark left from before says nothing of what has come since: until it is read to its end again, the partition
        # holds the clock.
        await asyncio.to_thread(set_idle, self.store, *key, idle=False, now_ms=self.wall_ms())
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
                continue
            self._taken += batch.hi - batch.lo
            self.progress.records += batch.hi - batch.lo
            self._quiet_since[key] = self.monotonic()
            # The commit of a moved partition clears its mark in the store.
            self._idle.discard(key)

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
            freeze_learned, self.store, self.settings.baseline, self.settings.time.tick_seconds, self.wall_ms()
        ):
            await asyncio.to_thread(self.watchlist.refresh)

    async def _note_idle(self, source: Source) -> None:
        """Tell the store which partitions are fully read and have been silent for long enough (broker evidence)."""
        now = self.monotonic()
        for partition, read_to_end in source.assigned().items():
            key = (source.name, partition)
            if not read_to_end:
                self._quiet_since[key] = now
                continue
            quiet = now - self._quiet_since.setdefault(key, now)
            if key not in self._idle and (quiet >= self.settings.time.idle_seconds or source.exhausted()):
                self._idle.add(key)
                await asyncio.to_thread(set_idle, self.store, *key, idle=True, now_ms=self.wall_ms())

    async def _hold_clock(self, source: Source) -> None:
        """Keep time from overtaking a source that is not dealt its partitions yet, or a partition not yet read.

        Other sources and workers go on, but close nothing: what waits there may be older than what they read. History
        is given in its order, so that it needs no such care.
        """
        if not self.live:
            return
        dealt = source.assigned()
        unread = {
            f"{UNREAD}{source.name} {partition}"
            for partition, read_to_end in dealt.items()
            if not read_to_end and not self.accountant.knows(source.name, partition)
        }
        if not dealt and source.name not in self._dealt:
            unread.add(f"{UNREAD}{source.name}")
        elif dealt:
            self._dealt.add(source.name)
        now = self.monotonic()
        for name in unread:
            if now - self._holding.get(name, -UNREAD_SECONDS) >= UNREAD_SECONDS / 3:
                self._holding[name] = now
                await asyncio.to_thread(hold, self.store, name, self.holder, self.wall_ms(), UNREAD_SECONDS)
        for name in self._holding.keys() - unread:
            del self._holding[name]
            await asyncio.to_thread(let_go, self.store, name, self.holder)

    async def _let_clock_go(self) -> None:
        """Give back what is held; where the store cannot be written, it ends by itself."""
        with contextlib.suppress(OperationalError):
            while self._holding:
                name, _ = self._holding.popitem()
                await asyncio.to_thread(let_go, self.store, name, self.holder)

    async def _pause(self, name: str, stop: asyncio.Event, seconds: float) -> None:
        """Wait, alive: neither a broker that is away nor a full disk is mended by a restart."""
        left = seconds
        while left > 0 and not stop.is_set():
            self.progress.polled(self.monotonic(), name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(1.0, left))
            left -= 1.0
