"""What a row of a history file is, and what every format gives."""

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeAlias

Row: TypeAlias = Mapping[str, object] | bytes
"""Values by column name; bytes are handed on as they stand: an event already, or a row that cannot be read."""


class FileUnreadable(Exception):
    """The file as a whole cannot be read as rows; the message names it and the way out."""


class Rows(Protocol):
    """One file. A row keeps its number for ever: blank lines have none, unreadable rows do."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """The columns' names; None where every row has its own."""
        ...

    def read(self, begin: int) -> Iterator[Row]:
        """Give the rows from number `begin` on, in bounded memory; what comes before is skipped, not typed."""
        ...

    def rows_total(self, rows_read: int) -> int:
        """Estimate the file's rows, given how many were read so far; 0 when nothing is known yet."""
        ...
