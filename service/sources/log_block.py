"""The bytes of a block: the appends that one write and one fsync made durable together, under one checksum.

A block is the unit of a crash. It is written only after the block before it is on disk, so a damaged block with a
whole one behind it is never a torn write.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from service.events.record import Record

MAGIC = b"DWB1"
_HEADER = struct.Struct("<4sIQII")
_CHECK = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CHECK.size
_ENTRY = struct.Struct("<qIB")
IDENTITY_BYTES = 24
BODY_BYTES_MAX = 2**32 - 1


class Identity(Struct, frozen=True, gc=False):
    """What makes an append the same append: 16 bytes of who and which, 8 bytes of what it held."""

    key: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One append: its records, when it came (ms, UTC) and how a repeat of it is recognised."""

    time_ms: int
    identity: Identity | None
    values: Sequence[bytes]


# A msgspec struct, not a dataclass: opening a log makes one per block, and a frozen dataclass takes far longer to make.
class Header(Struct, frozen=True, gc=False):
    """What a block says before its body; `body_bytes` follow it."""

    body_bytes: int
    first: int
    records: int
    body_check: int


def encode(entries: Sequence[Entry], first: int, salt: int) -> bytes:
    """Make the block of these appends, whose first record gets offset `first`.

    >>> block = encode([Entry(1_700_000_000_000, None, [b"a", b"bc"])], 7, salt=1)
    >>> header = decode_header(block, salt=1)
    >>> header.first, header.records
    (7, 2)
    >>> [(record.offset, record.value) for record in decode(block[HEADER_BYTES:], header, begin=8)]
    [(8, b'bc')]
    """
    parts: list[bytes] = []
    records = 0
    for entry in entries:
        mark = entry.identity
        parts.append(_ENTRY.pack(entry.time_ms, len(entry.values), mark is not None))
        if mark is not None:
            parts.append(mark.key + mark.content)
        parts.append(struct.pack(f"<{len(entry.values)}I", *map(len, entry.values)))
        parts.extend(entry.values)
        records += len(entry.values)
    body = b"".join(parts)
    header = _HEADER.pack(MAGIC, len(body), first, records, zlib.crc32(body))
    return header + _CHECK.pack(zlib.crc32(header, salt)) + body


def decode_header(header: bytes, salt: int) -> Header | None:
    """Read a block's header; None when these bytes are not one.

    The checksum starts from the segment's random salt, so that a record which itself contains a block is not taken
    for one.
    """
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return None
    if _CHECK.unpack_from(header, _HEADER.size) != (zlib.crc32(header[: _HEADER.size], salt),):
        return None
    _, body_bytes, first, records, body_check = _HEADER.unpack_from(header)
    return Header(body_bytes, first, records, body_check)


def whole(header: Header, body: bytes) -> bool:
    """Whether the body is the one the header was written for."""
    return len(body) == header.body_bytes and zlib.crc32(body) == header.body_check


def decode(body: bytes, header: Header, *, begin: int) -> Iterator[Record]:
    """Give the block's records from offset `begin` on."""
    for first, time_ms, _, lengths, position in _entries(body, header):
        for offset, length in enumerate(lengths, first):
            if offset >= begin:
                yield Record(offset, body[position : position + length], time_ms=time_ms)
            position += length


def identities(body: bytes, header: Header) -> Iterator[tuple[Identity, int, int]]:
    """Give (identity, first offset, next offset) of every append in the block that has an identity."""
    for first, _, identity, lengths, _ in _entries(body, header):
        if identity is not None:
            yield identity, first, first + len(lengths)


def _entries(body: bytes, header: Header) -> Iterator[tuple[int, int, Identity | None, tuple[int, ...], int]]:
    position, first = 0, header.first
    while position < len(body):
        time_ms, count, has_identity = _ENTRY.unpack_from(body, position)
        position += _ENTRY.size
        identity = None
        if has_identity:
            mark = body[position : position + IDENTITY_BYTES]
            identity = Identity(mark[:16], mark[16:])
            position += IDENTITY_BYTES
        lengths = struct.unpack_from(f"<{count}I", body, position)
        position += 4 * count
        yield first, time_ms, identity, lengths, position
        position += sum(lengths)
        first += count
