"""`driftwarden backtest`: history through the very same pipeline, delivering nothing."""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from detectors.baseline import Baseline
from detectors.monitors import Monitors
from detectors.sight import blind_subjects
from service.build import Line, line
from service.cli.backtest_report import Report
from service.cli.backtest_request import START_MS, Request, check, reference_of
from service.cli.mistakes import Mistake
from service.cli.screen import screen
from service.cli.settings import ownership_of, settings_of
from service.settings import Settings
from service.sources.file import EvenClock, FileColumns, FileSource, TimeColumn
from service.store.changes import ModelKey
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.queries import dead_letters
from service.store.verify import verify_ledger

OWNERS = """\
version: 1
parties:
  owner: {contacts: [{log: backtest}]}
fallback:
  {owner: owner, technical_lead: owner, data_steward: owner, responder: owner, compliance: owner, executive: owner}
rules:
  - {id: everything, match: {model: "*"}, assign: {owner: owner}}
"""
"""The table of a backtest whose settings name none: everything belongs to one party."""


def run(request: Request, *, config: Path | None, as_json: bool) -> int:
    """Run the history and print findings, incident changes, notices and a summary; 0 when it ran to the end."""
    began = time.monotonic()
    settings = settings_of(config)
    check(request)
    frozen = reference_of(request, settings)
    blind = blind_subjects(Monitors.of(frozen, settings.time.tick_seconds)) if frozen.subjects else {}
    for subject, why in blind.items():
        print(f"driftwarden backtest: {subject} cannot be watched: {why}", file=sys.stderr)
    report = Report(as_json)
    with tempfile.TemporaryDirectory(prefix="driftwarden-backtest-") as folder:
        store = open_store(f"sqlite:///{folder}/store.db", tick_seconds=settings.time.tick_seconds, durable=False)
        with contextlib.closing(store):
            parts = _line(settings, store, request, frozen, _ownership(settings, config), report)
            asyncio.run(_read(parts, _source(request)))
            rejected = _rejected(store)
            report.summarise(
                rows=parts.progress.records, ticks=parts.progress.ticks,
                monitors=len(frozen.subjects) * len(frozen.reference), rejected=rejected, blind=blind,
                seconds=time.monotonic() - began,
            )  # fmt: skip
            _check_rows(request, store, parts.progress.records, rejected)
    return 0


def _line(
    settings: Settings, store: Store, request: Request, frozen: Baseline, ownership: Ownership, report: Report
) -> Line:
    with store.write() as connection:
        put_baseline(connection, ModelKey("prediction", request.model, request.version), frozen, "backtest", START_MS)
    return line(
        settings, store, lambda: ownership, wall_ms=lambda: round(time.time() * 1000), monotonic=time.monotonic,
        told_at=lambda at: at, on_findings=report.found, on_decisions=report.decided,
    )  # fmt: skip


def _source(request: Request) -> FileSource:
    columns = request.columns
    rate = request.events_per_second
    return FileSource(
        request.files,
        model=request.model,
        version=request.version,
        columns=FileColumns(columns.time or None, columns.prediction, columns.label, columns.segment),
        clock=TimeColumn(columns.time) if rate is None else EvenClock(rate, START_MS),
        first_row=request.baseline_rows or 0,
    )


async def _read(parts: Line, source: FileSource) -> None:
    watch = parts.watch(lambda: source, live=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # The lines go to standard output. Where a person looks at it, the bar is drawn there too, below the lines;
    # elsewhere the bar must not touch it.
    looked_at = sys.stdout.isatty()
    console = screen(stderr=not looked_at)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal,
        redirect_stdout=looked_at, redirect_stderr=looked_at,
    ) as progress:  # fmt: skip
        task = progress.add_task("rows", total=source.rows_total or None)

        async def show() -> None:
            while True:
                progress.update(task, completed=parts.progress.records, total=source.rows_total or None)
                await asyncio.sleep(0.2)

        showing = asyncio.create_task(show())
        await watch.run(asyncio.Event())
        showing.cancel()


def _ownership(settings: Settings, config: Path | None) -> Ownership:
    if config is not None and settings.alerting.owners.exists():
        return ownership_of(settings.alerting.owners)
    return parse_ownership(OWNERS, "backtest")


def _rejected(store: Store) -> dict[str, int]:
    """Count the rows that did not become events the detectors saw, by what became of them."""
    verdicts = verify_ledger(store)
    totals = {name: sum(v.outcomes[name] for v in verdicts) for name in ("dead", "late", "duplicate")}
    return {name: count for name, count in totals.items() if count}


def _check_rows(request: Request, store: Store, rows: int, rejected: dict[str, int]) -> None:
    """Say which rows could not be used; raise Mistake when none could."""
    if rows == 0:
        after = f" after the first {request.baseline_rows}" if request.baseline_rows else ""
        raise Mistake(f"FILE: {request.files[-1]} has no rows left to play{after}; give more history")
    if not rejected:
        return
    told = ", ".join(f"{count:,} {name}" for name, count in rejected.items())
    words = f"{sum(rejected.values()):,} of {rows:,} rows were not used ({told})"
    for letter in dead_letters(store, limit=1):
        words += f"; for example row {letter['offset']}: {letter['reason']}: {letter['detail']}"
    if "late" in rejected:
        words += "; late rows are older than rows before them: sort the file by time"
    if sum(rejected.values()) >= rows:
        raise Mistake(words)
    print(f"driftwarden backtest: {words}", file=sys.stderr)
