"""What the sender remembers of each destination while it runs: its breaker and its pace, and nothing that must last."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alerting.breaker import Breaker
from alerting.outbox import Outcome
from alerting.pace import PACES, Paced, lane
from alerting.route import Destination


@dataclass(slots=True)
class Lanes:
    """Says how much may be sent where, by what came of it before.

    Kept in memory: a worker that takes over learns within a few attempts what the one before knew. A destination that
    takes what it is sent is not kept at all.
    """

    monotonic: Callable[[], float]
    breakers: dict[str, Breaker] = field(default_factory=dict)
    paces: dict[str, Paced] = field(default_factory=dict)

    def shut(self) -> frozenset[str]:
        """Name the destinations that are left alone now."""
        now = self.monotonic()
        return frozenset(name for name, breaker in self.breakers.items() if not breaker.allowed(now, 1))

    def open(self, name: str) -> bool:
        """Whether a destination is tried by one delivery at a time."""
        return self.breakers.get(name, Breaker()).open

    def allowed(self, name: str, most: int) -> int:
        """How many may be sent to a destination one after the other."""
        return self.breakers.get(name, Breaker()).allowed(self.monotonic(), most)

    def take(self, target: Destination) -> bool:
        """Take one message of a destination's pace; False when it must wait."""
        pace = PACES.get(target.sink)
        if pace is None:
            return True
        now, key = self.monotonic(), lane(target)
        paced = self.paces.get(key, Paced())
        if not paced.free(pace, now):
            return False
        self.paces = {name: one for name, one in self.paces.items() if one.due > now} | {key: paced.used(pace, now)}
        return True

    def note(self, name: str, outcome: Outcome) -> None:
        """Remember what came of an attempt."""
        breaker = self.breakers.pop(name, Breaker()).after(outcome, self.monotonic())
        if breaker.failures:
            self.breakers[name] = breaker
