"""When a destination is left alone: it fails again and again, or has said for how long it wants no more. Pure.

Times are seconds of a monotonic clock.
"""

from dataclasses import dataclass

from alerting.outbox import Outcome

FAILURES_MAX = 5
"""Failures in a row from which on a destination is tried by one delivery at a time."""

PROBE_SECONDS = 5.0
PROBE_SECONDS_MAX = 60.0
"""Pause after the attempt that opened the breaker, doubled with every further failure up to the second number."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a destination has answered of late: failures in a row, and until when it is left alone."""

    failures: int = 0
    until: float = 0.0

    @property
    def open(self) -> bool:
        """True while the destination is tried by one delivery at a time."""
        return self.failures >= FAILURES_MAX

    def allowed(self, now: float, most: int) -> int:
        """How many may be sent one after the other now: none while it is left alone, one to probe, else `most`."""
        if now < self.until:
            return 0
        return 1 if self.open else most

    def after(self, outcome: Outcome, now: float) -> "Breaker":
        """Give the breaker after one attempt.

        A refusal is about the message, and shows that somebody answers. A Retry-After is about the destination: nothing
        else is sent there either before it has passed (RFC 9110, 10.2.3).
        """
        if outcome.kind != "retry":
            return Breaker()
        failures = self.failures + 1
        beyond = failures - FAILURES_MAX
        pause = min(PROBE_SECONDS_MAX, PROBE_SECONDS * 2.0 ** min(beyond, 30)) if beyond >= 0 else 0.0
        return Breaker(failures, now + max(pause, outcome.retry_after_seconds or 0.0))
