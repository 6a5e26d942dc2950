"""NDJSON rows: native events pass as they stand, other objects are rows of values."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from service.sources.row import Row
from service.sources.rows_lines import Lines, stripped

NATIVE_TYPES = frozenset({"prediction", "feature", "label", "health"})
"""An object whose `type` is one of these is an event already."""


class _Typed(msgspec.Struct):
    type: object = None


_TYPED = msgspec.json.Decoder(_Typed)


class NdjsonRows:
    """Every line that is not blank is a row."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)

    @property
    def names(self) -> None:
        """Every row has its own."""
        return None

    def read(self, begin: int) -> Iterator[Row]:
        """Give rows from number `begin` on; earlier lines are only counted."""
        lines = (line for line in self._lines.read() if not line.isspace())
        for line in islice(lines, begin, None):
            yield _row(stripped(line))

    def rows_total(self, rows_read: int) -> int:
        """Estimate from the bytes read."""
        return self._lines.rows_total(rows_read)


def _row(line: bytes) -> Row:
    try:
        kind = _TYPED.decode(line).type
        if isinstance(kind, str) and kind in NATIVE_TYPES:
            return line
        values = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        values = _lenient(line)
    return values if isinstance(values, dict) else line


def _lenient(line: bytes) -> object:
    """Read what Python's json writes and JSON forbids (NaN and Infinity); None for an event and for what is no JSON."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    native = isinstance(values, dict) and isinstance(values.get("type"), str) and values["type"] in NATIVE_TYPES
    return None if native else values
