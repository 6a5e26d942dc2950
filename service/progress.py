"""What the loops have done, as plain numbers that metrics and liveness read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from service.store.changes import ModelKey

POLL_SECONDS_MAX = 30.0
"""Loops poll several times a second; this long without a poll means that one hangs."""

COMMIT_SECONDS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Progress:
    """Counters of one worker; written by the loops only, read by anyone without waiting.

    `troubles` says of each loop that waits for the store why that is; the service is not ready while there are any. A
    source that is away is none: HTTP intake goes on meanwhile. `ownership_fault`: why the ownership table's file is not
    used, where the last good one stays in force. `escalated` counts the clocks that ran out, by kind, and
    `escalation_late_seconds` is how long after its time the last of them was seen. `covered`: by model version, the
    share of its monitors that a rule of the ownership table gives to somebody. `checkpoints`: of the audit, by place
    and what became of them. `render_failures`: how often words ("notice") or a drawing ("picture") could not be made by
    a fault of ours, and what stands in for them was given. `link_uses` and `hooks`: signed links that were
    followed and webhooks that came in, by what became of them. `breakers`: by destination, whether it is left alone but
    for single attempts. `unreachable`: how often neither a party nor whoever stands in for it could be reached.
    `turns`: of the loops that a heartbeat depends on, how often each came round without a fault. `heartbeats`: by what
    became of them.
    """

    records: int = 0
    rewinds: int = 0
    rebuilds: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    ticks: int = 0
    delivered: dict[tuple[str, str], int] = field(default_factory=dict)
    resent: dict[tuple[str, str], int] = field(default_factory=dict)
    commit_buckets: list[int] = field(default_factory=lambda: [0] * (len(COMMIT_SECONDS_BOUNDS) + 1))
    commit_seconds: float = 0.0
    commits: int = 0
    fallbacks: int = 0
    escalated: dict[str, int] = field(default_factory=dict)
    escalation_late_seconds: float = 0.0
    ownership_fault: str = ""
    covered: Mapping[ModelKey, float] = field(default_factory=dict)
    checkpoints: dict[tuple[str, str], int] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    render_failures: dict[str, int] = field(default_factory=lambda: {"notice": 0, "picture": 0})
    link_uses: dict[str, int] = field(default_factory=dict)
    hooks: dict[str, int] = field(default_factory=dict)
    breakers: dict[str, bool] = field(default_factory=dict)
    unreachable: int = 0
    turns: dict[str, int] = field(default_factory=dict)
    heartbeats: dict[str, int] = field(default_factory=dict)
    _counting: Lock = field(default_factory=Lock)
    _polled: dict[str, float] = field(default_factory=dict)

    @property
    def polled_at(self) -> float:
        """When the loop that has been silent for longest last showed life; 0 before the first sign."""
        return min(self._polled.values(), default=0.0)

    def polled(self, now: float, source: str = "") -> None:
        """Note that the loop over a source is alive, with or without records."""
        self._polled[source] = now

    def turned(self, loop: str) -> None:
        """Note that a loop came round; each loop has its own count, so that none waits for another."""
        self.turns[loop] = self.turns.get(loop, 0) + 1

    def answered(self, counts: dict[str, int], outcome: str) -> None:
        """Count one request in `link_uses` or `hooks`; requests are served by several threads."""
        with self._counting:
            counts[outcome] = counts.get(outcome, 0) + 1

    def committed(self, seconds: float) -> None:
        """Note how long one commit took."""
        self.commits += 1
        self.commit_seconds += seconds
        for i, bound in enumerate(COMMIT_SECONDS_BOUNDS):
            if seconds <= bound:
                self.commit_buckets[i] += 1
                return
        self.commit_buckets[-1] += 1
