"""A durable local log with the semantics of a one-partition topic: what HTTP intake appends and `LogSource` reads.

The folder holds segments of blocks, the table of idempotency keys and a lock file. An append is answered after fsync.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from service.events.record import Record
from service.sources.log_block import HEADER_BYTES, Entry, Header, decode_header, encode, identities
from service.sources.log_commit import Appended, GroupCommit, Outcome
from service.sources.log_disk import Disk, lock_directory, sync_directory
from service.sources.log_errors import LogCorrupt, LogUnavailable
from service.sources.log_identities import Identities, identity_of, place
from service.sources.log_segment import SEGMENT_HEAD_BYTES, Segment, create, scan

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""What a refused producer is told to wait: about the time in which the pipeline commits and frees a segment."""


class EventLog:
    """Opens the folder (made when absent), recovers from a crash and holds its lock until `close`.

    All of it may be called from any thread. `bytes_max` bounds the segments on disk: unread records, counted in whole
    segments. Raises LogLocked when another process writes here and LogCorrupt when files are damaged.
    """

    def __init__(
        self,
        directory: Path,
        *,
        bytes_max: int,
        segment_bytes: int,
        producers_max: int,
        fsync: Callable[[int], None] = os.fsync,
        write: Callable[[int, bytes | memoryview], int] = os.write,
    ) -> None:
        self.bytes_max = bytes_max
        # A quarter at most, so that reading frees room long before the log is full.
        self._segment_bytes = min(segment_bytes, bytes_max // 4)
        self._directory = directory
        self._disk = Disk(write, fsync)
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_file = lock_directory(directory)
        self._state = threading.RLock()
        self._writing = threading.Lock()
        self._damaged = False
        self._released = 0
        self._on_append: Callable[[], None] | None = None
        self._identities = Identities(producers_max)
        try:
            self._segments = self._recover()
        except BaseException:
            os.close(self._lock_file)
            raise
        self._opened = os.open(self._segments[-1].path, os.O_WRONLY | os.O_APPEND)
        self._commits = GroupCommit(self._commit)

    @property
    def first(self) -> int:
        """The oldest offset kept."""
        with self._state:
            return self._segments[0].first

    @property
    def end(self) -> int:
        """The offset the next record will get; every record before it is durable."""
        with self._state:
            return self._segments[-1].next

    @property
    def bytes_used(self) -> int:
        """Bytes of all segments on disk."""
        with self._state:
            return sum(segment.size for segment in self._segments)

    def append(
        self,
        values: Sequence[bytes],
        *,
        producer: str | None = None,
        sequence: int | None = None,
        idempotency_key: str | None = None,
        now_ms: int,
    ) -> Appended:
        """Store all of `values` or none, and return when they are on disk.

        A repeat (same idempotency key, or same producer and sequence, among the newest `producers_max`) gets the
        offsets of the first append. Raises LogUnavailable when nothing was stored, KeyReused when the key came with
        other records before.
        """
        identity = identity_of(values, producer=producer, sequence=sequence, idempotency_key=idempotency_key)
        return self._commits.submit(Entry(now_ms, identity, values)).result()

    async def append_durable(
        self,
        values: Sequence[bytes],
        *,
        producer: str | None = None,
        sequence: int | None = None,
        idempotency_key: str | None = None,
        now_ms: int,
    ) -> Appended:
        """Do what `append` does without blocking the event loop; all that wait share one fsync."""
        identity = identity_of(values, producer=producer, sequence=sequence, idempotency_key=idempotency_key)
        return await asyncio.wrap_future(self._commits.submit(Entry(now_ms, identity, values)))

    def read(self, begin: int, *, records_max: int, bytes_max: int = 4_194_304) -> list[Record]:
        """Read durable records from offset `begin` on, in order: at least one if there is one, up to the limits."""
        with self._state:
            end = self._segments[-1].next
            held = next((segment for segment in self._segments if segment.first <= begin < segment.next), None)
            size = held.size if held else 0
        if held is None:
            return []
        return held.read(begin, end, size=size, records_max=records_max, bytes_max=bytes_max)

    def release(self, next_offset: int) -> None:
        """Say that every record before `next_offset` was read for good: segments wholly before it are deleted."""
        with self._state:
            self._released = max(self._released, min(next_offset, self.end))
            done = [segment for segment in self._segments[:-1] if segment.next <= self._released]
            if done:
                self._delete(done)

    def begin_at(self, offset: int) -> None:
        """Give the next record this offset; only for a log that holds nothing (its folder was lost, the store not)."""
        with self._writing, self._state:
            if self.first != self.end or offset < self.end:
                raise ValueError(f"offset {offset}: the log already holds {self.first} to {self.end}")
            self._roll(offset)
            self._delete(self._segments[:-1])

    def watch(self, on_append: Callable[[], None] | None) -> None:
        """Call this from the writing thread whenever records became durable; None to stop."""
        self._on_append = on_append

    def close(self) -> None:
        """Finish the appends that wait, then give up the lock; a second call does nothing."""
        self._commits.close()
        with self._state:
            if self._lock_file >= 0:
                os.close(self._opened)
                os.close(self._lock_file)
                self._lock_file = -1

    def _recover(self) -> list[Segment]:
        for path in self._directory.glob("*.new"):
            path.unlink()
        self._identities.load(self._directory / "identities")
        segments: list[Segment] = []
        paths = sorted(self._directory.glob("*.segment"))
        while len(paths) > 1 and paths[-1].stat().st_size <= SEGMENT_HEAD_BYTES:
            # Begun but never written to: the segment before it is still the one to append to.
            paths.pop().unlink()
        for path in paths:
            segment = scan(path, self._remember, last=path == paths[-1], disk=self._disk)
            if segment is None:
                # A crash came between the file's name and its head; its name still says where it was to begin.
                segment = create(self._directory, int(path.stem), self._disk)
            if segments and segment.first != segments[-1].next:
                raise LogCorrupt(path, 0, f"begins at offset {segment.first}, but {segments[-1].next} was to follow")
            segments.append(segment)
        return segments or [create(self._directory, 0, self._disk)]

    def _remember(self, body: bytes, header: Header) -> None:
        for identity, first, following in identities(body, header):
            self._identities.remember(identity, first, following)

    def _commit(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Write one block of the appends that are new; the writing thread alone calls this."""
        with self._writing:
            begin = self.end
            outcomes, fresh = place(entries, begin, self._identities)
            if fresh:
                try:
                    self._write(fresh, begin)
                except (OSError, LogUnavailable) as failure:
                    refusal = failure if isinstance(failure, LogUnavailable) else self._disk_failed(failure)
                    return [refusal if isinstance(o, Appended) and o.first_offset >= begin else o for o in outcomes]
        if fresh and self._on_append is not None:
            self._on_append()
        return outcomes

    def _write(self, entries: Sequence[Entry], begin: int) -> None:
        if self._damaged:
            self._repair()
        active = self._segments[-1]
        block = encode(entries, begin, active.salt)
        full = active.size + len(block) > self._segment_bytes and active.next > active.first
        if full or self.bytes_used + len(block) > self.bytes_max:
            self._make_room(len(block))
            active = self._segments[-1]
            block = encode(entries, begin, active.salt)
        # Whatever fails from here on leaves bytes behind that nobody was promised: they are cut off again.
        self._damaged = True
        self._disk.write_all(self._opened, block)
        self._disk.fsync(self._opened)
        self._damaged = False
        header = decode_header(block, active.salt)
        assert header is not None, "a block just written has a good header"
        with self._state:
            active.grow(header.records, len(block))
            self._remember(block[HEADER_BYTES:], header)

    def _make_room(self, block_bytes: int) -> None:
        """Begin a new segment, after which one that was read to its end can go; LogUnavailable when that is no help."""
        with self._state:
            active = self._segments[-1]
            kept = self.bytes_used - (active.size if active.next <= self._released else 0)
            if kept + SEGMENT_HEAD_BYTES + block_bytes > self.bytes_max:
                raise LogUnavailable(
                    f"the local log is full: {self.bytes_used} of {self.bytes_max} bytes wait to be read", RETRY_SECONDS
                )
            if active.next > active.first:
                self._roll(active.next)
                self.release(self._released)

    def _roll(self, first: int) -> None:
        segment = create(self._directory, first, self._disk)
        opened = os.open(segment.path, os.O_WRONLY | os.O_APPEND)
        os.close(self._opened)
        self._opened = opened
        self._segments.append(segment)

    def _delete(self, segments: Sequence[Segment]) -> None:
        """Delete segments, keeping the identities in them; on a full disk the deletion itself makes the room."""
        table = self._directory / "identities"
        try:
            self._identities.save(table, self._disk)
            saved = True
        except OSError:
            saved = False
        for segment in segments:
            self._segments.remove(segment)
            segment.path.unlink(missing_ok=True)
        sync_directory(self._directory, self._disk)
        if not saved:
            self._identities.save(table, self._disk)

    def _disk_failed(self, failure: OSError) -> LogUnavailable:
        log.error("local log %s: %s", self._directory, failure)
        if self._damaged:
            try:
                self._repair()
            except OSError as again:
                log.error("local log %s: cannot cut off the failed write yet: %s", self._directory, again)
        return LogUnavailable(f"the local log's disk failed: {failure.strerror or failure}", RETRY_SECONDS)

    def _repair(self) -> None:
        """Cut off what a failed write left behind its last durable block."""
        os.ftruncate(self._opened, self._segments[-1].size)
        self._disk.fsync(self._opened)
        self._damaged = False
