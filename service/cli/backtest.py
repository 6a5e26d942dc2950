"""`driftwarden backtest`: history through the very same pipeline, delivering nothing."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alerting.decide import Decisions
from alerting.finding import Finding
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from detectors.baseline import Baseline
from service.build import Line, line
from service.cli.settings import ownership_of, settings_of
from service.reference import ReferenceColumns, fit_reference
from service.settings import Settings
from service.sources.file import EvenClock, FileColumns, FileSource, TimeColumn, read_columns
from service.store.changes import ModelKey
from service.store.engine import open_store
from service.store.learning import put_baseline

START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC: where rows without a time column begin."""

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


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of the files are not features."""

    time: str = ""
    prediction: str = "prediction"
    label: str = "label"
    segment: str = "segment"


@dataclass(slots=True)
class Report:
    """Collects what the pipeline says, as JSON objects, and prints each at once when asked to."""

    as_json: bool
    findings: int = 0
    incidents: int = 0
    ticks: int = 0
    notices: dict[str, int] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def found(self, findings: Sequence[tuple[Finding, str]]) -> None:
        """Take what began to drift."""
        for finding, tier in findings:
            self.findings += 1
            self.say(
                type="finding", time=finding.at.isoformat(), row=finding.row, model=finding.stream.model,
                subject=finding.subject, segment=finding.stream.segment, tier=tier, detector=finding.detector,
                window=finding.window, value=finding.value, low=finding.low, high=finding.high, n=finding.n,
                p_value=finding.p_value, reason=finding.reason,
            )  # fmt: skip

    def decided(self, decisions: Decisions) -> None:
        """Take what alerting made of it."""
        for change in decisions.changes:
            self.incidents += change.type == "opened"
            self.say(
                type="incident", change=change.type, time=change.at.isoformat(), row=change.row,
                model=change.incident.stream.model, subject=change.subject, tier=str(change.tier),
                detector=change.detector, reason=change.reason, incident=change.incident.id,
            )  # fmt: skip
        for notice in decisions.notices:
            tier = str(notice.tier)
            self.notices[tier] = self.notices.get(tier, 0) + 1
            self.say(
                type="notice", intent=notice.intent, time=notice.at.isoformat(), row=notice.row, model=notice.model,
                subject=notice.subject, tier=tier, detector=notice.detector, party=notice.party, reason=notice.title,
                incident=notice.incident,
            )  # fmt: skip

    def say(self, **fields: Any) -> None:
        """Print one line."""
        if self.as_json:
            print(msgspec.json.encode(fields).decode(), flush=True)
        else:
            self.lines.append(fields)


def run(
    files: Sequence[Path],
    *,
    model: str,
    version: str,
    baseline: Path | None,
    baseline_rows: int,
    events_per_second: float,
    columns: Columns,
    config: Path | None,
    as_json: bool,
) -> int:
    """Run the history and print findings, incident changes, notices and a summary; 0 when it ran to the end."""
    began = time.monotonic()
    settings = settings_of(config)
    mistake = _mistake(files, baseline, baseline_rows, events_per_second, columns)
    if mistake:
        print(f"driftwarden backtest: {mistake}", file=sys.stderr)
        return 2
    frozen = _baseline(files[0], baseline, baseline_rows, columns, settings)
    report = Report(as_json)
    with tempfile.TemporaryDirectory(prefix="driftwarden-backtest-") as folder:
        store = open_store(f"sqlite:///{folder}/store.db", tick_seconds=settings.time.tick_seconds, durable=False)
        with store.write() as connection:
            put_baseline(connection, ModelKey("prediction", model, version), frozen, "backtest", START_MS)
        ownership = _ownership(settings, config)
        parts = line(
            settings, store, lambda: ownership, wall_ms=lambda: round(time.time() * 1000), monotonic=time.monotonic,
            told_at=lambda at: at, on_findings=report.found, on_decisions=report.decided,
        )  # fmt: skip
        source = FileSource(
            files, model=model, version=version,
            columns=FileColumns(columns.time or None, columns.prediction, columns.label, columns.segment),
            clock=TimeColumn(columns.time) if columns.time else EvenClock(events_per_second, START_MS),
            first_row=baseline_rows if baseline is None else 0,
        )  # fmt: skip
        asyncio.run(_read(parts, source))
        store.close()
    _summarise(report, parts, source, frozen, time.monotonic() - began)
    return 0


async def _read(parts: Line, source: FileSource) -> None:
    watch = parts.watch(lambda: source, live=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rows", total=source.rows_total or None)

        async def show() -> None:
            while True:
                progress.update(task, completed=parts.progress.records, total=source.rows_total or None)
                await asyncio.sleep(0.2)

        showing = asyncio.create_task(show())
        await watch.run(asyncio.Event())
        showing.cancel()


def _mistake(
    files: Sequence[Path], baseline: Path | None, baseline_rows: int, events_per_second: float, columns: Columns
) -> str:
    for file in files:
        if not file.exists():
            return f"FILE: {file} does not exist"
    if (baseline is None) == (baseline_rows == 0):
        return "give either --baseline FILE or --baseline-rows N (at least 100)"
    if baseline is None and baseline_rows < 100:
        return f"--baseline-rows: {baseline_rows} rows cannot be a reference; give at least 100"
    if bool(columns.time) == (events_per_second > 0):
        return "give either --time COLUMN or --events-per-second R"
    return ""


def _baseline(file: Path, baseline: Path | None, baseline_rows: int, columns: Columns, settings: Settings) -> Baseline:
    if baseline is not None:
        return Baseline.from_json(baseline.read_text(encoding="utf-8"))
    ignore = frozenset({columns.time} if columns.time else ())
    roles = ReferenceColumns(columns.prediction, columns.label, columns.segment, ignore=ignore)
    return fit_reference(read_columns(file, rows_max=baseline_rows), roles, settings.baseline)


def _ownership(settings: Settings, config: Path | None) -> Ownership:
    if config is not None and settings.alerting.owners.exists():
        return ownership_of(settings.alerting.owners)
    return parse_ownership(OWNERS, "backtest")


def _summarise(report: Report, parts: Line, source: FileSource, frozen: Baseline, seconds: float) -> None:
    summary = {
        "type": "summary", "rows": parts.progress.records, "ticks": parts.progress.ticks,
        "monitors": len(frozen.subjects) * len(frozen.reference), "findings": report.findings,
        "incidents": report.incidents, "notices": report.notices, "seconds": round(seconds, 3),
    }  # fmt: skip
    if report.as_json:
        report.say(**summary)
        return
    for said in report.lines:
        print(f"{said['time'][:16]}  row {said['row']:>8}  {said['tier']:<11} {said['type']:<8} {said['reason']}")
    print(
        f"{summary['rows']:,} rows, {summary['ticks']:,} ticks, {summary['monitors']} monitors: "
        f"{report.findings} findings, {report.incidents} incidents, {sum(report.notices.values())} notices "
        f"in {seconds:.1f} s"
    )
