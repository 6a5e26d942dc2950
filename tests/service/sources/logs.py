"""Logs for tests: opened small, on a disk that can be told to fail, read to their end, damaged."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from service.sources.event_log import EventLog
from service.sources.log_errors import LogUnavailable

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
