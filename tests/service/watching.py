"""One watch loop in hands of a test: sources that fail as told, a store that can be full or locked."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from service.build import Line
from service.events.record import Batch, Record
from service.pipeline import Watch
from service.sources.errors import SourceFailed
from service.sources.list import ListSource
from service.sources.source import Positions, Source
from service.store.engine import Store
from service.store.partitions import partitions


def records_of(values: Sequence[bytes]) -> list[Record]:
    """Records at offsets from 0."""
    return [Record(offset, value) for offset, value in enumerate(values)]


@dataclass(slots=True)
class Plan:
    """What the sources of one loop do: each failure is used up by one poll, in turn; `before` runs ahead of a poll.

    `turns` gives partitions that have records only at the first of so many polls; an `endless` source is never
    exhausted, and what it has given is always all there is so far.
    """

    partitions: Mapping[str, Sequence[Record]]
    failures: list[SourceFailed | None] = field(default_factory=list)
    before: Callable[[int], None] = lambda poll: None
    batch_records: int = 100
    endless: bool = False
    turns: Mapping[str, int] = field(default_factory=dict)
    polls: int = 0
    built: list["Failing"] = field(default_factory=list)

    def build(self) -> Source:
        """Make the next source."""
        self.built.append(Failing(self))
        return self.built[-1]


class Failing:
    """A source that follows a plan: a ListSource for each partition."""

    name = "list"

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sources = {
            partition: ListSource({partition: records}, batch_records=plan.batch_records)
            for partition, records in plan.partitions.items()
        }
        self.stopped = 0

    async def start(self, positions: Positions) -> None:
        for source in self._sources.values():
            await source.start(positions)

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        plan = self._plan
        plan.polls += 1
        plan.before(plan.polls)
        failure = plan.failures.pop(0) if plan.failures else None
        if failure is not None:
            raise failure
        batches: list[Batch] = []
        for partition, source in self._sources.items():
            turns = plan.turns.get(partition, 1)
            if plan.polls % turns == 1 % turns:
                batches += await source.poll(0)
        if not batches:
            await asyncio.sleep(min(timeout_seconds, 0.005))
        return batches

    async def rewind(self, partition: str) -> None:
        await self._sources[partition].rewind(partition)

    async def committed(self, positions: Mapping[str, int]) -> None:
        for partition, offset in positions.items():
            await self._sources[partition].committed({partition: offset})

    def assigned(self) -> Mapping[str, bool]:
        return {name: self._plan.endless or source.assigned()[name] for name, source in self._sources.items()}

    def exhausted(self) -> bool:
        return not self._plan.endless and all(source.exhausted() for source in self._sources.values())

    async def stop(self) -> None:
        self.stopped += 1

    @property
    def acknowledged(self) -> Mapping[str, int]:
        """What this source was told to be committed."""
        return {name: at for source in self._sources.values() for name, at in source.committed_positions.items()}


@dataclass(slots=True)
class Clock:
    """A clock that a test sets, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def watch_of(parts: Line, plan: Plan, *, live: bool = True) -> Watch:
    """The loop over a plan; it does not wait long after a failure."""
    watch = parts.watch(plan.build, live=live)
    watch.pause_seconds = 0.001
    return watch


async def until_read(watch: Watch, records: int, *, seconds: float = 30) -> None:
    """Run a loop until the store has that many records, or until it ends by itself."""
    await until_met(watch, lambda: records_in(watch.store) >= records, seconds=seconds)


async def until_met(watch: Watch, met: Callable[[], bool], *, seconds: float = 30) -> None:
    """Run a loop until something is so, or until it ends by itself."""
    stop = asyncio.Event()
    running = asyncio.create_task(watch.run(stop))
    end = time.monotonic() + seconds
    while not running.done() and not met():
        assert time.monotonic() < end, f"not within {seconds:.0f} s; the store has {records_in(watch.store)} records"
        await asyncio.sleep(0.005)
    stop.set()
    await running


def records_in(store: Store) -> int:
    """Records that all partitions have accounted for."""
    return sum(partition.next - partition.begin for partition in partitions(store))


@dataclass(slots=True)
class Trouble:
    """SQL that every connection is given ahead of its transaction while `sql` is set."""

    sql: str = ""


@contextmanager
def troubled(store: Store) -> Iterator[Trouble]:
    """Let a test make a store as full or as impatient as SQLite itself can be."""
    trouble = Trouble()

    def checkout(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        if trouble.sql:
            connection.execute(trouble.sql)

    event.listen(store.engine, "checkout", checkout)
    try:
        yield trouble
    finally:
        event.remove(store.engine, "checkout", checkout)
