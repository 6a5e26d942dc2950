"""How fast a destination may be told: the limits of each kind of service, kept on our side. Pure.

What is over a limit waits and never fails. Times are seconds of a monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alerting.route import Destination, SinkName


@dataclass(frozen=True, slots=True)
class Pace:
    """One message each `seconds` over time, and `burst` of them at once after a pause."""

    seconds: float
    burst: int


PACES: Mapping[SinkName, Pace] = {
    "pagerduty": Pace(0.6, 20),
    "slack": Pace(1.0, 3),
    "teams": Pace(0.5, 2),
    "email": Pace(2.0, 10),
}
"""Limits by kind of destination; a kind that is not named has none of ours, and says 429 where it has one of its own.

PagerDuty takes 120 events a minute for each integration key (support forum of PagerDuty, "Events API"; other pages of
theirs name more): 100 a minute and 20 at once stay under it. Slack takes one message a second for each channel and lets
short bursts pass (docs.slack.dev, "Rate limits"). Microsoft names no numbers for Workflows and asks for backoff; two a
second is half of what its connectors took. A mail server is one for all parties; 30 a minute is what Exchange Online
takes of one mailbox (learn.microsoft.com, "Exchange Online limits").
"""


def lane(target: Destination) -> str:
    """Name what shares a limit: the mail server, else the destination itself."""
    return "email" if target.sink == "email" else target.name


@dataclass(frozen=True, slots=True)
class Paced:
    """How much of a lane's pace is used: `due` is when it would all be free again."""

    due: float = 0.0

    def free(self, pace: Pace, now: float) -> bool:
        """Whether one more may be sent now (the generic cell rate algorithm, ITU-T I.371)."""
        return max(self.due, now) + pace.seconds <= now + pace.seconds * pace.burst

    def used(self, pace: Pace, now: float) -> "Paced":
        """Take one."""
        return Paced(max(self.due, now) + pace.seconds)
