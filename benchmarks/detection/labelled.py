"""Streams whose drifts are known to the row: the Harvard synthetic set (Lopez Lobo, doi 10.7910/DVN/5OWRGB).

A model is fitted to the first 2,000 rows of every concept, its errors on the next 1,500 are the reference, and from
there it is watched to the end of the concept and for 5,000 rows of the one that follows.

Which features change when the concept does is measured in `labelled_features`, since the files differ in it: a monitor
of a feature must be silent before a change, and after it where that feature stays as it was. Some files hold the very
same rows of features in several concepts, as `mixed` and `sine` do, so their changes are less than independent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.detection import labelled_features
from benchmarks.detection.per_event import Flags, Floats, all_alarms, of_errors
from benchmarks.detection.polynomials import Polynomial
from benchmarks.detection.rivals import Fresh, alarms, on_errors
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from detectors.alternatives import REFERENCE_ERROR

FITTED, HELD_OUT, AFTER = 2_000, 1_500, 5_000
DEGREE = 4

THRESHOLD = 1e5
"""Evidence at which a monitor alarms: without a change, at most once in 100,000 rows."""

CHANGES: Mapping[str, Sequence[tuple[int, int]]] = {
    "abrupt": ((10_000, 10_000), (20_000, 20_000), (30_000, 30_000)),
    "gradual": ((9_000, 10_000), (19_500, 20_500), (30_000, 31_000)),
}
"""Where each change begins and is complete."""

SHARE_FOUND, DELAY_MAX = 28 / 30, 10


@dataclass(frozen=True, slots=True)
class Watched:
    """A model's errors, `before` of them ahead of the change, and how many the holdout had."""

    kind: str
    name: str
    errors: Flags
    before: int
    held_out_bad: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a detector made of so many changes: a delay for each that it found (0: its first row), and false alarms."""

    changes: int
    delays: tuple[int, ...]
    false: int
    rows: int

    def delay(self) -> float | None:
        """Give the median delay; None where nothing was found."""
        return float(np.median(self.delays)) if self.delays else None


Alarms = Callable[[Watched], Sequence[int]]


def run(scale: Scale, tell: Tell, folder: Path) -> Section:
    """Run the files of `folder`/harvard_synth; less than full scale leaves out the last changes of each file."""
    files = sorted((folder / "harvard_synth").glob("*.csv"))
    if not files:
        raise FileNotFoundError(f"{folder / 'harvard_synth'}: no CSV files; give the folder that holds harvard_synth")
    streams: list[Watched] = []
    features: dict[str, list[labelled_features.Watched]] = {}
    for file in files:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
        kind = "gradual" if "gradual" in file.name else "abrupt"
        changes = CHANGES[kind][: scale.of(3)]
        streams += watched(kind, file.stem, table, changes)
        features[file.stem] = labelled_features.watched(table[:, :-1], changes, FITTED + HELD_OUT, AFTER, THRESHOLD)
        tell(f"labelled {file.stem}: features")
    rows: list[Mapping[str, Value]] = []
    goals: list[Goal] = []
    note = f"{len(files)} of the set's 20 files were there, with {len(streams)} changes."
    for name, detector in detectors().items():
        found = [_read(detector(stream), stream.before) for stream in streams]
        for kind in CHANGES:
            outcome = _joined([one for one, stream in zip(found, streams, strict=True) if stream.kind == kind])
            rows.append(_row(kind, name, outcome))
            if kind == "abrupt" and not goals:
                goals = _goals(outcome)
                note += _missed(name, [s for one, s in zip(found, streams, strict=True) if not one.delays])
        tell(f"labelled: {name}")
    rows += [row for name, parts in features.items() for row in _feature_rows(name, parts)]
    silence = _silence([part for parts in features.values() for part in parts])
    return Section("labelled", rows, [*goals, silence], f"{note} {_told(features)}")


def watched(kind: str, name: str, table: Floats, changes: Sequence[tuple[int, int]]) -> Iterator[Watched]:
    """Give the errors of one model per concept, up to AFTER rows into the change that ends it."""
    features, truth = table[:, :-1], table[:, -1] > 0.5
    for number, ((_, begin), (change, _)) in enumerate(pairwise([(0, 0), *changes]), 1):
        fitted = slice(begin, begin + FITTED)
        model = Polynomial.fit(features[fitted], np.where(truth[fitted], 1.0, -1.0), DEGREE)
        rest = slice(begin + FITTED, change + AFTER)
        errors = (model.predict(features[rest]) > 0) != truth[rest]
        held_out_bad = int(errors[:HELD_OUT].sum())
        before = change - begin - FITTED - HELD_OUT
        yield Watched(kind, f"{name} {number}", errors[HELD_OUT:], before, held_out_bad)


def detectors() -> Mapping[str, Alarms]:
    """e-SR first, then the usual ones."""
    return {"e-SR": _esr, **{name: _usual(fresh) for name, fresh in on_errors().items()}}


def _usual(fresh: Fresh) -> Alarms:
    return lambda stream: alarms(fresh, stream.errors.astype(np.float64).tolist())


def _esr(stream: Watched) -> list[int]:
    monitor = of_errors([stream.held_out_bad], [HELD_OUT], stream.errors[:, None], REFERENCE_ERROR)
    return [place for place, _ in all_alarms([monitor], len(stream.errors), THRESHOLD)]


def _feature_rows(name: str, parts: Sequence[labelled_features.Watched]) -> Iterator[Mapping[str, Value]]:
    """Give a file's features that change and, in a row of their own, those that stay, over all changes."""
    for words, some in (("change", [p for p in parts if not p.stays]), ("stay", [p for p in parts if p.stays])):
        if some:
            delays = tuple(part.delay for part in some if part.delay is not None)
            changes = len(some) if words == "change" else 0
            outcome = Outcome(changes, delays, sum(p.false for p in some), sum(p.rows for p in some))
            yield _row(f"{name}: features that {words}", "e-SR, histogram", outcome)


def _read(alarmed: Sequence[int], before: int) -> Outcome:
    """Part alarms into those of a change after `before` rows, of which the first counts, and false ones."""
    late = [place - before for place in alarmed if place >= before]
    return Outcome(1, tuple(late[:1]), len(alarmed) - len(late), before)


def _joined(parts: Sequence[Outcome]) -> Outcome:
    delays = tuple(delay for part in parts for delay in part.delays)
    return Outcome(len(parts), delays, sum(part.false for part in parts), sum(part.rows for part in parts))


def _row(streams: str, detector: str, outcome: Outcome) -> Mapping[str, Value]:
    return {
        "streams": streams,
        "detector": detector,
        "changes": outcome.changes,
        "found": len(outcome.delays),
        "delay": outcome.delay(),
        "false alarms": outcome.false,
        "rows without a change": outcome.rows,
    }


def _goals(outcome: Outcome) -> list[Goal]:
    found, delay = len(outcome.delays), outcome.delay()
    return [
        Goal("abrupt changes found: 28 of 30 or the same share", f"{found} of {outcome.changes}",
             found >= SHARE_FOUND * outcome.changes),
        Goal("no false alarm before an abrupt change", f"{outcome.false} in {outcome.rows:,} rows", outcome.false == 0),
        Goal(f"median delay of an abrupt change <= {DELAY_MAX} rows", f"{delay}",
             delay is not None and delay <= DELAY_MAX),
    ]  # fmt: skip


def _missed(detector: str, streams: Sequence[Watched]) -> str:
    """Name the changes that a detector did not find, with the errors' rate in the holdout, before and after."""
    words = [
        f"{s.name} ({s.held_out_bad / HELD_OUT:.1%}, {s.errors[: s.before].mean():.1%}, "
        f"{s.errors[s.before :].mean():.1%})"
        for s in streams
    ]
    if not words:
        return ""
    return f" Not found by {detector}, with the errors in the holdout, before and after: {'; '.join(words)}."


def _told(features: Mapping[str, Sequence[labelled_features.Watched]]) -> str:
    """Say in how many of its changes each feature of each file changes, by the two-sample test."""
    words = []
    for name, parts in features.items():
        numbers = sorted({part.feature for part in parts})
        counts = [sum(not part.stays for part in parts if part.feature == number) for number in numbers]
        of = len(parts) // len(numbers)
        words.append(f"{name}: {', '.join(f'X{number + 1} {count}' for number, count in enumerate(counts))} of {of}")
    limit = labelled_features.SAME_P
    return f"How often each feature changes with the concept (chi-square, p < {limit:g}): {'; '.join(words)}."


def _silence(parts: Sequence[labelled_features.Watched]) -> Goal:
    false, rows = sum(part.false for part in parts), sum(part.rows for part in parts)
    return Goal("features that do not change raise nothing", f"{false} false alarms in {rows:,} rows", not false)
