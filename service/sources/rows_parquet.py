"""Parquet rows, through pyarrow when it is installed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from service.sources.row import FileUnreadable, Row

if TYPE_CHECKING:
    import pyarrow

BATCH_ROWS = 1_024


class ParquetRows:
    """Columns keep the file's own types; times become text, or a number where the column is the event's time."""

    def __init__(self, path: Path, load: Callable[[str], ModuleType]) -> None:
        self._path = path
        try:
            self._arrow = load("pyarrow")
            self._parquet = load("pyarrow.parquet")
        except ImportError:
            raise FileUnreadable(
                f"{path}: reading Parquet needs pyarrow; install it with: pip install 'driftwarden[parquet]'"
            ) from None
        try:
            with self._parquet.ParquetFile(path) as file:
                self._group_rows = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
                self._names = tuple(file.schema_arrow.names)
        except (self._arrow.ArrowException, OSError) as fault:
            raise FileUnreadable(f"{path}: not a Parquet file that can be read: {fault}") from fault

    @property
    def names(self) -> tuple[str, ...]:
        """The schema's columns."""
        return self._names

    def read(self, begin: int) -> Iterator[Row]:
        """Give rows from number `begin` on; row groups wholly before it are not read."""
        skip, first = begin, 0
        while first < len(self._group_rows) and skip >= self._group_rows[first]:
            skip -= self._group_rows[first]
            first += 1
        groups = list(range(first, len(self._group_rows)))
        try:
            with self._parquet.ParquetFile(self._path) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=groups):
                    rows = self._plain(batch.slice(skip)).to_pylist() if skip < batch.num_rows else []
                    skip = max(0, skip - batch.num_rows)
                    for row in rows:
                        yield {name: _value(value) for name, value in row.items()}
        except self._arrow.ArrowException as fault:
            raise FileUnreadable(f"{self._path}: damaged: {fault}") from fault

    def rows_total(self, rows_read: int) -> int:
        """Give the exact number, which the file's footer holds."""
        return sum(self._group_rows)

    def _plain(self, batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
        """Make times UTC milliseconds: Python has no nanoseconds, and zone names may be unknown on this machine."""
        arrow = self._arrow
        columns = [
            column.cast(arrow.timestamp("ms"), safe=False) if arrow.types.is_timestamp(column.type) else column
            for column in batch.columns
        ]
        return arrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _value(value: object) -> object:
    """Make a value one that JSON can hold."""
    match value:
        case Decimal():
            return float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.decode(errors="replace")
        case _:
            return value
