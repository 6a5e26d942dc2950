"""What people did about an incident: who holds it and until when, what is due, and how it was closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Handling: TypeAlias = Literal["new", "notified", "acked", "silenced", "closed"]
"""`new`: nobody was told. `notified`: told, and nobody holds it. The condition is another matter."""

Disposition: TypeAlias = Literal["real_drift", "data_bug", "expected_change", "false_alarm", "duplicate"]

Milestone: TypeAlias = Literal["acknowledge", "findings", "decision"]
"""What is expected of whoever was told, in this order."""

TimerKind: TypeAlias = Literal["step", "lease", "silence_ending", "silence", "findings", "decision"]
"""`step`: the next role is told. `lease`: an acknowledgement lapses. `silence_ending`: a day before `silence`."""

HAPPENS: Mapping[TimerKind, str] = {
    "step": "the next role is told",
    "lease": "the acknowledgement lapses",
    "silence_ending": "a reminder that the silence ends a day later",
    "silence": "the silence ends",
    "findings": "findings are asked for",
    "decision": "a decision is asked for",
}
"""What happens when a timer runs out, in words."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody has it in hand until then: everybody else may look away. Both kinds end by themselves."""

    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """How it ended for people: `remark` is the id of the note that came with it, "" where the service closed it."""

    by: str
    at: datetime
    disposition: Disposition | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing that is expected, in words and by when (UTC); `met_at` once it was done."""

    name: Milestone
    what: str
    by: datetime
    met_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """The next time something happens by itself."""

    due_at: datetime
    kind: TimerKind
