"""`driftwarden baseline fit`."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from detectors.baseline import Baseline
from service.cli.settings import settings_of
from service.reference import ReferenceColumns, fit_reference
from service.sources.file import read_columns
from service.store.changes import ModelKey
from service.store.engine import open_store
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
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"fitting {file.name}", total=2)
        columns = read_columns(file)
        progress.advance(task)
        baseline = fit_reference(columns, roles, settings.baseline)
        progress.advance(task)
    describe(baseline, console)
    if out is not None:
        out.write_text(baseline.to_json() + "\n", encoding="utf-8")
        console.print(f"baseline {baseline.id} written to {out}", markup=False)
        return 0
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds)
    with store.write() as connection:
        key = ModelKey(whose.kind, whose.model, whose.version)
        put_baseline(connection, key, baseline, f"fitted to {file.name}", round(time.time() * 1000))
    console.print(f"baseline {baseline.id} is now in force for {whose.model} {whose.version}", markup=False)
    return 0


def describe(baseline: Baseline, console: Console) -> None:
    """Print every subject, what kind it is and what cannot be watched about it."""
    table = Table("subject", "kind", "bins", "note")
    for subject in baseline.subjects:
        table.add_row(subject.name, subject.kind, str(subject.value_cells), subject.note)
    console.print(table)
