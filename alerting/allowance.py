"""How many false alarms a party accepts, as it writes it: `pages: 1 per 30 days`."""

import re
from dataclasses import dataclass

DAYS = 30
"""Every allowance is kept per so many days."""

RATE_MIN, RATE_MAX = 1e-4, 30 * 86_400.0
"""Least and most false alarms in 30 days that can be accepted."""

_RATE = re.compile(r"(?P<number>\d+(\.\d+)?) per ((?P<times>\d+) )?(?P<unit>hour|day|week|month|quarter|year)s?")
_UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "quarter": 91.0, "year": 365.0}


@dataclass(frozen=True, slots=True)
class Allowance:
    """False alarms in 30 days that a party accepts at each tier; None: what the settings say."""

    pages: float | None = None
    tickets: float | None = None
    digests: float | None = None


def parse_rate(text: str) -> float:
    """Read a rate as its number in 30 days; raises ValueError with the way out.

    >>> parse_rate("1 per 30 days"), parse_rate("2 per week"), parse_rate("0.5 per 2 months")
    (1.0, 8.571428571428571, 0.25)
    """
    found = _RATE.fullmatch(text.strip())
    example = 'write it like "1 per 30 days" or "2 per week"'
    if found is None:
        raise ValueError(f"rate {text!r} cannot be read: {example}")
    number, days = float(found["number"]), float(found["times"] or 1) * _UNIT_DAYS[found["unit"]]
    if not number or not days:
        raise ValueError(f"rate {text!r} is never: {example}; nothing can be told without any chance of a false alarm")
    rate = number * DAYS / days
    if not RATE_MIN <= rate <= RATE_MAX:
        raise ValueError(f"rate {text!r} is beyond one in {1 / RATE_MIN:,.0f} months and one a second: {example}")
    return rate
