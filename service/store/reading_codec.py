"""Readings as they are stored: one compressed JSON array per stream and window, few bins, where something drifts."""

import zlib
from collections.abc import Sequence

import msgspec

from detectors.reading import BinMove, Reading

_FIELDS = ("subject", "detector", "state", "n", "reference_n", "value", "low", "high", "p_value", "threshold", "why")


BINS_KEPT = 5
"""Bins that moved most; the incident of a change keeps all of them."""


def encode_readings(readings: Sequence[Reading]) -> bytes:
    """Encode readings of one stream and window; the window itself is the row's key."""
    rows = [
        [*(_short(getattr(reading, name)) for name in _FIELDS), _bins(reading)]
        for reading in readings
    ]  # fmt: skip
    return zlib.compress(msgspec.json.encode(rows), 1)


def decode_readings(content: bytes, window: str) -> list[Reading]:
    """Decode what `encode_readings` made."""
    rows = msgspec.json.decode(zlib.decompress(content))
    return [
        Reading(
            **dict(zip(_FIELDS, row[:-1], strict=True)),
            window=window,
            moves=tuple(BinMove(label, expected, observed) for label, expected, observed in row[-1]),
        )
        for row in rows
    ]


def _short(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _bins(reading: Reading) -> list[list[object]]:
    if reading.state != "drifting":
        return []
    return [[move.label, _short(move.expected), _short(move.observed)] for move in reading.moves[:BINS_KEPT]]
