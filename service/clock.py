"""The clock of event time: from what partitions have shown to the tick that may be closed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Reason = Literal["watermark", "idle", "exhausted"]


@dataclass(frozen=True, slots=True)
class PartitionTime:
    """The newest event time a partition has shown (ms), whether it is fully read and silent, and when it last moved."""

    time_max_ms: int
    idle: bool
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Due:
    """Ticks up to and including `tick` may be closed, because event time has passed `watermark_ms`."""

    tick: int
    watermark_ms: int
    reason: Reason


def due(partitions: Iterable[PartitionTime], *, tick_ms: int, lateness_ms: int, now_ms: int, live: bool) -> Due | None:
    """Say which tick may be closed; None while nothing is known.

    The watermark is the slowest partition that is not idle, less the lateness it is allowed. When every partition is
    idle, event time goes on at the speed of the wall clock from the newest event, so that silence is noticed. When no
    record can come again (`live` is False) the last tick is closed too.

    >>> due([PartitionTime(200_000, False, 0), PartitionTime(130_000, False, 0)],
    ...     tick_ms=60_000, lateness_ms=5_000, now_ms=0, live=True)
    Due(tick=1, watermark_ms=125000, reason='watermark')
    """
    known = list(partitions)
    if not known:
        return None
    busy = [p.time_max_ms for p in known if not p.idle]
    newest = max(known, key=lambda p: (p.time_max_ms, p.updated_ms))
    if busy:
        watermark = min(busy) - lateness_ms
        return Due(watermark // tick_ms - 1, watermark, "watermark")
    if not live:
        return Due(newest.time_max_ms // tick_ms, newest.time_max_ms, "exhausted")
    quiet = max(0, now_ms - max(p.updated_ms for p in known))
    watermark = newest.time_max_ms + quiet - lateness_ms
    return Due(watermark // tick_ms - 1, watermark, "idle")
