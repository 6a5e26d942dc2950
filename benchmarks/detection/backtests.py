"""`driftwarden backtest` on public sets in order of time, beside ADWIN and PSI on windows of the same numbers.

Findings of tier act are the command's alarms. ADWIN watches every column of numbers event by event, reference
included, and begins anew after an alarm; PSI compares consecutive windows of WINDOW rows of them with the reference.
"""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from river.drift import ADWIN

from benchmarks.detection.backtest_command import TIERS, Answer, backtest
from benchmarks.detection.histories import History, Unusable, histories
from benchmarks.detection.per_event import Floats
from benchmarks.detection.replays import replayed
from benchmarks.detection.rivals import alarms
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from benchmarks.detection.window_rules import window_rules
from detectors.bins import numeric_bins

WINDOW = 168
"""Rows of a window of PSI: a week of hours."""

WEEKS = 12
"""Weeks that are replayed of a reference."""

SETS_MIN = 5
"""Real sets that the goal asks replays of."""

NOTE = (
    "Ticks of one hour, all other settings as they are by default, one owner. 'before' counts alarms before the "
    "annotated change, or all where it is annotated that nothing changes; delays are rows from the annotated change to "
    "the first alarm after it. What Numenta annotates are windows around anomalies, not lasting changes. Sets without "
    "times of their own are given evenly: 100 rows an hour (adult, ma_employment), 10 (bank_marketing), 1 (tcpd). "
    "Weeks that are replayed are drawn from the reference itself, so that nothing changes but what comes after what."
)


def run(scale: Scale, tell: Tell, folder: Path) -> Section:
    """Run every set that is in `folder`; at less than full scale only the first ones."""
    found = list(histories(folder))
    found = found[: scale.of(len(found))]
    rng = np.random.default_rng(scale.seed)
    rows: list[Mapping[str, Value]] = []
    replays: list[tuple[History, Answer]] = []
    for history in found:
        if isinstance(history, Unusable):
            rows.append(_row(history.name, remark=history.why))
            continue
        answer = _run(history)
        rows.append(read(history, answer, _adwin(history), _psi(history)))
        again = replayed(history, WEEKS, rng)
        if again is not None:
            answer = _run(again)
            rows.append(read(again, answer, _adwin(again), _psi(again)))
            replays.append((again, answer))
        tell(f"backtests {history.name}")
    return Section("backtests", rows, [goal(replays)], NOTE)


def read(history: History, answer: Answer, adwin: Sequence[int], psi: Sequence[int]) -> Mapping[str, Value]:
    """Give the row of one history, from the rows at which each detector alarmed."""
    acts = [row for row, _ in answer.acts]
    first = answer.acts[0] if answer.acts else None
    blind = f"{len(answer.blind)} of {len(_features(history))} cannot be watched" if answer.blind else ""
    parts: dict[str, Value] = {}
    for name, places in (("", acts), ("ADWIN ", adwin), ("PSI > .2 ", psi)):
        parts[f"{name}alarms"] = None if answer.failed and not name else len(places)
        parts[f"{name}before"], parts[f"{name}delay"] = _against(history, places)
    return _row(
        history.name,
        rows=history.rows - history.reference,
        reference=history.reference,
        split=history.split,
        change="nothing" if history.quiet else history.change,
        findings=", ".join(f"{answer.findings[tier]} {tier}" for tier in TIERS if answer.findings[tier]),
        notices=sum(answer.notices.values()),
        first=f"{first[0]} {first[1]}" if first else None,
        seconds=round(answer.seconds),
        remark="; ".join(words for words in (blind, answer.told) if words),
        **parts,
    )


COLUMNS = (
    "rows", "reference", "split", "change", "findings", "notices", "first", "alarms", "before", "delay",
    "ADWIN alarms", "ADWIN before", "ADWIN delay", "PSI > .2 alarms", "PSI > .2 before", "PSI > .2 delay", "seconds",
    "remark",
)  # fmt: skip
"""The columns after the set's name; the first alarm is that of the command, as row and subject."""


def _row(name: str, **values: Value) -> Mapping[str, Value]:
    return {"set": name, **{column: values.get(column) for column in COLUMNS}}


def _run(history: History) -> Answer:
    with tempfile.TemporaryDirectory(prefix="backtests-") as folder:
        return backtest(history, Path(folder))


def _against(history: History, places: Sequence[int]) -> tuple[int | None, int | None]:
    """Count the alarms before the change, and the rows from it to the first one after."""
    if history.quiet:
        return len(places), None
    change = history.change
    if change is None:
        return None, None
    late = [place for place in places if place >= change]
    return len(places) - len(late), min(late) - change if late else None


def _numbers(history: History) -> list[Floats]:
    """Give the columns of numbers, without what is missing: they keep one value per row, the last one known."""
    found = []
    for values in history.columns.values():
        if all(value is None or isinstance(value, int | float) for value in values):
            column = np.array([np.nan if value is None else float(value) for value in values])
            known = np.flatnonzero(np.isfinite(column))
            if known.size:
                found.append(column[known[np.maximum(np.searchsorted(known, np.arange(len(column)), "right") - 1, 0)]])
    return found


def _adwin(history: History) -> list[int]:
    found = [alarms(partial(ADWIN, delta=0.002), column.tolist()) for column in _numbers(history)]
    return sorted(place for places in found for place in places if place >= history.reference)


def _psi(history: History) -> list[int]:
    """Give the last row of every window in which some column alarms, once per column."""
    rule, found = window_rules()["PSI > .2"], []
    for column in _numbers(history):
        reference = column[: history.reference]
        edges, coarse = numeric_bins(reference)
        group = np.array(coarse)
        counted = np.bincount(group[np.searchsorted(edges, reference)], minlength=group[-1] + 1).astype(np.float64)
        for end in range(history.reference + WINDOW, history.rows + 1, WINDOW):
            window = group[np.searchsorted(edges, column[end - WINDOW : end])]
            counts = np.bincount(window, minlength=len(counted)).astype(np.float64)
            if rule(counts[None], counted[None])[0]:
                found.append(end - 1)
    return sorted(found)


def goal(replays: Sequence[tuple[History, Answer]]) -> Goal:
    """One page in 30 days is what the settings accept; a replay in which nothing could be watched does not count."""
    most = WEEKS * 7 / 30
    ran = [(history, answer) for history, answer in replays if not answer.failed]
    seeing = [answer.notices["act"] for history, answer in ran if len(answer.blind) < len(_features(history))]
    words = [
        f"{history.name} {answer.notices['act'] / most:.1f} ({len(answer.blind)} of {len(_features(history))} blind)"
        for history, answer in ran
    ]
    return Goal(
        f"<= 1 page in 30 days in each replay of a real set, of which at least {SETS_MIN} can be watched",
        "; ".join(words) or "no set was long enough",
        len(seeing) >= SETS_MIN and all(pages <= most for pages in seeing),
    )


def _features(history: History) -> list[str]:
    """Name the columns that the command watches."""
    return [name for name in history.columns if name != "label"]
