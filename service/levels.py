"""What is kept of a monitor that the evidence speaks against, until it begins anew."""

from typing import cast

import msgspec

from detectors.monitor_counts import MonitorName


class Level(msgspec.Struct, array_like=True, frozen=True):
    """Rank 1 to 3 (observe to act), reached after tick `at`; the change began with tick `onset` and is named `what`.

    `e_value` and `e_needed` are the decimal logarithms of the evidence at that moment and of what the rank took.
    """

    rank: int
    at: int
    onset: int
    what: str
    e_value: float
    e_needed: float


def level_name(name: MonitorName) -> str:
    """Write a monitor's name as one text."""
    return "\x1f".join(name)


def monitor_name(text: str) -> MonitorName:
    """Read a monitor's name as `level_name` wrote it.

    >>> monitor_name(level_name(("north", "income", "psi")))
    ('north', 'income', 'psi')
    """
    segment, subject, detector = text.split("\x1f")
    return cast(MonitorName, (segment, subject, detector))
