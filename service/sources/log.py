"""Reading the local log as a source: what HTTP intake made durable goes the same way as a Kafka partition."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from service.events.record import Batch, Record
from service.sources.errors import SourceFailed
from service.sources.event_log import EventLog
from service.sources.log_errors import LogCorrupt
from service.sources.source import Positions

log = logging.getLogger(__name__)

PARTITION = "log/0"


class LogSource:
    """Reads one `EventLog` from the store's position on and wakes at once when records are appended.

    Records that the log no longer holds are booked as a gap. Segments are deleted once the store has committed past
    them. `stop` leaves the log open: it belongs to whoever opened it.
    """

    def __init__(self, event_log: EventLog, *, name: str = "log", records_max: int = 2_000) -> None:
        self._log = event_log
        self._name = name
        self._records_max = records_max
        self._positions: Positions | None = None
        self._next: int | None = None
        self._appended = asyncio.Event()
        self.release_failures = 0
        """Times that the store's commit could not be told to the log."""

    @property
    def name(self) -> str:
        """The source's name in the store."""
        return self._name

    async def start(self, positions: Positions) -> None:
        """Begin where the store wants to; SourceFailed when the log cannot have held that position."""
        self._positions = positions
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._appended.set)

        self._log.watch(wake)

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        """Give the records that are durable, waiting up to the timeout for the first one."""
        begin = await self._begin()
        if begin < self._log.first:
            self._next = self._log.first
            return [Batch(self._name, PARTITION, begin, self._next, gap=self._next - begin, end=self._log.end)]
        records = await self._read(begin)
        if not records:
            # An append between reading and here has set the event after it was cleared, so it cannot be missed.
            try:
                await asyncio.wait_for(self._appended.wait(), timeout_seconds)
            except TimeoutError:
                return ()
            records = await self._read(begin)
        if not records:
            return ()
        self._next = records[-1].offset + 1
        return [Batch(self._name, PARTITION, begin, self._next, records, end=self._log.end)]

    async def rewind(self, partition: str) -> None:
        """Ask the store again before the next poll."""
        if partition == PARTITION:
            self._next = None

    async def committed(self, positions: Mapping[str, int]) -> None:
        """Let the log delete what the store has taken over."""
        try:
            if PARTITION in positions:
                await asyncio.to_thread(self._log.release, positions[PARTITION])
        except OSError as failure:
            self.release_failures += 1
            log.warning("local log: could not delete read segments: %s", failure)

    def assigned(self) -> Mapping[str, bool]:
        """The one partition, and whether all that was appended has been delivered."""
        return {PARTITION: self._next is not None and self._next >= self._log.end}

    def exhausted(self) -> bool:
        """Never: the next request may come at any time."""
        return False

    async def stop(self) -> None:
        """Stop listening to the log; a second call does nothing."""
        self._log.watch(None)

    async def _read(self, begin: int) -> list[Record]:
        self._appended.clear()
        try:
            return await asyncio.to_thread(self._log.read, begin, records_max=self._records_max)
        except (LogCorrupt, OSError) as failure:
            raise SourceFailed(f"local log: {failure}") from failure

    async def _begin(self) -> int:
        if self._next is not None:
            return self._next
        if self._positions is None:
            raise RuntimeError("start() comes before poll()")
        wanted = await self._positions(self._name, PARTITION)
        if wanted is None:
            wanted = self._log.first
        if wanted > self._log.end:
            try:
                await asyncio.to_thread(self._log.begin_at, wanted)
            except ValueError as mismatch:
                raise SourceFailed(
                    f"the store has read to offset {wanted} of {PARTITION}, which this log never reached ({mismatch}): "
                    "http.directory is not the folder this store belongs to; give the right one, or an empty one"
                ) from mismatch
            log.warning("local log: its folder is new, the store is not; going on at offset %d", wanted)
        self._next = wanted
        return wanted
