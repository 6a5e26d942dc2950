"""Every destination of the machine: what arrived there, and how it fails when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from alerting.outbox import Delivery, Outcome

Mood: TypeAlias = Literal["away", "busy", "refusing", "forgetful"]
"""Away: nothing gets through. Busy: nothing for an hour. Forgetful: it takes everything and its answers are lost."""


class Crash(Exception):
    """The process is gone."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that got through, and when."""

    delivery: Delivery
    at: datetime


@dataclass(slots=True)
class Places:
    """One sink for all destinations. With `crashing`, the process is gone right after something got through."""

    wall: Callable[[], datetime]
    moods: dict[str, Mood] = field(default_factory=dict)
    arrived: list[Arrival] = field(default_factory=list)
    crashing: bool = False

    async def send(self, delivery: Delivery) -> Outcome:
        """Take it, or fail as told."""
        mood = self.moods.get(delivery.destination)
        if mood == "away":
            return Outcome("retry", 503, note="away")
        if mood == "busy":
            return Outcome("retry", 429, 3_600.0, "busy")
        if mood == "refusing":
            return Outcome("refused", 400, note="refused")
        self.arrived.append(Arrival(delivery, self.wall()))
        if self.crashing:
            raise Crash
        return Outcome("retry", note="no answer") if mood == "forgetful" else Outcome("delivered")
