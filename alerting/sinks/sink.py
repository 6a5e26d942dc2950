"""The one seam between the outbox and the world."""

from typing import Protocol

from alerting.outbox import Delivery, Outcome, OutcomeKind

__all__ = ["Delivery", "Outcome", "OutcomeKind", "Sink"]


class Sink(Protocol):
    """Sends to `delivery.target`; serves any number of destinations of its kind."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt. What the world does wrong is an Outcome; only a bug of ours is raised."""
        ...
