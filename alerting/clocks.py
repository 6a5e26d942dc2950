"""By when: what is expected of a party, in wall time for what cannot wait and in its working days for the rest."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerting.escalation_policy import Clocks, Span, WorkingDays
from alerting.handling import Deadline, Milestone
from alerting.tiers import Tier

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"(?P<days>[A-Za-z,\- ]+) (?P<opens>\d{2}:\d{2})-(?P<closes>\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """When a party works: days of the week (0 is Monday), and from when to when in its own time zone."""

    days: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    opens: time = time(9)
    closes: time = time(17)


@dataclass(frozen=True, slots=True)
class Clock:
    """One thing that is expected, and by when (UTC)."""

    what: str
    by: datetime


def parse_hours(text: str) -> Hours:
    """Read working hours; raises ValueError with the way out.

    >>> parse_hours("Mon-Thu,Sat 08:00-16:30") == Hours(frozenset({0, 1, 2, 3, 5}), time(8), time(16, 30))
    True
    """
    example = 'write them like "Mon-Fri 09:00-18:00"'
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"hours {text!r} cannot be read: {example}")
    try:
        opens, closes = time.fromisoformat(found["opens"]), time.fromisoformat(found["closes"])
    except ValueError as fault:
        raise ValueError(f"hours {text!r} hold an impossible time: {example}") from fault
    if closes <= opens:
        raise ValueError(f"hours {text!r} end before they begin: {example}, within one day")
    return Hours(
        frozenset(day for part in found["days"].split(",") for day in _days(part.strip(), text)), opens, closes
    )


_WORDS: dict[tuple[Tier, Milestone], str] = {
    (Tier.ACT, "findings"): "Mitigate (roll back, fall back to a safe model, or hold)",
    (Tier.INVESTIGATE, "decision"): "Decide (accept, fix the data, recalibrate or retrain)",
}
_PLAIN: dict[Milestone, str] = {"acknowledge": "Acknowledge", "findings": "Findings", "decision": "Decide"}


def deadlines(expected: Clocks, tier: Tier, at: datetime, tz: str, hours: Hours) -> tuple[Deadline, ...]:
    """Say what is expected of whoever is told at `at`, in the order in which it is due."""
    spans: tuple[tuple[Milestone, Span | None], ...] = (
        ("acknowledge", expected.ack), ("findings", expected.findings), ("decision", expected.decision),
    )  # fmt: skip
    return tuple(
        Deadline(name, _WORDS.get((tier, name), _PLAIN[name]), later(span, at, tz, hours))
        for name, span in spans
        if span is not None
    )


def later(span: Span, at: datetime, tz: str, hours: Hours) -> datetime:
    """Give the time a span later (UTC): wall time as it is, working days as the party works."""
    return working_days_after(at, span.days, tz, hours) if isinstance(span, WorkingDays) else at + span


def working_days_after(at: datetime, days: int, tz: str, hours: Hours) -> datetime:
    """Give the same time of day some working days later (UTC), counted from the next moment the party works.

    The time of day is the party's own on both sides, so a change to or from summer time does not move it.
    """
    local = at.astimezone(ZoneInfo(tz))
    day, moment = local.date(), local.timetz().replace(tzinfo=None)
    if day.weekday() not in hours.days or moment > hours.closes:
        day, moment = _next_working(day, hours), hours.opens
    moment = max(moment, hours.opens)
    for _ in range(days):
        day = _next_working(day, hours)
    return datetime.combine(day, moment, ZoneInfo(tz)).astimezone(UTC)


def _next_working(day: date, hours: Hours) -> date:
    return next(later for later in (day + timedelta(days=n) for n in range(1, 8)) if later.weekday() in hours.days)


def _days(part: str, text: str) -> list[int]:
    names = [name.strip().capitalize() for name in part.split("-")]
    if len(names) > 2 or any(name not in DAYS for name in names):
        raise ValueError(f"hours {text!r} name the days {part!r}: use {', '.join(DAYS)}, or a range such as Mon-Fri")
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]
