"""A source over records in memory: the fake that tests and examples of everything behind a source use."""

import asyncio
from collections.abc import Mapping, Sequence

from service.events.record import Batch, Record
from service.sources.source import Positions


class ListSource:
    """Records given at the start, one sequence per partition; offsets may have gaps, which are booked.

    >>> async def read() -> list[tuple[int, int, int]]:
    ...     source = ListSource({"a": [Record(0, b"x"), Record(2, b"y")]}, batch_records=1)
    ...     async def nothing(source: str, partition: str) -> int | None:
    ...         return None
    ...     await source.start(nothing)
    ...     batches = [batch for _ in range(2) for batch in await source.poll(0)]
    ...     return [(batch.lo, batch.hi, batch.gap) for batch in batches]
    >>> asyncio.run(read())
    [(0, 1, 0), (1, 3, 1)]
    """

    def __init__(
        self, partitions: Mapping[str, Sequence[Record]], *, batch_records: int = 1_000, name: str = "list"
    ) -> None:
        self._partitions = {partition: tuple(records) for partition, records in partitions.items()}
        self._batch_records = batch_records
        self._name = name
        self._next: dict[str, int] = {}
        self._positions: Positions | None = None
        self.committed_positions: dict[str, int] = {}
        """What the reader was told to have been committed, for tests to look at."""

    @property
    def name(self) -> str:
        return self._name

    async def start(self, positions: Positions) -> None:
        self._positions = positions

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        batches = [batch for partition in self._partitions if (batch := await self._read(partition)) is not None]
        if not batches:
            await asyncio.sleep(timeout_seconds)
        return batches

    async def rewind(self, partition: str) -> None:
        self._next.pop(partition, None)

    async def committed(self, positions: Mapping[str, int]) -> None:
        self.committed_positions.update(positions)

    def assigned(self) -> Mapping[str, bool]:
        return {
            partition: partition in self._next and self._next[partition] >= self._end(partition)
            for partition in self._partitions
        }

    def exhausted(self) -> bool:
        return all(self.assigned().values())

    async def stop(self) -> None:
        self._positions = None

    async def _read(self, partition: str) -> Batch | None:
        if partition not in self._next:
            if self._positions is None:
                raise RuntimeError("poll was called before start or after stop")
            self._next[partition] = await self._positions(self._name, partition) or 0
        lo = self._next[partition]
        left = [record for record in self._partitions[partition] if record.offset >= lo]
        taken = left[: self._batch_records]
        if not taken:
            return None
        hi = taken[-1].offset + 1
        self._next[partition] = hi
        return Batch(self._name, partition, lo, hi, tuple(taken), hi - lo - len(taken), self._end(partition))

    def _end(self, partition: str) -> int:
        records = self._partitions[partition]
        return records[-1].offset + 1 if records else 0
