"""CSV rows with typed values: a column is what all of its first values are."""

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from detectors.columns import Scalar
from service.sources.row import FileUnreadable, Row
from service.sources.rows_lines import Lines, stripped

SNIFF_ROWS = 1_000
"""Rows that decide the columns' types, unless they are longer than the next limit."""

SNIFF_CHARS = 8_388_608

Reading: TypeAlias = Callable[[str], Scalar]
"""How the texts of one column become values."""


class CsvRows:
    """A header line, then rows (RFC 4180): quoted commas and line ends, CRLF, a byte order mark.

    A column is numeric if every value among the first rows that is not empty is a number, boolean if each is true or
    false, text otherwise. Empty is missing. A later text in a numeric column stays text, so that it counts as the wrong
    type; a row with too few or too many fields is handed on as it stands, and so is one that is not UTF-8.
    """

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)
        rows = iter(_Fields(self._lines))
        header = next(rows, None)
        if header is None or isinstance(header, bytes):
            raise FileUnreadable(f"{path}: there is no header line; the first line of a .csv names its columns")
        self._names = _named(header, path)
        self._readings = _sniffed(len(header), islice(rows, SNIFF_ROWS))

    @property
    def names(self) -> tuple[str, ...]:
        """The header."""
        return self._names

    def read(self, begin: int) -> Iterator[Row]:
        """Give rows from number `begin` on; earlier ones are parted into fields but not typed."""
        names, readings = self._names, self._readings
        fields = _Fields(self._lines)
        for row in islice(fields, begin + 1, None):
            if isinstance(row, bytes) or len(row) != len(names):
                yield fields.text
                continue
            values = {name: reading(text) for name, reading, text in zip(names, readings, row, strict=True)}
            yield values if fields.clean else fields.text

    def rows_total(self, rows_read: int) -> int:
        """Estimate from the bytes read."""
        return self._lines.rows_total(rows_read)


class _Fields:
    """Rows as lists of fields, or bytes where the csv module gives up; `text` is the current row as it stands."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._taken: list[bytes] = []
        self._clean = True

    @property
    def text(self) -> bytes:
        return stripped(b"".join(self._taken))

    @property
    def clean(self) -> bool:
        """Whether the row is UTF-8."""
        return self._clean

    def __iter__(self) -> Iterator[list[str] | bytes]:
        # Strict, so that a quote that is never closed is a bad row and not a value that swallowed its neighbours.
        reader = csv.reader(self._texts(), strict=True)
        while True:
            self._taken.clear()
            self._clean = True
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield self.text
                continue
            if row:
                yield row

    def _texts(self) -> Iterator[str]:
        for line in self._lines.read():
            self._taken.append(line)
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._clean = False
                yield line.decode(errors="replace")


def _named(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Name columns as the header does; one without a name (the index that pandas writes) is called by its place."""
    names = tuple(name.strip() or f"column {place}" for place, name in enumerate(header, 1))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileUnreadable(f"{path}: the header names {twice[0]!r} more than once; give every column its own name")
    return names


def _sniffed(columns: int, rows: Iterator[list[str] | bytes]) -> list[Reading]:
    seen, chars = [], 0
    for row in rows:
        if not isinstance(row, bytes) and len(row) == columns:
            seen.append(row)
            chars += sum(map(len, row))
        if chars > SNIFF_CHARS:
            break
    return [_reading([text for row in seen if (text := row[place].strip())]) for place in range(columns)]


def _reading(texts: Sequence[str]) -> Reading:
    if not texts:
        return _guessed
    if all(text.lower() in _BOOLEANS for text in texts):
        return _boolean
    if all(_is_number(text) for text in texts):
        return _number
    return _text


_INTEGER_MAX = 2**53
"""Up to here a float holds every integer exactly."""

_BOOLEANS = {"true": True, "false": False}


def _text(text: str) -> Scalar:
    return text or None


def _boolean(text: str) -> Scalar:
    word = text.strip()
    return _BOOLEANS.get(word.lower(), word) if word else None


def _number(text: str) -> Scalar:
    """Read a number; text that is none stays as it is.

    >>> _number("7"), _number(" -7.5 "), _number(""), _number("1_000"), _number("n/a")
    (7, -7.5, None, '1_000', 'n/a')
    """
    try:
        number = float(text)
    except ValueError:
        return text if text.strip() else None
    if "_" in text:
        return text
    whole = number.is_integer() and -_INTEGER_MAX < number < _INTEGER_MAX and text.strip().lstrip("+-").isdigit()
    return int(number) if whole else number


def _guessed(text: str) -> Scalar:
    """Read a value of a column that was empty as far as it decides its type."""
    return _boolean(text) if text.strip().lower() in _BOOLEANS else _number(text)


def _is_number(text: str) -> bool:
    if "_" in text:
        # Python reads 1_000 as a number; no other program that writes CSV means one by it.
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
