"""The one thing alerting accepts: a reading, with where and when and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Condition: TypeAlias = Literal["ok", "drifting", "insufficient"]
Ceiling: TypeAlias = Literal["none", "observe", "investigate", "act"]
"""The highest tier that the evidence behind a finding supports; `none`: it is shown, and opens and raises nothing."""

EventKind: TypeAlias = Literal["prediction", "feature", "label", "health"]


@dataclass(frozen=True, slots=True, order=True)
class Stream:
    """A stream of events: a model version (or a feature view and version) and one segment of it ("" is all of it)."""

    kind: EventKind
    model: str
    version: str
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One bin's share in the reference and in the window; `place` is its own among its subject's bins, -1 for none."""

    label: str
    expected: float
    observed: float
    place: int = -1


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector saw for one subject of one stream in one window; good news is a finding too.

    `since` and `at` are the window's start and end in event time (UTC); `row` is the last source offset in it. `onset`
    is when the change itself began, where evidence has dated it. `moves` come in the order of how much each moved.
    `ceiling` bounds the tier whatever the effect is. `e_value` and `e_needed` are the decimal logarithms of the
    evidence against "nothing changed" and of what that ceiling takes; `budget` says the budget in words.
    """

    stream: Stream
    subject: str
    detector: str
    window: str
    condition: Condition
    since: datetime
    at: datetime
    n: int
    reference_n: int
    reason: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    row: int = -1
    moves: tuple[Move, ...] = ()
    ceiling: Ceiling = "act"
    e_value: float | None = None
    e_needed: float | None = None
    budget: str = ""
    onset: datetime | None = None
