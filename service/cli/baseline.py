"""`driftwarden baseline fit`."""

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
from service.cli.mistakes import Mistake, check_out
from service.cli.screen import screen
from service.cli.settings import settings_of, store_of
from service.reference import ReferenceColumns, fit_reference, subject_of
from service.settings import BaselineSettings
from service.sources.file import read_columns
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
        baseline = _fit(file, columns, roles, settings.baseline)
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
    table = Table("subject", "kind", "bins", "note")
    for subject in baseline.subjects:
        note = subject.note
        if subject.name in counting:
            note = f"rises with every row, like a time or a row number, and will drift; --ignore {subject.name}?"
        table.add_row(subject.name, subject.kind, str(subject.value_cells), note)
    console.print(table)


def _fit(
    file: Path, columns: Mapping[str, list[Scalar]], roles: ReferenceColumns, settings: BaselineSettings
) -> Baseline:
    usual = ReferenceColumns()
    asked = [("--ignore", name) for name in sorted(roles.ignore)]
    asked += [("--categorical", name) for name in sorted(roles.categorical)]
    for field in ("prediction", "label", "segment"):
        if getattr(roles, field) != getattr(usual, field):
            asked.append((f"--{field}", getattr(roles, field)))
    for option, name in asked:
        if name not in columns:
            raise Mistake(f"{option}: {file} has no column {name!r}; the columns are {', '.join(list(columns)[:20])}")
    try:
        return fit_reference(columns, roles, settings)
    except ValueError as error:
        raise Mistake(f"{file}: {error}") from error


def _counts_up(values: Sequence[Scalar]) -> bool:
    """Whether each value is above the one before: no quantity does that for as long as a reference lasts."""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == len(values) >= 100 and all(a < b for a, b in pairwise(numbers))
