"""The durable local log: what an acknowledged append is worth."""

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from service.sources.event_log import EventLog
from service.sources.log_commit import Appended
from service.sources.log_errors import KeyReused, LogCorrupt, LogLocked, LogUnavailable

MIB = 1_048_576


class FailingDisk:
    """A disk whose next calls can be told to fail; `syncs` counts those that did not."""

    def __init__(self) -> None:
        self.syncs = 0
        self.write_fails: int | None = None
        self.fsync_fails: int | None = None

    def write(self, opened: int, content: bytes | memoryview) -> int:
        if self.write_fails is None:
            return os.write(opened, content)
        if len(content) > 40:
            return os.write(opened, content[:40])
        raise OSError(self.write_fails, os.strerror(self.write_fails))

    def fsync(self, opened: int) -> None:
        if self.fsync_fails is not None:
            raise OSError(self.fsync_fails, os.strerror(self.fsync_fails))
        os.fsync(opened)
        self.syncs += 1


def opened(
    directory: Path,
    *,
    bytes_max: int = MIB,
    segment_bytes: int = 65_536,
    producers_max: int = 100,
    disk: FailingDisk | None = None,
) -> EventLog:
    disk = disk or FailingDisk()
    return EventLog(
        directory,
        bytes_max=bytes_max,
        segment_bytes=segment_bytes,
        producers_max=producers_max,
        fsync=disk.fsync,
        write=disk.write,
    )


def everything(log: EventLog) -> list[bytes | None]:
    values: list[bytes | None] = []
    begin = log.first
    while records := log.read(begin, records_max=100):
        assert [record.offset for record in records] == list(range(begin, begin + len(records)))
        values += [record.value for record in records]
        begin += len(records)
    assert begin == log.end
    return values


def filled(log: EventLog) -> int:
    """Append until the log is full; give how many appends it took."""
    for number in range(1000):
        try:
            log.append([b"x" * 60_000], now_ms=0)
        except LogUnavailable:
            return number
    raise AssertionError("the log never became full")


def test_appended_records_are_read_back_in_order_with_their_time(tmp_path: Path) -> None:
    log = opened(tmp_path)

    log.append([b"a", b""], now_ms=5)
    log.append([b"c"], now_ms=6)

    read = [(record.offset, record.value, record.time_ms) for record in log.read(0, records_max=10)]
    assert read == [(0, b"a", 5), (1, b"", 5), (2, b"c", 6)]


def test_an_append_names_the_offsets_its_records_got(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a", b"b"], now_ms=0)

    assert log.append([b"c", b"d", b"e"], now_ms=0) == Appended(2, 5, repeated=False)


def test_records_survive_closing_and_opening(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([b"a", b"b"], now_ms=0)
    first.close()

    second = opened(tmp_path)
    second.append([b"c"], now_ms=0)

    assert everything(second) == [b"a", b"b", b"c"]


def test_an_append_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="values is empty"):
        opened(tmp_path).append([], now_ms=0)


def test_a_producer_without_a_sequence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="producer='p', sequence=None"):
        opened(tmp_path).append([b"a"], producer="p", now_ms=0)


def test_a_read_stops_at_its_limits_but_gives_at_least_one_record(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"x" * 1000] * 5, now_ms=0)

    assert len(log.read(0, records_max=3)) == 3
    assert len(log.read(0, records_max=9, bytes_max=1)) == 1


def test_a_second_opener_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    log = opened(tmp_path)

    with pytest.raises(LogLocked, match=f"in use by process {os.getpid()}"):
        opened(tmp_path)
    log.close()


def test_a_closed_log_gives_up_its_folder(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.close()
    first.close()

    opened(tmp_path).close()


def test_an_append_to_a_closed_log_is_unavailable(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.close()

    with pytest.raises(LogUnavailable, match="closed"):
        log.append([b"a"], now_ms=0)


def test_a_full_segment_is_followed_by_a_new_one(tmp_path: Path) -> None:
    log = opened(tmp_path)

    for number in range(20):
        log.append([bytes([number]) * 10_000], now_ms=0)

    assert len(list(tmp_path.glob("*.segment"))) == 4
    assert everything(log) == [bytes([number]) * 10_000 for number in range(20)]


def test_segments_read_to_their_end_are_deleted_on_release(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for number in range(20):
        log.append([bytes([number]) * 10_000], now_ms=0)

    log.release(13)

    assert log.first == 12
    assert everything(log) == [bytes([number]) * 10_000 for number in range(12, 20)]


def test_a_released_log_opens_again_where_it_was(tmp_path: Path) -> None:
    first = opened(tmp_path)
    for number in range(20):
        first.append([bytes([number]) * 10_000], now_ms=0)
    first.release(20)
    first.close()

    second = opened(tmp_path)

    assert (second.first, second.end) == (18, 20)


def test_a_full_log_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    log = opened(tmp_path)
    stored = filled(log)

    with pytest.raises(LogUnavailable, match="is full: "):
        log.append([b"x" * 60_000], now_ms=0)
    assert everything(log) == [b"x" * 60_000] * stored
    assert log.bytes_used <= MIB


def test_a_full_log_takes_appends_again_after_a_release(tmp_path: Path) -> None:
    log = opened(tmp_path)
    filled(log)

    log.release(log.end)

    assert log.append([b"again"], now_ms=0).first_offset == log.end - 1


def test_a_log_smaller_than_its_segments_does_not_stay_full(tmp_path: Path) -> None:
    log = opened(tmp_path, bytes_max=400_000, segment_bytes=64 * MIB)

    for _ in range(50):
        log.release(log.append([b"x" * 50_000], now_ms=0).next_offset)

    assert log.bytes_used <= 400_000


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_failed_write_leaves_nothing_visible(tmp_path: Path, fault: int) -> None:
    disk = FailingDisk()
    log = opened(tmp_path, disk=disk)
    log.append([b"kept"], now_ms=0)

    disk.write_fails = fault
    with pytest.raises(LogUnavailable, match=os.strerror(fault)):
        log.append([b"lost" * 100], now_ms=0)

    assert everything(log) == [b"kept"]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_failed_fsync_leaves_nothing_visible_even_after_opening_again(tmp_path: Path, fault: int) -> None:
    disk = FailingDisk()
    log = opened(tmp_path, disk=disk)
    log.append([b"kept"], now_ms=0)

    disk.fsync_fails = fault
    with pytest.raises(LogUnavailable, match=os.strerror(fault)):
        log.append([b"lost"], now_ms=0)
    log.close()

    assert everything(opened(tmp_path)) == [b"kept"]


def test_the_log_works_again_when_the_disk_does(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = opened(tmp_path, disk=disk)
    log.append([b"a"], now_ms=0)
    disk.write_fails = disk.fsync_fails = errno.ENOSPC
    with pytest.raises(LogUnavailable):
        log.append([b"lost" * 100], now_ms=0)

    disk.write_fails = disk.fsync_fails = None
    log.append([b"b"], now_ms=0)
    log.close()

    assert everything(opened(tmp_path)) == [b"a", b"b"]


def test_a_disk_that_fails_while_a_segment_is_begun_leaves_no_name_behind(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = opened(tmp_path, disk=disk)
    log.append([b"x" * 60_000], now_ms=0)
    disk.fsync_fails = errno.ENOSPC
    with pytest.raises(LogUnavailable):
        log.append([b"y" * 60_000], now_ms=0)
    disk.fsync_fails = None
    log.append([b"small"], now_ms=0)
    log.append([b"y" * 60_000], now_ms=0)
    log.close()

    assert everything(opened(tmp_path)) == [b"x" * 60_000, b"small", b"y" * 60_000]


def test_a_repeated_idempotency_key_gets_the_first_offsets(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a", b"b"], idempotency_key="k", now_ms=0)
    log.append([b"c"], now_ms=0)

    assert log.append([b"a", b"b"], idempotency_key="k", now_ms=9) == Appended(0, 2, repeated=True)
    assert everything(log) == [b"a", b"b", b"c"]


def test_a_repeated_producer_sequence_gets_the_first_offsets_after_opening_again(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([b"a"], producer="p", sequence=1, now_ms=0)
    first.append([b"b"], producer="p", sequence=2, now_ms=0)
    first.close()

    second = opened(tmp_path)

    assert second.append([b"a"], producer="p", sequence=1, now_ms=0) == Appended(0, 1, repeated=True)
    assert second.append([b"c"], producer="p", sequence=3, now_ms=0) == Appended(2, 3, repeated=False)


def test_a_key_is_remembered_after_its_segment_was_deleted(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([b"a"], idempotency_key="old", now_ms=0)
    for _ in range(20):
        first.append([b"x" * 10_000], now_ms=0)
    first.release(first.end)
    first.close()

    second = opened(tmp_path)

    assert second.first > 1
    assert second.append([b"a"], idempotency_key="old", now_ms=0) == Appended(0, 1, repeated=True)


def test_only_the_newest_keys_are_remembered(tmp_path: Path) -> None:
    log = opened(tmp_path, producers_max=3)
    for number in range(4):
        log.append([b"a"], idempotency_key=str(number), now_ms=0)

    assert log.append([b"a"], idempotency_key="1", now_ms=0).repeated is True
    assert log.append([b"a"], idempotency_key="0", now_ms=0).repeated is False


def test_a_key_that_comes_back_with_other_records_is_refused(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"a"], idempotency_key="k", now_ms=0)

    with pytest.raises(KeyReused, match="used before with other events"):
        log.append([b"b"], idempotency_key="k", now_ms=0)


def test_a_key_whose_append_failed_is_not_remembered(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = opened(tmp_path, disk=disk)
    disk.fsync_fails = errno.EIO
    with pytest.raises(LogUnavailable):
        log.append([b"a"], idempotency_key="k", now_ms=0)
    disk.fsync_fails = None

    assert log.append([b"a"], idempotency_key="k", now_ms=0) == Appended(0, 1, repeated=False)


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


def held_back(
    directory: Path, disk: FailingDisk, bytes_max: int = MIB
) -> tuple[EventLog, threading.Event, threading.Event]:
    """Give a log whose appends wait in fsync until the first event is set; the second says that one does."""
    let_go, entered = threading.Event(), threading.Event()
    let_go.set()

    def fsync(opened: int) -> None:
        entered.set()
        let_go.wait(10)
        disk.fsync(opened)

    log = EventLog(directory, bytes_max=bytes_max, segment_bytes=65_536, producers_max=9, fsync=fsync)
    let_go.clear()
    entered.clear()
    return log, let_go, entered


def damaged(directory: Path, change: Callable[[bytearray], None], *, segment: int = -1) -> None:
    path = sorted(directory.glob("*.segment"))[segment]
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def test_damage_in_the_middle_names_file_and_offset(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for value in (b"aaaa", b"bbbb", b"cccc"):
        log.append([value], now_ms=0)
    log.close()

    def flip(content: bytearray) -> None:
        content[content.index(b"bbbb")] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match=r"0{20}\.segment at byte \d+: the block of offset 1 fails its checksum"):
        opened(tmp_path)


def test_a_damaged_block_header_in_the_middle_is_not_taken_for_a_torn_tail(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for value in (b"aaaa", b"bbbb", b"cccc"):
        log.append([value], now_ms=0)
    log.close()

    def flip(content: bytearray) -> None:
        content[content.rindex(b"DWB1", 0, content.index(b"bbbb"))] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match="the block of offset 1 fails its checksum"):
        opened(tmp_path)


def test_a_torn_tail_holding_a_foreign_block_is_still_cut(tmp_path: Path) -> None:
    other = opened(tmp_path / "other")
    other.append([b"inner"], now_ms=0)
    other.close()
    block = next((tmp_path / "other").glob("*.segment")).read_bytes()[24:]
    log = opened(tmp_path / "log")
    log.append([b"kept"], now_ms=0)
    log.append([block + b"torn"], now_ms=0)
    log.close()

    def tear(content: bytearray) -> None:
        del content[-2:]
        content[content.rindex(b"DWB1", 0, content.rindex(b"DWB1"))] ^= 1

    damaged(tmp_path / "log", tear)

    assert everything(opened(tmp_path / "log")) == [b"kept"]


def test_damage_in_a_segment_that_is_not_the_last_is_never_cut(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    log.close()

    def tear(content: bytearray) -> None:
        del content[-1:]

    damaged(tmp_path, tear, segment=0)

    with pytest.raises(LogCorrupt, match=r"0{20}\.segment"):
        opened(tmp_path)


def test_a_missing_segment_is_noticed(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    log.close()
    sorted(tmp_path.glob("*.segment"))[1].unlink()

    with pytest.raises(LogCorrupt, match="begins at offset 12, but 6 was to follow"):
        opened(tmp_path)


def test_damage_that_comes_while_the_log_is_open_is_found_on_reading(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"aaaa"], now_ms=0)

    def flip(content: bytearray) -> None:
        content[-1] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match="the block of offset 0"):
        log.read(0, records_max=1)


def test_a_damaged_table_of_keys_is_noticed(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for number in range(20):
        log.append([b"x" * 10_000], idempotency_key=str(number), now_ms=0)
    log.release(20)
    log.close()
    table = tmp_path / "identities"
    table.write_bytes(table.read_bytes()[:-1])

    with pytest.raises(LogCorrupt, match="table of idempotency keys"):
        opened(tmp_path)
