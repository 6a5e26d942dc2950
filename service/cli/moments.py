"""Times as people write them on a command line."""

import re
from datetime import UTC, datetime, timedelta

from service.cli.mistakes import Mistake

_LENGTH = re.compile(r"(\d{1,5})(m|min|h|d)")
_UNITS = {"m": timedelta(minutes=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(option: str, text: str, now: datetime) -> datetime:
    """Read "30m", "2h", "3d" from now on, or a time of ISO 8601, which is UTC unless it says otherwise.

    >>> moment("--until", "2h", datetime(2026, 1, 5, 10, tzinfo=UTC)).isoformat()
    '2026-01-05T12:00:00+00:00'
    """
    length = _LENGTH.fullmatch(text.strip())
    if length is not None:
        return now + int(length[1]) * _UNITS[length[2]]
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as fault:
        raise Mistake(
            f"{option}: {text[:50]!r} is not a time: give a length such as 30m, 2h or 3d, or a time such as "
            "2026-01-05T16:00Z"
        ) from fault
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
