"""The local log as a source of the pipeline."""

import asyncio
import os
from pathlib import Path

import pytest

from service.sources.errors import SourceFailed
from service.sources.event_log import EventLog
from service.sources.log import PARTITION, LogSource
from service.sources.source import Positions


def opened(directory: Path) -> EventLog:
    return EventLog(directory, bytes_max=8_388_608, segment_bytes=65_536, producers_max=10)


def store_at(position: int | None) -> Positions:
    async def positions(source: str, partition: str) -> int | None:
        assert (source, partition) == ("log", PARTITION)
        return position

    return positions


def spoil(directory: Path) -> None:
    path = next(directory.glob("*.segment"))
    path.write_bytes(path.read_bytes()[:-1] + b"b")


async def started(log: EventLog, position: int | None, *, records_max: int = 2_000) -> LogSource:
    source = LogSource(log, records_max=records_max)
    await source.start(store_at(position))
    return source


async def test_records_come_in_contiguous_batches_up_to_the_limit(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"%d" % number for number in range(5)], now_ms=7)
    source = await started(log, None, records_max=3)

    first, second = [*await source.poll(0), *await source.poll(0)]

    assert [(batch.lo, batch.hi, batch.end, len(batch.records)) for batch in (first, second)] == [
        (0, 3, 5, 3),
        (3, 5, 5, 2),
    ]


async def test_reading_begins_where_the_store_wants_to(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a", b"b", b"c"], now_ms=0)
    source = await started(log, 2)

    (batch,) = await source.poll(0)

    assert [record.value for record in batch.records] == [b"c"]


async def test_a_poll_of_a_read_log_gives_nothing_within_its_timeout(tmp_path: Path) -> None:
    source = await started(opened(tmp_path), None)

    assert await asyncio.wait_for(source.poll(0.01), 5) == ()


async def test_an_append_wakes_a_waiting_poll(tmp_path: Path) -> None:
    log = opened(tmp_path)
    source = await started(log, None)
    poll = asyncio.create_task(source.poll(60))

    await log.append_durable([b"a"], now_ms=0)
    (batch,) = await asyncio.wait_for(poll, 5)

    assert [record.value for record in batch.records] == [b"a"]


async def test_a_rewound_partition_is_read_from_the_stores_position(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a", b"b"], now_ms=0)
    source = await started(log, 1)
    await source.poll(0)

    await source.rewind(PARTITION)
    (batch,) = await source.poll(0)

    assert (batch.lo, batch.hi) == (1, 2)


async def test_records_the_log_no_longer_holds_are_booked_as_a_gap(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    log.release(20)
    source = await started(log, 3)

    (gap,) = await source.poll(0)
    (rest,) = await source.poll(0)

    assert (gap.lo, gap.hi, gap.gap, gap.records) == (3, 18, 15, ())
    assert (rest.lo, rest.hi, rest.gap) == (18, 20, 0)


async def test_a_lost_folder_goes_on_at_the_stores_position(tmp_path: Path) -> None:
    log = opened(tmp_path)
    source = await started(log, 500)

    await source.poll(0)
    log.append([b"a"], now_ms=0)
    (batch,) = await source.poll(0)

    assert (batch.lo, batch.hi, log.first) == (500, 501, 500)


async def test_a_folder_of_another_store_is_refused(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a"], now_ms=0)
    source = await started(log, 500)

    with pytest.raises(SourceFailed, match="read to offset 500 of log/0, which this log never reached"):
        await source.poll(0)


async def test_damage_found_on_reading_fails_the_source(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"aaaa"], now_ms=0)
    spoil(tmp_path)
    source = await started(log, None)

    with pytest.raises(SourceFailed, match="fails its checksum"):
        await source.poll(0)


async def test_a_partition_is_fully_read_only_when_all_was_delivered(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a", b"b"], now_ms=0)
    source = await started(log, None, records_max=1)

    seen = [source.assigned()]
    for _ in range(2):
        await source.poll(0)
        seen.append(source.assigned())

    assert seen == [{PARTITION: False}, {PARTITION: False}, {PARTITION: True}]


async def test_what_the_store_committed_is_deleted_from_the_log(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    source = await started(log, None)

    await source.committed({PARTITION: 20})

    assert log.first == 18


async def test_a_failure_to_delete_is_counted_and_not_raised(tmp_path: Path) -> None:
    broken = False

    def fsync(descriptor: int) -> None:
        if broken:
            raise OSError(5, "Input/output error")
        os.fsync(descriptor)

    log = EventLog(tmp_path, bytes_max=8_388_608, segment_bytes=65_536, producers_max=10, fsync=fsync)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    source = await started(log, None)

    broken = True
    await source.committed({PARTITION: 20})

    assert source.release_failures == 1


async def test_a_stopped_source_may_be_stopped_again_and_leaves_the_log_open(tmp_path: Path) -> None:
    log = opened(tmp_path)
    source = await started(log, None)

    await source.stop()
    await source.stop()

    assert log.append([b"a"], now_ms=0).next_offset == 1


async def test_a_log_is_never_exhausted(tmp_path: Path) -> None:
    assert (await started(opened(tmp_path), None)).exhausted() is False
