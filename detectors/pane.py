"""A pane's counts as bytes: small, exact and of a known version."""

import struct

import numpy as np

from detectors.subject import Counts

VERSION = 1
"""First byte of every pane; raised when the format changes."""

_HEAD = struct.Struct("<BBII")
_WIDTHS = (1, 2, 4, 8)


def encode(counts: Counts) -> bytes:
    """Encode counts in little-endian integers of the width that takes the least room.

    Layout: version (1 byte), width in bytes (1), cells (4), exceptions (4), the exceptions' cells (4 each) and values
    (8 each), then one integer per cell. The few counts that need more than the width (sums, mostly) are exceptions.
    """
    small, big = int(counts.min(initial=0)), int(counts.max(initial=0))
    sizes = {}
    for width in _WIDTHS:
        limits = np.iinfo(f"<i{width}")
        over = 0
        if small < limits.min or big > limits.max:
            over = int(np.count_nonzero((counts < limits.min) | (counts > limits.max)))
        sizes[width] = counts.size * width + over * 12
    width = min(sizes, key=lambda w: sizes[w])
    limits = np.iinfo(f"<i{width}")
    cells = np.flatnonzero((counts < limits.min) | (counts > limits.max))
    plain = counts.copy()
    plain[cells] = 0
    head = _HEAD.pack(VERSION, width, counts.size, cells.size)
    return (
        head
        + cells.astype("<u4").tobytes()
        + counts[cells].astype("<i8").tobytes()
        + plain.astype(f"<i{width}").tobytes()
    )


def decode(content: bytes) -> Counts:
    """Decode what `encode` made; raises ValueError on another version or on a length that is not right."""
    if not content or content[0] != VERSION:
        found = content[0] if content else "nothing"
        raise ValueError(f"pane: version {found} cannot be read by this release, which knows {VERSION}; upgrade")
    if len(content) < _HEAD.size:
        raise ValueError(f"pane: {len(content)} bytes are too few; the row is damaged, restore it from a backup")
    _, width, size, exceptions = _HEAD.unpack_from(content)
    expected = _HEAD.size + exceptions * 12 + size * width
    if width not in _WIDTHS or len(content) != expected:
        raise ValueError(
            f"pane: {len(content)} bytes, expected {expected}; the row is damaged, restore it from a backup"
        )
    cells = np.frombuffer(content, "<u4", exceptions, _HEAD.size)
    values = np.frombuffer(content, "<i8", exceptions, _HEAD.size + exceptions * 4)
    counts = np.frombuffer(content, f"<i{width}", size, _HEAD.size + exceptions * 12).astype(np.int64)
    if exceptions and int(cells.max()) >= size:
        raise ValueError(f"pane: an exception names cell {cells.max()} of {size}; the row is damaged")
    counts[cells] = values
    return counts
