"""`driftwarden baseline fit`."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from detectors.baseline import Baseline
from detectors.columns import Scalar
from detectors.history import RATE_DAYS_MIN, History
from detectors.monitors import Monitors
from detectors.sight import blind_subjects
from service.cli.mistakes import Mistake, check_out
from service.cli.screen import screen
from service.cli.settings import settings_of, store_of
from service.reference import ReferenceColumns, fit_reference, subject_of
from service.settings import Settings
from service.sources.file import read_columns
from service.sources.file_time import time_ms
from service.store.changes import ModelKey
from service.store.learning import put_baseline


@dataclass(frozen=True, slots=True)
class Whose:
    """Which model version a baseline is for."""

    kind: Literal["prediction", "feature"]
    model: str
    version: str


def run(file: Path, whose: Whose, roles: ReferenceColumns, *, out: Path | None, config: Path | None) -> int:
    """Fit, say what can and cannot be watched, and keep the baseline in a file or in the store."""
    settings = settings_of(config)
    check_out(out)
    for name, value in (("--model", whose.model), ("--version", whose.version)):
        if not value.strip():
            raise Mistake(f"{name}: the name is empty; give the one that events carry")
    if out is None:
        # A store that cannot be used is told before the long work, not after it.
        with store_of(settings):
            pass
    console = screen(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"fitting {file.name}", total=2)
        columns = read_columns(file)
        progress.advance(task)
        baseline = fitted(file, columns, roles, settings)
        progress.advance(task)
    describe(baseline, columns, console)
    if out is not None:
        out.write_text(baseline.to_json() + "\n", encoding="utf-8")
        console.print(f"baseline {baseline.id} written to {out}", markup=False, highlight=False, soft_wrap=True)
        return 0
    with store_of(settings) as store, store.write() as connection:
        key = ModelKey(whose.kind, whose.model, whose.version)
        put_baseline(connection, key, baseline, f"fitted to {file.name}", round(time.time() * 1000))
    told = f"baseline {baseline.id} is now in force for {whose.model} {whose.version}"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    return 0


def describe(baseline: Baseline, columns: Mapping[str, Sequence[Scalar]], console: Console) -> None:
    """Print every subject, what kind it is and what cannot be watched about it."""
    counting = {subject_of(name) for name, values in columns.items() if _counts_up(values)}
    monitors = Monitors.of(baseline, 1) if baseline.subjects else None
    blind = blind_subjects(monitors) if monitors is not None else {}
    shiftless = {
        subject.name
        for place, subject in enumerate(baseline.subjects)
        if monitors is not None
        if subject.kind == "numeric" and max(subject.coarse) > 0 and math.isinf(monitors.reach(place))
    }
    table = Table("subject", "kind", "bins", "note")
    for subject in baseline.subjects:
        note = subject.note
        if subject.name in counting:
            note = f"rises with every row, like a time or a row number; --ignore {subject.name}?"
        elif subject.name in shiftless and subject.name not in blind:
            note = "its values wander so much that only single bins are watched, no shift; a daily season takes 14 days"
        elif subject.name in blind:
            note = "; ".join(part for part in (note, blind[subject.name]) if part)
        table.add_row(subject.name, subject.kind, str(subject.value_cells), note)
    console.print(table)
    console.print(_order(baseline.history.get("")), markup=False, highlight=False, soft_wrap=True)


def _order(history: History | None) -> str:
    """Say what the order of the rows in time has told."""
    if history is None:
        return "The rows have no times (--time COLUMN), so no rate of false alarms can be stated for this baseline."
    largest = float(history.effects.max())
    seasons = {0: "no season", 24: "a daily season", 168: "a weekly season"}[len(history.slots)]
    words = f"The rows span {history.days:.1f} days; the largest design effect is {largest:.3g}, with {seasons}"
    if len(history.slots):
        words += f" in {int(history.seasonal.sum())} of {len(history.seasonal)} subjects"
    if not history.states_rate:
        words += f". {RATE_DAYS_MIN} days are needed before a rate of false alarms can be stated"
    return words + "."


def fitted(file: Path, columns: Mapping[str, list[Scalar]], roles: ReferenceColumns, settings: Settings) -> Baseline:
    """Fit a baseline to the columns of a file; raises Mistake where the file is not as the options say."""
    check_columns(file, columns, roles)
    try:
        return fit_reference(columns, roles, settings.baseline, tick_seconds=settings.time.tick_seconds)
    except ValueError as error:
        raise Mistake(f"{file}: {error}") from error


def check_columns(file: Path, columns: Mapping[str, list[Scalar]], roles: ReferenceColumns) -> None:
    """Raise Mistake for a column that was asked for and is not there, and for a time that is none."""
    usual = ReferenceColumns()
    asked = [("--ignore", name) for name in sorted(roles.ignore)]
    asked += [("--categorical", name) for name in sorted(roles.categorical)]
    for field in ("prediction", "label", "segment", "time"):
        if getattr(roles, field) != getattr(usual, field):
            asked.append((f"--{field}", getattr(roles, field)))
    for option, name in asked:
        if name not in columns:
            raise Mistake(f"{option}: {file} has no column {name!r}; the columns are {', '.join(list(columns)[:20])}")
    if roles.time:
        _check_times(file, roles.time, columns[roles.time])


def _check_times(file: Path, name: str, values: Sequence[Scalar]) -> None:
    for row, value in enumerate(values):
        if time_ms(value) is None:
            raise Mistake(
                f"--time: row {row} of {file} has {value!r} in {name}, which is no time; write RFC 3339 or seconds "
                "since 1970, or leave --time out"
            )


def _counts_up(values: Sequence[Scalar]) -> bool:
    """Whether each value is above the one before: no quantity does that for as long as a reference lasts."""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == len(values) >= 100 and all(a < b for a, b in pairwise(numbers))
