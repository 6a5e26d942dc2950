"""The event time of a row, in whichever way files write it."""

import math
import re
from datetime import UTC, date, datetime

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_UNITS = ((1e8, 1e11, 1000.0), (1e11, 1e14, 1.0), (1e14, 1e17, 1e-3), (1e17, 1e20, 1e-6))
"""(from, below, milliseconds per unit) of seconds, milliseconds, microseconds and nanoseconds since 1970."""


def time_ms(value: object) -> int | None:
    """Give epoch milliseconds (UTC); None when the value is no time that can be told for sure.

    Text may be RFC 3339, `YYYY-MM-DD HH:MM:SS` or a date; without an offset it is UTC. A number is seconds,
    milliseconds, microseconds or nanoseconds since 1970 by its size. Numbers below 1e8 (seconds before March 1973) are
    refused: they are years or dates like 20240131 more often than times.

    >>> time_ms("2024-01-31T12:00:00+01:00"), time_ms("2024-01-31 11:00:00"), time_ms("2024-01-31")
    (1706698800000, 1706698800000, 1706659200000)
    >>> time_ms(1706698800), time_ms("1706698800000"), time_ms(1706698800.5), time_ms(1706698800000000)
    (1706698800000, 1706698800000, 1706698800500, 1706698800000)
    >>> time_ms("yesterday"), time_ms("20240131"), time_ms("")
    (None, None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_number(value)
    if isinstance(value, datetime):
        return _from_datetime(value)
    if isinstance(value, date):
        return _from_datetime(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _from_number(int(text) if text.isdigit() and len(text) < 21 else float(text))
    try:
        return _from_datetime(datetime.fromisoformat(text))
    except ValueError:
        return None


def _from_number(number: float) -> int | None:
    if not math.isfinite(number):
        return None
    for begin, end, unit_ms in _UNITS:
        if begin <= abs(number) < end:
            return round(number * unit_ms)
    return None


def _from_datetime(when: datetime) -> int | None:
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    try:
        return round(aware.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
