"""The one seam between where records come from and the pipeline."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from service.events.record import Batch

Positions: TypeAlias = Callable[[str, str], Awaitable[int | None]]
"""(source, partition) -> the offset the store wants next, None when it has never seen the partition."""


class Source(Protocol):
    """Ordered, gap-booked and resumable: the conformance suite in tests/service/sources holds every source to this.

    Life: `start` once, then `poll` again and again by one task, `stop` once. The position that counts is the store's:
    a source asks `positions` whenever it begins a partition (and again after `rewind`), never its own memory.
    """

    @property
    def name(self) -> str: ...

    async def start(self, positions: Positions) -> None: ...

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        """Give what is there, at most one batch per partition, waiting up to the timeout for the first record.

        Raises SourceFailed when only a new source can help; the supervisor then stops this one and builds another.
        """
        ...

    async def rewind(self, partition: str) -> None:
        """Read the partition again from the position the store holds (a commit of ours was fenced)."""
        ...

    async def committed(self, positions: Mapping[str, int]) -> None:
        """Told after the store's commit: {partition: next offset}. Advisory; a failure is counted, never raised."""
        ...

    def assigned(self) -> Mapping[str, bool]:
        """Say which partitions this worker reads, and for each whether everything known to exist has been delivered."""
        ...

    def exhausted(self) -> bool:
        """True when no record can ever come again (the end of a file)."""
        ...

    async def stop(self) -> None: ...
