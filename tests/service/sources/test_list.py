"""The shipped fake."""

import pytest

from service.events.record import Record
from service.sources.list import ListSource


async def nowhere(source: str, partition: str) -> int | None:
    return None


def shapes(batches: object) -> list[tuple[str, int, int, int]]:
    assert isinstance(batches, list)
    return [(batch.partition, batch.lo, batch.hi, batch.gap) for batch in batches]


async def test_a_poll_gives_one_batch_per_partition() -> None:
    source = ListSource({"a": [Record(0, b"x"), Record(1, b"y")], "b": [Record(0, b"z")]}, batch_records=1)
    await source.start(nowhere)
    assert shapes(await source.poll(0)) == [("a", 0, 1, 0), ("b", 0, 1, 0)]


async def test_missing_offsets_are_booked() -> None:
    source = ListSource({"a": [Record(3, b"x"), Record(7, b"y")]})
    await source.start(nowhere)
    assert shapes(await source.poll(0)) == [("a", 0, 8, 6)]


async def test_it_is_exhausted_when_all_was_read() -> None:
    source = ListSource({"a": [Record(0, b"x")]})
    await source.start(nowhere)
    before = source.exhausted()
    await source.poll(0)
    assert (before, source.exhausted()) == (False, True)


async def test_an_empty_partition_is_exhausted_once_it_was_polled() -> None:
    source = ListSource({"a": []})
    await source.start(nowhere)
    await source.poll(0)
    assert source.exhausted()


async def test_it_remembers_what_was_committed() -> None:
    source = ListSource({"a": [Record(0, b"x")]})
    await source.committed({"a": 1})
    assert source.committed_positions == {"a": 1}


async def test_polling_before_the_start_is_our_own_bug() -> None:
    with pytest.raises(RuntimeError, match="before start"):
        await ListSource({"a": []}).poll(0)
