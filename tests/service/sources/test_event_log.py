"""The durable local log: what is appended, kept, released, and refused when there is no room."""

import errno
import os
from pathlib import Path

import pytest

from service.sources.log_commit import Appended
from service.sources.log_errors import LogLocked, LogUnavailable
from tests.service.sources.logs import MIB, FailingDisk, everything, filled, opened


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
