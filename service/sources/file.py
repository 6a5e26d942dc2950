"""Files of history as a source: the rows go through the very same pipeline as live events do."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.events.record import Batch, Record
from service.sources.errors import SourceFailed
from service.sources.file_event import Clock, EvenClock, EventMaker, FileColumns, Kind, TimeColumn
from service.sources.row import FileUnreadable, Row, Rows
from service.sources.rows import open_rows, read_columns
from service.sources.source import Positions

__all__ = ["EvenClock", "FileColumns", "FileSource", "FileUnreadable", "TimeColumn", "read_columns"]

NAME_CHARS_MAX = 200
"""The end of a file's name that names its partition, and with the row its events, whose ids have a limit."""


class FileSource:
    """Reads CSV, NDJSON and Parquet files one after the other; each is a partition, each row has its number as offset.

    A partition's name holds the content's hash, so that the same file goes on where the store left it and a changed one
    begins anew. Rows become native events as `EventMaker` says; lines that are events already, and rows that cannot be
    read, pass as they stand. Records have no time of their own, so that no row is late because it is old. Rows of the
    first file before `first_row` are not read (a baseline may have been fitted to them).
    Raises FileUnreadable, here or in `start`, when a file is no table or lacks the time column.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        model: str,
        version: str,
        columns: FileColumns,
        clock: Clock,
        kind: Kind = "prediction",
        first_row: int = 0,
        records_max: int = 2_000,
    ) -> None:
        if isinstance(clock, EvenClock) and not clock.events_per_second > 0:
            raise ValueError(f"events_per_second is {clock.events_per_second}; it must be above 0")
        self._files = [_File(path, open_rows(path)) for path in paths]
        for file in self._files:
            _check_time(file, clock)
        self._maker = EventMaker(model, version, columns, clock, kind)
        self._first_row = first_row
        self._records_max = records_max
        self._positions: Positions | None = None
        self._current = 0
        self._next: int | None = None
        self._rows: Iterator[Row] | None = None

    @property
    def name(self) -> str:
        """The source's name in the store."""
        return "file"

    @property
    def rows_read(self) -> int:
        """Rows behind the reading position, over all files."""
        return sum(file.count or 0 for file in self._files[: self._current]) + (self._next or 0)

    @property
    def rows_total(self) -> int:
        """Rows of all files: exact once they were read, before that estimated from bytes; 0 when nothing is known."""
        read = {self._current: self._next or 0}
        known = [file.count or file.rows.rows_total(read.get(place, 0)) for place, file in enumerate(self._files)]
        bytes_known = sum(file.bytes for file, rows in zip(self._files, known, strict=True) if rows)
        if not bytes_known:
            return 0
        return round(sum(known) * sum(file.bytes for file in self._files) / bytes_known)

    async def start(self, positions: Positions) -> None:
        """Hash the files and begin with the first one."""
        self._positions = positions
        self._current, self._next, self._rows = 0, None, None
        await asyncio.to_thread(self._name_partitions)

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        """Give the next rows of the current file; nothing once all files are read."""
        while self._current < len(self._files):
            file = self._files[self._current]
            begin = self._next if self._next is not None else await self._begin(file)
            try:
                records, at_end = await asyncio.to_thread(self._take, file, begin)
            except (OSError, FileUnreadable) as failure:
                raise SourceFailed(f"{file.path}: {failure}") from failure
            self._next = begin + len(records)
            if at_end:
                self._finish(file)
            if records:
                hi = begin + len(records)
                return [Batch(self.name, file.partition, begin, hi, records, end=file.count)]
        return ()

    async def rewind(self, partition: str) -> None:
        """Go back to this file; the ones after it are read again from the store's positions too."""
        for place, file in enumerate(self._files):
            if file.partition == partition and place <= self._current:
                self._current, self._next, self._rows = place, None, None

    async def committed(self, positions: Mapping[str, int]) -> None:
        """Nothing to do: the files stay as they are."""

    def assigned(self) -> Mapping[str, bool]:
        """All files, and whether each has been read to its end."""
        return {file.partition: place < self._current for place, file in enumerate(self._files) if file.partition}

    def exhausted(self) -> bool:
        """Whether all files have been read."""
        return self._current == len(self._files)

    async def stop(self) -> None:
        """Close the open file; a second call does nothing."""
        self._rows = None

    def _name_partitions(self) -> None:
        for file in self._files:
            with file.path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            file.partition = f"{file.path.name[-NAME_CHARS_MAX:]}:{digest[:12]}"
        names = [file.partition for file in self._files]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise FileUnreadable(f"{twice[0]}: the same file was given twice; its rows would count once only")

    async def _begin(self, file: "_File") -> int:
        if self._positions is None:
            raise RuntimeError("start() comes before poll()")
        wanted = await self._positions(self.name, file.partition)
        if wanted is None:
            wanted = self._first_row if self._current == 0 else 0
        self._next, self._rows = wanted, None
        return wanted

    def _take(self, file: "_File", begin: int) -> tuple[list[Record], bool]:
        before = self._rows_before() if isinstance(self._maker.clock, EvenClock) else 0
        if self._rows is None:
            self._rows = file.rows.read(begin)
        rows = list(islice(self._rows, self._records_max))
        records = []
        for number, row in enumerate(rows, begin):
            value = row if isinstance(row, bytes) else self._event(row, file, number, before + number)
            records.append(Record(number, value))
        return records, len(rows) < self._records_max

    def _event(self, row: Mapping[str, object], file: "_File", number: int, row_of_all: int) -> bytes:
        event = self._maker.event(row, partition=file.partition, number=number, row_of_all=row_of_all)
        return event if event is not None else repr(row).encode(errors="replace")

    def _rows_before(self) -> int:
        """Count the rows of the files before this one, where a resumed run has not read them itself."""
        files = self._files[: self._current]
        for file in files:
            if file.count is None:
                file.count = sum(1 for _ in file.rows.read(0))
        return sum(file.count or 0 for file in files)

    def _finish(self, file: "_File") -> None:
        file.count = self._next
        self._current, self._next, self._rows = self._current + 1, None, None


@dataclass(slots=True)
class _File:
    path: Path
    rows: Rows
    partition: str = ""
    count: int | None = None
    """Its rows, once it was read to its end."""

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


def _check_time(file: _File, clock: Clock) -> None:
    names = file.rows.names
    if names is not None and isinstance(clock, TimeColumn) and clock.name not in names:
        raise FileUnreadable(f"{file.path}: there is no time column {clock.name!r}; the columns are {', '.join(names)}")
