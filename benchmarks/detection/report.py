"""`python -m benchmarks detection`: run sections or read earlier results, and print, keep or draw them."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.detection.results import Result, as_json, joined, measured
from benchmarks.detection.section import Scale, Value
from benchmarks.detection.sections import ON_SETS, SECTIONS
from service.cli.screen import screen

WIDE = 180

COLUMNS_MAX, WORDS_MAX = 9, 20
"""A table of more columns has room for texts of so many letters."""


@dataclass(frozen=True, slots=True)
class Request:
    """The command's options; with `earlier` results nothing is run."""

    names: Sequence[str]
    scale: Scale
    sets: Path | None = None
    earlier: Sequence[Path] = ()
    pictures: Path | None = None
    out: Path | None = None
    json: bool = False


def run(request: Request) -> None:
    """Get the results and give them out; raises ValueError for an option that cannot be used."""
    unknown = [name for name in request.names if name not in SECTIONS]
    if unknown:
        raise ValueError(f"--section: there is no {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    names = list(dict.fromkeys(request.names)) or list(SECTIONS)
    if request.earlier:
        found = joined(request.earlier, list(SECTIONS))
        results = [result for result in found if result.name in names or not request.names]
    else:
        results = played(names, request.scale, request.sets)
    if request.out:
        request.out.write_bytes(as_json(results) + b"\n")
    if request.pictures:
        from benchmarks.detection.plots import draw

        for file in draw(results, request.pictures):
            print(f"drawn: {file}", file=sys.stderr)
    if request.json:
        print(as_json(results).decode())
    else:
        # A file or a pipe has no width of its own: the widest table is given the room it needs.
        show(results, Console(width=None if sys.stdout.isatty() else WIDE))


def played(names: Sequence[str], scale: Scale, sets: Path | None) -> list[Result]:
    """Run sections one after another, with a bar on standard error; without sets, say which sections are skipped."""
    skipped = [name for name in names if name in ON_SETS and sets is None]
    if skipped:
        print(f"skipped: {', '.join(skipped)} (give the folder of public sets with --data)", file=sys.stderr)
    chosen = [name for name in names if name not in skipped]
    console = screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    results = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting", total=len(chosen))
        for name in chosen:
            progress.update(task, description=name)
            began = time.monotonic()
            section = SECTIONS[name](scale, lambda words: progress.update(task, description=words), sets or Path())
            results.append(measured(section, scale, time.monotonic() - began))
            progress.advance(task)
    return results


def show(results: Sequence[Result], console: Console) -> None:
    """Print each section's table, note and goals, and how many goals are met in all."""
    for result in results:
        seconds = result.run.get("seconds")
        console.rule(
            f"[bold]{result.name}[/bold]" + (f"  {seconds:,.0f} s" if isinstance(seconds, int | float) else "")
        )
        console.print(_table(result))
        for line in _remarks(result):
            console.print(escape(line), highlight=False)
        if result.note:
            console.print(escape(result.note), highlight=False)
        for goal in result.goals:
            mark = "[green]met    [/green]" if goal.met else "[bold red]NOT MET[/bold red]"
            console.print(f"{mark} {escape(goal.asked)}: {escape(goal.measured)}", highlight=False)
        console.print()
    goals = [goal for result in results for goal in result.goals]
    part = any(result.run.get("share", 1) != 1 for result in results)
    words = " (not at full scale, which alone decides)" if part else ""
    console.print(f"{sum(goal.met for goal in goals)} of {len(goals)} goals met{words}", highlight=False)


def _table(result: Result) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    wordy = _wordy(result)
    columns = [column for column in (result.rows[0] if result.rows else ()) if column not in wordy]
    for place, column in enumerate(columns):
        words = any(isinstance(row.get(column), str | bool) for row in result.rows)
        table.add_column(escape(column), justify="left" if words else "right", overflow="fold", no_wrap=not place)
    for row in result.rows:
        table.add_row(*(escape(_cell(row.get(column))) for column in columns))
    return table


def _wordy(result: Result) -> list[str]:
    """Name the columns of sentences, which would leave the figures of a wide table no room."""
    columns = list(result.rows[0]) if result.rows else []
    later = columns[1:] if len(columns) > COLUMNS_MAX else []
    return [c for c in later if any(len(v) > WORDS_MAX for row in result.rows if isinstance(v := row.get(c), str))]


def _remarks(result: Result) -> list[str]:
    """Give the sentences that the table leaves out, by row."""
    wordy, lines = _wordy(result), []
    for row in result.rows:
        words = [f"{column}: {row[column]}" for column in wordy if row.get(column)]
        if words:
            lines.append(f"  {next(iter(row.values()))}: {'; '.join(words)}")
    return lines


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:,}"
