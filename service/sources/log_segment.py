"""One file of the local log: created durable, appended block by block, scanned when opened, read by offset."""

import logging
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from service.events.record import Record
from service.sources.log_block import HEADER_BYTES, MAGIC, Header, decode, decode_header, whole
from service.sources.log_disk import Disk, sync_directory
from service.sources.log_errors import LogCorrupt

log = logging.getLogger(__name__)

_HEAD = struct.Struct("<8sIQ")
_CHECK = struct.Struct("<I")
SEGMENT_HEAD_BYTES = _HEAD.size + _CHECK.size
_MAGIC = b"DWLOG\0\0\1"
MARK_BYTES = 65_536
"""Bytes between two remembered block positions: the index of 1 GB has 16,384 of them."""

Seen = Callable[[bytes, Header], None]


@dataclass(slots=True)
class Segment:
    """Records first <= offset < next in the first `size` bytes of a file; every one of them is durable."""

    path: Path
    first: int
    salt: int
    next: int
    size: int = SEGMENT_HEAD_BYTES
    marks: list[tuple[int, int]] = field(default_factory=list)
    """(first offset, position) of some blocks, ascending, at least MARK_BYTES apart."""

    def grow(self, records: int, block_bytes: int) -> None:
        """Take in a block that is now durable at the end of the file."""
        if not self.marks or self.size - self.marks[-1][1] >= MARK_BYTES:
            self.marks.append((self.next, self.size))
        self.next += records
        self.size += block_bytes

    def read(self, begin: int, end: int, *, size: int, records_max: int, bytes_max: int) -> list[Record]:
        """Read records begin <= offset < end within the first `size` bytes: at least one, then up to the limits."""
        found: list[Record] = []
        room = bytes_max
        with self.path.open("rb") as file:
            position = file.seek(self._before(begin))
            while position < size and room > 0 and len(found) < records_max:
                header = decode_header(file.read(HEADER_BYTES), self.salt)
                if header is None:
                    raise LogCorrupt(self.path, position, "a block's header fails its checksum")
                if header.first >= end:
                    break
                if header.first + header.records <= begin:
                    position = file.seek(header.body_bytes, os.SEEK_CUR)
                    continue
                body = file.read(header.body_bytes)
                if not whole(header, body):
                    raise LogCorrupt(self.path, position, f"the block of offset {header.first} fails its checksum")
                for record in decode(body, header, begin=begin):
                    if len(found) == records_max or room <= 0:
                        break
                    found.append(record)
                    room -= len(record.value or b"")
                position += HEADER_BYTES + header.body_bytes
        return found

    def _before(self, offset: int) -> int:
        index = bisect_right(self.marks, offset, key=lambda mark: mark[0])
        return self.marks[index - 1][1] if index else SEGMENT_HEAD_BYTES


def name_of(first: int) -> str:
    """Name the file of the segment that begins at offset `first`, so that names sort as offsets do."""
    return f"{first:020d}.segment"


def create(directory: Path, first: int, disk: Disk) -> Segment:
    """Make a new segment and its name durable before anything is written to it."""
    path = directory / name_of(first)
    salt = int.from_bytes(os.urandom(4), "little")
    head = _HEAD.pack(_MAGIC, salt, first)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        disk.write_all(opened, head + _CHECK.pack(zlib.crc32(head)))
        disk.fsync(opened)
        sync_directory(directory, disk)
    except OSError:
        # A name left behind would stand where the segment before it may still grow to.
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(opened)
    return Segment(path, first, salt, first)


def scan(path: Path, seen: Seen, *, last: bool, disk: Disk) -> Segment | None:
    """Check every block and build the index; None when the file was never begun (a crash while it was created).

    The torn end of the last segment is cut off: it was written but never acknowledged. Any other fault is LogCorrupt.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        segment = _head(path, file.read(SEGMENT_HEAD_BYTES), whole_file=last and size <= SEGMENT_HEAD_BYTES)
        if segment is None:
            return None
        while segment.size < size:
            header = decode_header(file.read(HEADER_BYTES), segment.salt)
            body = file.read(header.body_bytes) if header else b""
            if header is None or not whole(header, body):
                end = segment.size + HEADER_BYTES + (header.body_bytes if header else 0)
                if not last or (header and end < size) or (header is None and _block_behind(file, segment, size)):
                    raise LogCorrupt(path, segment.size, f"the block of offset {segment.next} fails its checksum")
                _cut(segment, size, disk)
                return segment
            if header.first != segment.next:
                raise LogCorrupt(path, segment.size, f"offset {header.first} where {segment.next} was to follow")
            seen(body, header)
            segment.grow(header.records, HEADER_BYTES + header.body_bytes)
    return segment


def _head(path: Path, head: bytes, *, whole_file: bool) -> Segment | None:
    good = len(head) == SEGMENT_HEAD_BYTES and _CHECK.unpack_from(head, _HEAD.size) == (zlib.crc32(head[: _HEAD.size]),)
    if not good:
        if whole_file:
            return None
        raise LogCorrupt(path, 0, "the segment's head fails its checksum")
    magic, salt, first = _HEAD.unpack_from(head)
    if magic != _MAGIC:
        raise LogCorrupt(path, 0, f"written by another version of this service (head {magic!r}, ours {_MAGIC!r})")
    if path.name != name_of(first):
        raise LogCorrupt(path, 0, f"the file begins at offset {first}, its name should be {name_of(first)}")
    return Segment(path, first, salt, first)


def _block_behind(file: BinaryIO, segment: Segment, size: int) -> bool:
    """Whether a whole block follows the damaged one, which then was durable once and cannot be a torn write."""
    file.seek(segment.size)
    rest = file.read(size - segment.size)
    position = rest.find(MAGIC, 1)
    while position >= 0:
        header = decode_header(rest[position : position + HEADER_BYTES], segment.salt)
        begin = position + HEADER_BYTES
        if header and whole(header, rest[begin : begin + header.body_bytes]):
            return True
        position = rest.find(MAGIC, position + 1)
    return False


def _cut(segment: Segment, size: int, disk: Disk) -> None:
    log.warning(
        "%s: cutting %d bytes after offset %d: a write that a crash interrupted before it was acknowledged",
        segment.path, size - segment.size, segment.next,
    )  # fmt: skip
    opened = os.open(segment.path, os.O_WRONLY)
    try:
        os.ftruncate(opened, segment.size)
        disk.fsync(opened)
    finally:
        os.close(opened)
