"""Lines of a text file, however long some of them are."""

from collections.abc import Iterator
from pathlib import Path

LINE_BYTES_MAX = 1_048_576
"""What is kept of one line; no event may be that long, so a cut line is a rejected row and never a wrong one."""

_BOM = b"\xef\xbb\xbf"


class Lines:
    """Reads a file line by line; `position` and `size` (bytes) say how far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.position = 0

    def read(self) -> Iterator[bytes]:
        """Give the lines with their ends, without a byte order mark; an overlong one is cut."""
        with self.path.open("rb") as file:
            if file.read(len(_BOM)) != _BOM:
                file.seek(0)
            self.position = file.tell()
            while line := file.readline(LINE_BYTES_MAX):
                self.position += len(line)
                rest = line
                while len(rest) == LINE_BYTES_MAX and not rest.endswith(b"\n"):
                    rest = file.readline(LINE_BYTES_MAX)
                    self.position += len(rest)
                yield line

    def rows_total(self, rows_read: int) -> int:
        """Estimate the rows of the whole file from the bytes that the rows so far have taken."""
        if rows_read == 0 or self.position == 0:
            return 0
        return max(rows_read, round(rows_read * self.size / self.position))


def stripped(line: bytes) -> bytes:
    r"""Take the line's end off.

    >>> stripped(b'{"a": 1}\r\n')
    b'{"a": 1}'
    """
    return line.rstrip(b"\r\n")
