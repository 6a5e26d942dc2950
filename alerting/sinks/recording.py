"""A sink that remembers: for tests, demonstrations and dry runs."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerting.outbox import Delivery, Outcome

KEPT_MAX = 10_000


@dataclass(slots=True)
class RecordingSink:
    """Answers with the outcomes it was told to give, then with `delivered`; keeps what was sent, the newest 10,000.

    `attempts` holds every delivery that was tried, `delivered` those that got through.
    """

    attempts: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    delivered: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    _next: deque[Outcome] = field(default_factory=deque)

    def fail(self, *outcomes: Outcome) -> None:
        """Give these outcomes to the next attempts, in this order."""
        self._next.extend(outcomes)

    def texts(self) -> Iterable[str]:
        """The titles that got through, oldest first."""
        for delivery in self.delivered:
            about = delivery.payload.get("data")
            yield str(about.get("title", "")) if isinstance(about, dict) else ""

    async def send(self, delivery: Delivery) -> Outcome:
        """Remember it, and answer as told."""
        self.attempts.append(delivery)
        outcome = self._next.popleft() if self._next else Outcome("delivered")
        if outcome.kind == "delivered":
            self.delivered.append(delivery)
        return outcome
