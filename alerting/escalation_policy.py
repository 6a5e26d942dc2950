"""What each tier expects: who is told at once, by when what is done, and who is told next when nobody answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from typing import Literal, TypeAlias

from alerting.roles import Role
from alerting.tiers import Tier

STEPS_MAX = 5
"""Steps of one tier; whoever has not answered by the fifth will not be found by a sixth."""

WALL_MIN, WALL_MAX = timedelta(minutes=1), timedelta(days=30)
WORKING_DAYS_MAX = 60

EXAMPLE = 'write it like "15 min", "4 h" or "3 working days"'

Asked: TypeAlias = Literal["ack", "findings", "decision"]
"""What can be expected by a time."""

ASKED: tuple[Asked, ...] = ("ack", "findings", "decision")

_SPAN = re.compile(r"(?P<number>\d{1,6}) ?(?P<unit>min|minutes?|h|hours?|working days?|days?)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Days counted as the party that is told works: its hours, its time zone."""

    days: int


Span: TypeAlias = timedelta | WorkingDays
"""How long something may take: wall time, or working days."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """By when what is expected, counted from when somebody is told; None is never asked for.

    `ack` is also how long each step waits before the next one is told.
    """

    ack: Span
    findings: Span | None = None
    decision: Span | None = None

    def disorder(self) -> tuple[Asked, Asked] | None:
        """Give two of the clocks that are wanted in the wrong order; wall time and working days are not compared."""
        given = [(name, span) for name in ASKED if (span := getattr(self, name)) is not None]
        for (name, span), (later, by) in combinations(given, 2):
            if type(span) is type(by) and _length(span) > _length(by):
                return name, later
        return None


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """One tier: the roles that are told at once, the clocks, and the roles told in turn while nobody acknowledges."""

    told: tuple[Role, ...]
    clocks: Clocks
    steps: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """What is expected at each tier, under the name that rules give; observe expects nothing."""

    name: str
    act: TierPolicy
    investigate: TierPolicy
    blind: TierPolicy

    def at(self, tier: Tier) -> TierPolicy | None:
        """Give what a tier expects; None for observe."""
        by_tier = {Tier.ACT: self.act, Tier.INVESTIGATE: self.investigate, Tier.BLIND: self.blind}
        return by_tier.get(tier)


DEFAULT = EscalationPolicy(
    name="default",
    act=TierPolicy(
        told=("responder", "owner"),
        clocks=Clocks(timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24)),
        steps=("responder", "owner", "technical_lead", "executive"),
    ),
    investigate=TierPolicy(
        told=("owner", "technical_lead"),
        clocks=Clocks(WorkingDays(1), WorkingDays(3), WorkingDays(5)),
        steps=("technical_lead", "executive"),
    ),
    blind=TierPolicy(told=("responder",), clocks=Clocks(timedelta(minutes=30)), steps=("executive",)),
)
"""What holds where no rule names a policy."""


def built_in(default: EscalationPolicy = DEFAULT) -> Mapping[str, EscalationPolicy]:
    """Give the policies that are there without being written: `default`, and `regulated`.

    `regulated` is `default` with compliance told of every act.
    """
    told: tuple[Role, ...] = (*(role for role in default.act.told if role != "compliance"), "compliance")
    regulated = replace(default, name="regulated", act=replace(default.act, told=told))
    return {"default": default, "regulated": regulated}


def parse_span(text: str) -> Span:
    """Read how long something may take; raises ValueError with the way out.

    >>> parse_span("15 min"), parse_span("3 working days")
    (datetime.timedelta(seconds=900), WorkingDays(days=3))
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"time {text!r} cannot be read: {EXAMPLE}")
    number = int(found["number"])
    if found["unit"].startswith("working"):
        if not 1 <= number <= WORKING_DAYS_MAX:
            raise ValueError(f"time {text!r} is not between 1 and {WORKING_DAYS_MAX} working days: {EXAMPLE}")
        return WorkingDays(number)
    span = number * _UNITS[found["unit"][0]]
    if not WALL_MIN <= span <= WALL_MAX:
        raise ValueError(f"time {text!r} is not between a minute and {WALL_MAX.days} days: {EXAMPLE}")
    return span


def span_text(span: Span) -> str:
    """Write a span as `parse_span` reads it.

    >>> [span_text(parse_span(text)) for text in ("15 min", "24 h", "90 minutes", "1 working day")]
    ['15 min', '24 h', '90 min', '1 working day']
    """
    if isinstance(span, WorkingDays):
        return f"{span.days} working day{'s' if span.days > 1 else ''}"
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} min" if minutes % 60 else f"{minutes // 60} h"


def _length(span: Span) -> float:
    return float(span.days) if isinstance(span, WorkingDays) else span.total_seconds()
