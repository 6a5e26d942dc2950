"""`driftwarden budget resample`: how many false alarms the reference's own wandering sets off, beside the guarantee."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from detectors.baseline import Baseline
from detectors.gate import thresholds
from detectors.history import RATE_DAYS_MIN
from detectors.monitors import Monitors
from detectors.resample import Alarm, Block, Owned, alarms_by_day, draw_blocks
from detectors.seasons import WEEK
from detectors.tick_counts import TickCounts, count_ticks
from service.cli.backtest import OWNERS
from service.cli.backtest_request import baseline_in
from service.cli.baseline import check_columns, fitted
from service.cli.budget_report import Resampled, Tally, as_text, print_json
from service.cli.budget_rows import refusal
from service.cli.mistakes import Mistake
from service.cli.screen import screen
from service.cli.settings import ownership_of, settings_of
from service.gating import Budget, Gating
from service.lineage import lineage
from service.reference import ReferenceColumns, segments_of, subjects_of
from service.sequential import SequenceState
from service.settings import Settings
from service.sources.file import read_columns
from service.sources.file_time import time_ms
from service.store.changes import ModelKey
from service.windows import DAYS_30_SECONDS, STEP

WEEK_DAYS_MIN = 14
"""Days of rows from which every time of the week has a day to draw."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The command's arguments and options."""

    file: Path
    key: ModelKey
    roles: ReferenceColumns
    baseline: Path | None
    days: int
    seed: int


def run(drawn: Drawn, *, config: Path | None, as_json: bool) -> int:
    """Draw, play, count and print; raises Mistake when the reference is too short for any rate."""
    began = time.monotonic()
    settings = settings_of(config)
    for name, value in (("--model", drawn.key.model), ("--version", drawn.key.version)):
        if not value.strip():
            raise Mistake(f"{name}: the name is empty; give the one that events carry")
    if not drawn.roles.time:
        raise Mistake("--time: the name is empty; give the column of the rows' times")
    ownership = _ownership(settings)
    console = screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(f"reading {drawn.file.name}", total=None)
        frozen, counted = _reference(drawn, settings)
        monitors = Monitors.of(frozen, settings.time.tick_seconds)
        blocks = _blocks(drawn, counted, monitors, settings)
        budgets, owners = _owners(drawn.key, monitors, ownership, settings)
        progress.update(task, description="days", total=drawn.days)
        alarms: list[Alarm] = []
        for found in alarms_by_day(monitors, owners, blocks, counted.at, every=STEP):
            alarms += found
            progress.advance(task)
    result = _resampled(drawn, settings, monitors, counted, budgets, alarms)
    if as_json:
        print_json(result, time.monotonic() - began)
        return 0
    _print(screen(), as_text(result))
    return 0


def _reference(drawn: Drawn, settings: Settings) -> tuple[Baseline, TickCounts]:
    """Read the file, fit or read its baseline, and count its ticks."""
    columns = read_columns(drawn.file)
    roles, tick_ms = drawn.roles, settings.time.tick_seconds * 1000
    if drawn.baseline is None:
        frozen = fitted(drawn.file, columns, roles, settings)
    else:
        check_columns(drawn.file, columns, roles)
        frozen = baseline_in(drawn.baseline, settings.time.tick_seconds)
    if why := refusal(frozen):
        raise Mistake(
            f"{drawn.baseline or drawn.file}: no rate is given, guaranteed or resampled, since {why}; "
            f"give rows of at least {RATE_DAYS_MIN} days"
        )
    rows = subjects_of(columns, roles)
    for subject in frozen.subjects:
        if subject.name not in rows:
            raise Mistake(
                f"--baseline: {drawn.baseline} watches {subject.name!r}, which {drawn.file} does not give here; give "
                "the rows it was fitted to, with the same options, or leave --baseline out"
            )
    ticks = np.array([(time_ms(value) or 0) // tick_ms for value in columns[roles.time]], np.int64)
    try:
        counted = count_ticks(frozen, rows, ticks, segments_of(columns, roles))
    except ValueError as error:
        raise Mistake(f"{drawn.file}: {error}") from error
    return frozen, counted


def _blocks(drawn: Drawn, counted: TickCounts, monitors: Monitors, settings: Settings) -> list[Block]:
    weekly = monitors.slots == WEEK
    least = WEEK_DAYS_MIN if weekly else RATE_DAYS_MIN
    span = counted.ticks * settings.time.tick_seconds / 86_400
    if span < least:
        season = ", since the baseline has a weekly season" if weekly else ""
        raise Mistake(
            f"{drawn.file}: its rows span {span:.1f} days, and days to draw from take {least}{season}; give more"
        )
    rng = np.random.default_rng(drawn.seed)
    return draw_blocks(counted.first, counted.ticks, settings.time.tick_seconds, drawn.days, rng, slots=monitors.slots)


def _owners(
    key: ModelKey, monitors: Monitors, ownership: Ownership, settings: Settings
) -> tuple[list[Budget], list[Owned]]:
    """Share each party's budget over its monitors of this model version alone, as the service would."""
    gating = Gating(settings.detection, lambda: ownership, settings.time.tick_seconds, lineage(settings))
    gating.raise_levels({key: monitors.baseline}, {key: SequenceState()}, 0)
    parties, weights = np.array(gating.parties_of(key)), gating.weights_of(key)
    budgets, owners = list(gating.budgets.values()), []
    for budget in budgets:
        mine = np.flatnonzero(parties == budget.party)
        needed = thresholds(budget.accepts, DAYS_30_SECONDS / settings.time.tick_seconds)
        owners.append(Owned(mine, weights[mine] / max(weights[mine].sum(), 1e-12), needed))
    return budgets, owners


def _ownership(settings: Settings) -> Ownership:
    if settings.alerting.owners.exists():
        return ownership_of(settings.alerting.owners)
    return parse_ownership(OWNERS, "resample")


def _resampled(
    drawn: Drawn,
    settings: Settings,
    monitors: Monitors,
    counted: TickCounts,
    budgets: Sequence[Budget],
    alarms: Sequence[Alarm],
) -> Resampled:
    def tally(owner: int, level: int) -> Tally:
        return _tally(monitors, [one for one in alarms if (one.owner, one.level) == (owner, level)])

    return Resampled(
        model=drawn.key.model,
        version=drawn.key.version,
        baseline=monitors.baseline.id,
        policy=settings.detection.policy,
        reference_days=counted.ticks * settings.time.tick_seconds / 86_400,
        slots=max(len(history.slots) for history in monitors.baseline.history.values()),
        days=drawn.days,
        seed=drawn.seed,
        budgets=tuple(budgets),
        tallies=tuple(
            tuple(tally(owner, level) for level in range(1, len(budget.accepts) + 1))
            for owner, budget in enumerate(budgets)
        ),
    )


def _tally(monitors: Monitors, alarms: Sequence[Alarm]) -> Tally:
    days = {datetime.fromtimestamp(alarm.source * monitors.tick_seconds, UTC).date().isoformat() for alarm in alarms}
    behind = Counter(monitors.names[place] for alarm in alarms for place in alarm.places)
    if not behind:
        return Tally(0)
    (segment, subject, detector), _ = behind.most_common(1)[0]
    kind = "values" if detector == "psi" else detector
    return Tally(len(alarms), tuple(sorted(days)), f"{subject}{f' [{segment}]' if segment else ''} ({kind})")


def _print(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
