"""Back to ourselves: the destination of canaries, which notes that one arrived and tells nobody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from alerting.outbox import Delivery, Outcome


@dataclass(frozen=True, slots=True)
class LoopbackSink:
    """Hands every delivery to `arrived`; it is delivered once that has returned."""

    arrived: Callable[[Delivery], Awaitable[None]]

    async def send(self, delivery: Delivery) -> Outcome:
        """Note the arrival; what goes wrong with that is raised, and the same delivery comes again."""
        await self.arrived(delivery)
        return Outcome("delivered", note="it came back")
