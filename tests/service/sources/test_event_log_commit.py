"""Appends that wait together: one fsync for all, and nothing promised before it."""

import asyncio
import os
from pathlib import Path

import pytest

from service.sources.event_log import EventLog
from service.sources.log_commit import Appended
from service.sources.log_errors import LogUnavailable
from tests.service.sources.logs import MIB, FailingDisk, everything, held_back


async def test_appends_that_wait_share_one_fsync(tmp_path: Path) -> None:
    disk = FailingDisk()
    log, let_go, entered = held_back(tmp_path, disk)
    first = asyncio.create_task(log.append_durable([b"first"], now_ms=0))
    await asyncio.to_thread(entered.wait, 10)

    rest = [asyncio.create_task(log.append_durable([b"%d" % number], now_ms=0)) for number in range(50)]
    await asyncio.sleep(0)
    before = disk.syncs
    let_go.set()
    await asyncio.gather(first, *rest)

    assert disk.syncs - before == 2
    assert everything(log) == [b"first", *[b"%d" % number for number in range(50)]]


async def test_records_that_are_not_synced_yet_cannot_be_read(tmp_path: Path) -> None:
    log, let_go, entered = held_back(tmp_path, FailingDisk())
    append = asyncio.create_task(log.append_durable([b"a"], now_ms=0))
    await asyncio.to_thread(entered.wait, 10)

    before = (log.end, log.read(0, records_max=1))
    let_go.set()
    await append

    assert before == (0, [])


def test_what_is_acknowledged_had_been_synced_to_its_last_byte(tmp_path: Path) -> None:
    synced: dict[int, int] = {}

    def fsync(descriptor: int) -> None:
        state = os.fstat(descriptor)
        synced[state.st_ino] = state.st_size

    log = EventLog(tmp_path, bytes_max=MIB, segment_bytes=65_536, producers_max=9, fsync=fsync)
    for _ in range(10):
        log.append([b"x" * 10_000], now_ms=0)

    on_disk = {path.stat().st_ino: path.stat().st_size for path in tmp_path.glob("*.segment")}
    assert {inode: synced.get(inode) for inode in on_disk} == on_disk


async def test_two_requests_with_one_key_in_one_group_are_stored_once(tmp_path: Path) -> None:
    log, let_go, entered = held_back(tmp_path, FailingDisk())
    first = asyncio.create_task(log.append_durable([b"first"], now_ms=0))
    await asyncio.to_thread(entered.wait, 10)

    twins = [asyncio.create_task(log.append_durable([b"twin"], idempotency_key="k", now_ms=0)) for _ in range(2)]
    await asyncio.sleep(0)
    let_go.set()
    await first

    assert await asyncio.gather(*twins) == [Appended(1, 2, repeated=False), Appended(1, 2, repeated=True)]


async def test_a_request_that_went_away_before_its_turn_is_not_stored(tmp_path: Path) -> None:
    log, let_go, entered = held_back(tmp_path, FailingDisk())
    first = asyncio.create_task(log.append_durable([b"first"], now_ms=0))
    await asyncio.to_thread(entered.wait, 10)
    gone = asyncio.create_task(log.append_durable([b"gone"], now_ms=0))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    let_go.set()
    await first
    await log.append_durable([b"last"], now_ms=0)

    assert everything(log) == [b"first", b"last"]


async def test_too_many_waiting_bytes_are_refused_at_once(tmp_path: Path) -> None:
    log, let_go, entered = held_back(tmp_path, FailingDisk(), bytes_max=1024 * MIB)
    first = asyncio.create_task(log.append_durable([b"first"], now_ms=0))
    await asyncio.to_thread(entered.wait, 10)
    value = bytes(40 * MIB)
    second = asyncio.create_task(log.append_durable([value], now_ms=0))
    await asyncio.sleep(0)

    with pytest.raises(LogUnavailable, match="wait for the disk already"):
        await log.append_durable([value], now_ms=0)
    let_go.set()
    await asyncio.gather(first, second)
