"""The system calls beneath the log: the two that a full or failing disk makes fail are arguments."""

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.sources.log_errors import LogLocked


@dataclass(frozen=True, slots=True)
class Disk:
    """How bytes are written and made durable; tests put in calls that fail."""

    write: Callable[[int, bytes | memoryview], int] = os.write
    fsync: Callable[[int], None] = os.fsync

    def write_all(self, opened: int, content: bytes) -> None:
        """Write everything; a short write goes on where it stopped, and the next one says why it was short."""
        rest = memoryview(content)
        while rest:
            rest = rest[self.write(opened, rest) :]


def sync_directory(directory: Path, disk: Disk) -> None:
    """Make created, renamed and deleted names of the directory durable."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk.fsync(opened)
    finally:
        os.close(opened)


def lock_directory(directory: Path) -> int:
    """Take the folder for this process until the returned descriptor is closed; LogLocked when another has it."""
    path = directory / "lock"
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(opened, 20).decode(errors="replace").strip() or "unknown"
        os.close(opened)
        raise LogLocked(
            f"http.directory {directory} is in use by process {holder}: stop it, or give this one another folder"
        ) from None
    os.ftruncate(opened, 0)
    os.pwrite(opened, f"{os.getpid()}\n".encode(), 0)
    return opened
