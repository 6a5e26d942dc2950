"""What every source must do, as checks over a factory: `await check(factory)` for each of CHECKS.

A factory takes the values of one partition's records and gives a source over exactly these, not started, and a
function that cleans up after it. Plug a new source in by adding its factory to test_conformance.py.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from service.events.record import Batch
from service.sources.source import Source

Cleanup: TypeAlias = Callable[[], Awaitable[None]]
Factory: TypeAlias = Callable[[list[bytes]], Awaitable[tuple[Source, Cleanup]]]
Check: TypeAlias = Callable[[Factory], Awaitable[None]]

VALUES = [b'{"type": "health", "n": %d}' % number for number in range(25)]
"""Events by their type, since a file's other lines are rows of values, which become events on the way."""


async def delivers_every_record_once_and_in_order(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        assert [record.value for batch in await _read(source, len(VALUES)) for record in batch.records] == VALUES


async def makes_batches_that_touch_and_balance(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        batches = await _read(source, len(VALUES))
        assert [batch.lo for batch in batches[1:]] == [batch.hi for batch in batches[:-1]]
        assert [batch.hi - batch.lo for batch in batches] == [batch.gap + len(batch.records) for batch in batches]


async def keeps_offsets_rising_inside_their_batch(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        for batch in await _read(source, len(VALUES)):
            offsets = [record.offset for record in batch.records]
            assert offsets == sorted(set(offsets))
            assert all(batch.lo <= offset < batch.hi for offset in offsets)


async def names_itself_in_every_batch(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        assert {batch.source for batch in await _read(source, len(VALUES))} == {source.name}


async def continues_at_the_position_of_the_store(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        offsets = [record.offset for batch in await _read(source, len(VALUES)) for record in batch.records]
    async with _reading(factory, _Store(offsets[10])) as source:
        batches = await _read(source, len(VALUES) - 10)
        assert batches[0].lo == offsets[10]
        assert [record.value for batch in batches for record in batch.records] == VALUES[10:]


async def asks_the_store_again_after_a_rewind(factory: Factory) -> None:
    store = _Store()
    async with _reading(factory, store) as source:
        first = await _read(source, len(VALUES))
        offsets = [record.offset for batch in first for record in batch.records]
        store.next = offsets[20]
        await source.rewind(first[0].partition)
        again = await _read(source, 5)
        assert [record.value for batch in again for record in batch.records] == VALUES[20:]


async def answers_an_empty_poll_in_time(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        await _read(source, len(VALUES))
        began = time.monotonic()
        assert list(await source.poll(0.2)) == []
        assert time.monotonic() - began < 2


async def says_when_a_partition_is_read_to_its_end(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        before = any(source.assigned().values())
        batches = await _read(source, len(VALUES))
        await source.poll(0.2)
        assert (before, dict(source.assigned())) == (False, {batches[0].partition: True})


async def is_not_exhausted_before_it_is_read(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        assert not source.exhausted()


async def survives_a_commit_it_knows_nothing_of(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        partition = (await _read(source, len(VALUES)))[0].partition
        await source.committed({partition: len(VALUES), partition.rsplit("/", 1)[0] + "/77": 5})
        assert list(await source.poll(0.1)) == []


async def stops_twice(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        await source.poll(0.1)
        await source.stop()
        await source.stop()


async def stops_without_having_been_started(factory: Factory) -> None:
    source, cleanup = await factory(VALUES)
    try:
        await source.stop()
    finally:
        await cleanup()


async def takes_a_commit_after_its_stop(factory: Factory) -> None:
    async with _reading(factory, _Store()) as source:
        partition = (await _read(source, len(VALUES)))[0].partition
        await source.stop()
        await source.committed({partition: 3})


CHECKS: Sequence[Check] = (
    delivers_every_record_once_and_in_order,
    makes_batches_that_touch_and_balance,
    keeps_offsets_rising_inside_their_batch,
    names_itself_in_every_batch,
    continues_at_the_position_of_the_store,
    asks_the_store_again_after_a_rewind,
    answers_an_empty_poll_in_time,
    says_when_a_partition_is_read_to_its_end,
    is_not_exhausted_before_it_is_read,
    survives_a_commit_it_knows_nothing_of,
    stops_twice,
    stops_without_having_been_started,
    takes_a_commit_after_its_stop,
)


@dataclass(slots=True)
class _Store:
    next: int | None = None

    async def position(self, source: str, partition: str) -> int | None:
        return self.next


@asynccontextmanager
async def _reading(factory: Factory, store: _Store) -> AsyncIterator[Source]:
    source, cleanup = await factory(VALUES)
    try:
        await source.start(store.position)
        yield source
    finally:
        await source.stop()
        await cleanup()


async def _read(source: Source, count: int, seconds_max: float = 30) -> list[Batch]:
    batches: list[Batch] = []
    give_up = time.monotonic() + seconds_max
    while sum(len(batch.records) for batch in batches) < count and time.monotonic() < give_up:
        batches.extend(await source.poll(0.2))
    return batches
