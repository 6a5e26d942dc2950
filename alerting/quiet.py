"""Quiet hours: when a party is not to be told of what can wait, and when they are over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerting.clocks import DAYS

DAY, WEEK = 1_440, 10_080
"""Minutes."""

AWAKE_MIN = 120
"""Minutes in a row that a week must leave: the change to summer time leaves out an hour of it."""

PARTS_MAX = 7

EXAMPLE = 'write them like "Mon-Sun 22:00-07:00", or several with a semicolon between them'

_PART = re.compile(r"(?P<days>[A-Za-z,\- ]+) (?P<begins>\d{2}:\d{2})-(?P<ends>\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Stretches of the week in minutes from Monday 00:00, as the party's own clock shows them.

    Each is (first, end) with the end left out; they are in order and do not touch.
    """

    stretches: tuple[tuple[int, int], ...]

    def holds(self, shown: datetime) -> bool:
        """Say whether it is quiet when the party's clock shows this."""
        minute = shown.weekday() * DAY + shown.hour * 60 + shown.minute
        return any(first <= minute < end for first, end in self.stretches)


def parse_quiet(text: str) -> Quiet:
    """Read quiet hours, which may pass midnight: days are those they begin on; raises ValueError with the way out.

    An end that is the beginning, as in "Sat-Sun 00:00-00:00", is that of the next day.

    >>> parse_quiet("Fri 22:00-07:00").stretches, parse_quiet("Sat,Sun 00:00-00:00").stretches
    (((7080, 7620),), ((7200, 10080),))
    """
    parts = text.split(";")
    if len(parts) > PARTS_MAX:
        raise ValueError(f"quiet hours {text!r} have {len(parts)} parts, over {PARTS_MAX}: {EXAMPLE}")
    quiet = Quiet(_joined([stretch for part in parts for stretch in _stretches(part.strip(), text)]))
    if _awake(quiet) < AWAKE_MIN:
        raise ValueError(
            f"quiet hours {text!r} leave less than {AWAKE_MIN // 60} hours in a row in all the week: leave some, or "
            "let another party be told"
        )
    return quiet


def quiet_until(at: datetime, tz: str, quiet: Quiet) -> datetime | None:
    """Give the moment (UTC) from which it is no longer quiet; None when it is not quiet at `at`.

    What counts is what the party's clock shows. Quiet hours that would end within the hour that summer time leaves out
    end as much later as that hour is over.
    """
    zone = ZoneInfo(tz)
    local = at.astimezone(zone)
    if not quiet.holds(local):
        return None
    return min(end for end in _ends(local, zone, quiet) if end > at and not quiet.holds(end.astimezone(zone)))


def _ends(local: datetime, zone: ZoneInfo, quiet: Quiet) -> Iterator[datetime]:
    """Give when stretches end (UTC) in this week and the two after; where the clock is set back, both times."""
    monday = local.date() - timedelta(days=local.weekday())
    for week in range(3):
        for _, end in quiet.stretches:
            day = monday + timedelta(days=7 * week + end // DAY)
            for fold in (0, 1):
                yield datetime.combine(day, time(end % DAY // 60, end % 60, fold=fold), zone).astimezone(UTC)


def _stretches(part: str, text: str) -> list[tuple[int, int]]:
    """Give one part's stretches; one that passes the end of the week is two."""
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(f"quiet hours {text!r} cannot be read: {EXAMPLE}")
    try:
        begins, ends = time.fromisoformat(found["begins"]), time.fromisoformat(found["ends"])
    except ValueError as fault:
        raise ValueError(f"quiet hours {text!r} hold an impossible time: {EXAMPLE}") from fault
    first, end = begins.hour * 60 + begins.minute, ends.hour * 60 + ends.minute
    end += DAY if end <= first else 0
    days = {day for names in found["days"].split(",") for day in _days(names.strip(), text)}
    whole = [(day * DAY + first, day * DAY + end) for day in days]
    return [cut for begin, stop in whole for cut in ((begin, min(stop, WEEK)), (0, max(stop - WEEK, 0))) if cut[1]]


def _days(names: str, text: str) -> list[int]:
    ends = [name.strip().capitalize() for name in names.split("-")]
    if len(ends) > 2 or any(name not in DAYS for name in ends):
        raise ValueError(f"quiet hours {text!r} name the days {names!r}: use {', '.join(DAYS)}, or a range, Mon-Fri")
    first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _joined(stretches: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, end in sorted(stretches):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return tuple(joined)


def _awake(quiet: Quiet) -> int:
    """Give the longest stretch of the week, in minutes, that is not quiet; the week goes round."""
    firsts = [first for first, _ in quiet.stretches]
    after = [*firsts[1:], firsts[0] + WEEK]
    return max(first - end for (_, end), first in zip(quiet.stretches, after, strict=True))
