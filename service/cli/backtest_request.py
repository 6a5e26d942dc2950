"""What a backtest was asked for, and everything that can be wrong with it before the first row is played."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detectors.baseline import Baseline
from service.cli.mistakes import Mistake
from service.reference import ReferenceColumns, fit_reference
from service.settings import Settings
from service.sources.file import FileUnreadable, read_columns
from service.sources.rows import open_rows

START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC: where rows without a time column begin."""

ROWS_MIN = 100
"""Rows below which a reference says nothing."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of the files are not features."""

    time: str = ""
    prediction: str = "prediction"
    label: str = "label"
    segment: str = "segment"


@dataclass(frozen=True, slots=True)
class Request:
    """The command's arguments and options."""

    files: tuple[Path, ...]
    model: str
    version: str
    baseline: Path | None
    baseline_rows: int | None
    events_per_second: float | None
    columns: Columns


def check(request: Request) -> None:
    """Raise Mistake for what contradicts itself or cannot be."""
    for name, value in (("--model", request.model), ("--version", request.version)):
        if not value.strip():
            raise Mistake(f"{name}: the name is empty; give the one that events carry")
    rows, rate = request.baseline_rows, request.events_per_second
    if (request.baseline is None) == (rows is None):
        given = "neither" if rows is None else "both"
        raise Mistake(f"--baseline, --baseline-rows: {given} given; give either a FILE or the number of first rows")
    if rows is not None and rows < ROWS_MIN:
        raise Mistake(f"--baseline-rows: {rows} rows cannot be a reference; give at least {ROWS_MIN}")
    if bool(request.columns.time) == (rate is not None):
        given = "neither" if rate is None else "both"
        raise Mistake(f"--time, --events-per-second: {given} given; give either the time's COLUMN or a rate")
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise Mistake(f"--events-per-second: {rate} is not a rate; give a number above 0")
    for file in request.files:
        if not file.exists():
            raise Mistake(f"FILE: {file} does not exist; check the path")
        _check_columns(file, request.columns)


def reference_of(request: Request, settings: Settings) -> Baseline:
    """Read the baseline, or fit it to the first rows of the first file."""
    columns = request.columns
    if request.baseline is not None:
        frozen = baseline_in(request.baseline, settings.time.tick_seconds)
        if columns.time in {subject.name for subject in frozen.subjects}:
            raise Mistake(
                f"--time: {columns.time} is a feature of the baseline {request.baseline}, but the events' time here; "
                f"fit the baseline again with --ignore {columns.time}"
            )
        return frozen
    rows = request.baseline_rows or 0
    read = read_columns(request.files[0], rows_max=rows)
    found = max(map(len, read.values()), default=0)
    if found < rows:
        raise Mistake(f"--baseline-rows: {rows}, but {request.files[0]} has {found} rows that can be read; give fewer")
    roles = ReferenceColumns(columns.prediction, columns.label, columns.segment, columns.time)
    rate = request.events_per_second
    even = None if rate is None else [START_MS + math.floor(row * 1000 / rate) for row in range(rows)]
    try:
        return fit_reference(read, roles, settings.baseline, tick_seconds=settings.time.tick_seconds, times_ms=even)
    except ValueError as error:
        raise Mistake(f"{request.files[0]}: {error}") from error


def baseline_in(file: Path, tick_seconds: int) -> Baseline:
    """Read a baseline that `driftwarden baseline fit --out` wrote; raises Mistake or BaselineError when it is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise Mistake(
            f"--baseline: {file} cannot be read ({(why or 'unusable').lower()}); "
            "make one with `driftwarden baseline fit FILE --out`"
        ) from error
    return Baseline.from_json(text, tick_seconds)


def _check_columns(file: Path, columns: Columns) -> None:
    names = open_rows(file).names
    if names is None:
        return
    for option, name in _asked(columns):
        if name not in names:
            raise FileUnreadable(f"{option}: {file} has no column {name!r}; the columns are {', '.join(names)}")


def _asked(columns: Columns) -> Iterator[tuple[str, str]]:
    """Columns that somebody named: a default name need not be there."""
    usual = Columns()
    for field in ("time", "prediction", "label", "segment"):
        name = getattr(columns, field)
        if name != getattr(usual, field):
            yield f"--{field}", name
