"""The counts of every tick of a reference, kept as small as what monitors read of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.columns import Columns, Scalar, column_of, with_flaws
from detectors.subject import EVENTS, Counts, Subject

Places = NDArray[np.int64]

NUMBERS_MAX = 400_000_000
"""Ticks times cells times segments that are kept: 0.8 GB, or twice that with more than 65,535 events in a tick."""


@dataclass(frozen=True, slots=True, eq=False)
class TickCounts:
    """Counts of `ticks` ticks from `first` on: by segment, (ticks, R) numbers of the R cells named in `kept`.

    All value cells of a PSI bin are counted in one of them, but for the two outermost of a subject; fixed-point sums
    are left out.
    """

    first: int
    ticks: int
    cells: int
    kept: Places
    segments: Mapping[str, NDArray[np.unsignedinteger]]

    def at(self, tick: int) -> dict[str, Counts]:
        """Give the counts of one tick by segment, as `Monitors.step` takes them; one without events is left out."""
        found = {}
        for segment, numbers in self.segments.items():
            row = numbers[tick - self.first]
            if row[0]:
                found[segment] = counts = np.zeros(self.cells, np.int64)
                counts[self.kept] = row
        return found


def count_ticks(
    baseline: Baseline,
    rows: Mapping[str, Sequence[Scalar]],
    ticks: Places,
    segments: Sequence[str] | None = None,
) -> TickCounts:
    """Count rows, by subject, into the ticks given for each of them; `segments` names each row's ("": none).

    A category that the baseline knows as rare and that occurs once counts as unseen, as it does in fitting. Raises
    ValueError when the counts would not fit in memory.
    """
    first, length = int(ticks.min()), int(ticks.max() - ticks.min()) + 1
    kept, kept_of_cell = _kept(baseline)
    chosen = _rows_of_segments(baseline, len(ticks), segments)
    if (numbers := length * len(kept) * len(chosen)) > NUMBERS_MAX:
        raise ValueError(
            f"{length:,} ticks of {len(baseline.subjects)} subjects in {len(chosen)} segments make {numbers:,} counts, "
            f"more than the {NUMBERS_MAX:,} kept in memory; give fewer days, fewer columns or fewer segments"
        )
    steps = ticks - first
    per_tick = np.bincount(steps, minlength=length)
    kind = np.uint16 if per_tick.max() < 2**16 else np.uint32
    counted = {segment: np.zeros((length, len(kept)), kind) for segment in chosen}
    for segment, some in chosen.items():
        counted[segment][:, 0] = np.bincount(steps[some], minlength=length)
    columns = Columns(len(ticks), {s.name: _column(s, rows[s.name]) for s in baseline.subjects})
    for row, cells in baseline.kernel.cells_of(columns):
        subject = baseline.subjects[row]
        places = kept_of_cell[with_flaws(subject, rows[subject.name], cells)]
        begin, end = int(kept_of_cell[subject.start]), int(kept_of_cell[subject.missing + 2]) + 1
        for segment, some in chosen.items():
            flat = steps[some] * (end - begin) + places[some] - begin
            counts = np.bincount(flat, minlength=length * (end - begin))
            counted[segment][:, begin:end] = counts.reshape(length, end - begin)
    return TickCounts(first, length, baseline.cells, kept, counted)


def _kept(baseline: Baseline) -> tuple[Places, Places]:
    """Which cells are kept, EVENTS first, and for every cell of a value or flaw the place of what stands for it."""
    kept = [EVENTS]
    kept_of_cell = np.zeros(baseline.cells, np.int64)
    bins = baseline.layout.bin_of_cell
    for subject in baseline.subjects:
        inner: dict[int, int] = {}
        for cell in range(subject.start, subject.missing + 3):
            outermost = cell in (subject.start, subject.missing - 1)
            if outermost or cell >= subject.missing:
                kept_of_cell[cell] = len(kept)
                kept.append(cell)
                continue
            place = inner.setdefault(int(bins[cell]), len(kept))
            kept_of_cell[cell] = place
            if place == len(kept):
                kept.append(cell)
    return np.array(kept, np.int64), kept_of_cell


def _rows_of_segments(baseline: Baseline, total: int, segments: Sequence[str] | None) -> dict[str, Places]:
    chosen = {"": np.arange(total)}
    named = np.array(segments if segments is not None else [""] * total, object)
    return chosen | {segment: np.flatnonzero(named == segment) for segment in baseline.reference if segment}


def _column(subject: Subject, raw: Sequence[Scalar]) -> NDArray[np.float64] | Sequence[str | None]:
    column, _ = column_of(subject, raw)
    if not subject.others or isinstance(column, np.ndarray):
        return column
    once = {text for text, times in Counter(column).items() if times == 1} & set(subject.others)
    nowhere = "?" * (1 + max(map(len, subject.categories + subject.others)))
    return [nowhere if text in once else text for text in column]
