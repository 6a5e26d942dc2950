"""Appends that come again: stored once, also after a restart."""

import errno
from pathlib import Path

import pytest

from service.sources.log_commit import Appended
from service.sources.log_errors import KeyReused, LogUnavailable
from tests.service.sources.logs import FailingDisk, everything, opened


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
