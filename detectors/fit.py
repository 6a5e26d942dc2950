"""A baseline from rows: kinds, bins and reference counts of every subject."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.bins import center_and_scale, numeric_bins
from detectors.categories import choose
from detectors.columns import Column, Columns, Flaw, Scalar, column_of
from detectors.fold import fold
from detectors.history import History
from detectors.order_in_time import history_of, without_strays
from detectors.subject import HEADER, Counts, Subject, SubjectKind


def fit(
    rows: Mapping[str, Sequence[Scalar]],
    *,
    segments: Sequence[str] | None = None,
    categorical: frozenset[str] = frozenset(),
    categories_max: int,
    segments_max: int,
    ticks: Sequence[int] | None = None,
    tick_seconds: int = 60,
) -> Baseline:
    """Fit a baseline to the values of each subject, one per row (None: missing).

    The kind is that of most values; the others count as wrong_type in the reference too. Integers of the subjects
    named in `categorical` are codes of categories. `segments` names each row's segment ("": none); the
    `segments_max` largest get reference counts of their own, over the bins of all rows. Subjects are sorted by name,
    so the same rows give the same baseline. `ticks` says when each row was, in ticks of `tick_seconds` since 1970: with
    it the baseline knows how dependent its events are, and their seasons. Raises ValueError when there is nothing to
    fit or lengths differ.
    """
    total = _checked_rows(rows, segments, categorical, ticks)
    subjects: list[Subject] = []
    singles: dict[str, frozenset[str]] = {}
    place = HEADER
    for name in sorted(rows):
        subject, once = _subject(name, rows[name], name in categorical, categories_max)
        subjects.append(replace(subject, start=place))
        singles[name] = once
        place = subjects[-1].cells.stop
    baseline = Baseline(tuple(subjects), {})
    places: dict[str, Sequence[int]] = {"": range(total)}
    for segment in _largest(segments or (), segments_max):
        places[segment] = [place for place, named in enumerate(segments or ()) if named == segment]
    reference: dict[str, Counts] = {}
    history: dict[str, History] = {}
    for segment, chosen in places.items():
        columns = _columns(baseline, rows, singles, chosen)
        reference[segment] = fold(baseline, columns)
        if ticks is None or not chosen:
            continue

        def count(some: NDArray[np.int64], chosen: Sequence[int] = chosen) -> Counts:
            return fold(baseline, _columns(baseline, rows, singles, [chosen[place] for place in some]))

        together = without_strays(np.array([ticks[place] for place in chosen], np.int64), tick_seconds)
        if len(together) < len(chosen):
            chosen = [chosen[place] for place in together]
            columns = _columns(baseline, rows, singles, chosen)
        when = np.array([ticks[place] for place in chosen], np.int64)
        raw = {name: [values[place] for place in chosen] for name, values in rows.items()}
        history[segment] = history_of(baseline, reference[segment], columns, raw, when, tick_seconds, count)
    return Baseline(baseline.subjects, reference, history)


def _subject(name: str, raw: Sequence[Scalar], as_codes: bool, categories_max: int) -> tuple[Subject, frozenset[str]]:
    """Fit one subject; its start is not known yet. Also gives the strings that occur once."""
    kind = _kind(raw)
    if kind is None:
        note = "the reference has no usable value; whether values are present is all that is watched"
        return Subject(name, "opaque", HEADER, note=note), frozenset()
    if kind == "boolean":
        return Subject(name, "boolean", HEADER, categories=("false", "true")), frozenset()
    if kind == "numeric" and not as_codes:
        values = np.asarray(column_of(Subject(name, "numeric", HEADER), raw)[0], np.float64)
        values = values[~np.isnan(values)]
        edges, coarse = numeric_bins(values)
        center, scale = center_and_scale(values)
        return Subject(name, "numeric", HEADER, edges, coarse, center=center, scale=scale), frozenset()
    plain = Subject(name, "categorical", HEADER, codes=kind == "numeric")
    choice = choose([str(text) for text in column_of(plain, raw)[0] if text is not None], categories_max)
    if choice.opaque:
        return Subject(name, "opaque", HEADER, note=choice.opaque), frozenset()
    return replace(plain, categories=choice.categories, others=choice.others), choice.singles


def _kind(raw: Sequence[Scalar]) -> SubjectKind | None:
    votes = Counter[SubjectKind]()
    for value in raw:
        if isinstance(value, bool):
            votes["boolean"] += 1
        elif isinstance(value, str):
            votes["categorical"] += 1
        elif value is not None and _fits_a_float(value):
            votes["numeric"] += 1
    order: tuple[SubjectKind, ...] = ("numeric", "categorical", "boolean")
    winner = max(order, key=lambda kind: votes[kind])
    return winner if votes[winner] else None


def _fits_a_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _largest(segments: Sequence[str], segments_max: int) -> list[str]:
    sizes = Counter(segment for segment in segments if segment)
    return [name for name, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))][:segments_max]


def _columns(
    baseline: Baseline,
    rows: Mapping[str, Sequence[Scalar]],
    singles: Mapping[str, frozenset[str]],
    chosen: Sequence[int],
) -> Columns:
    """Turn the chosen rows into columns as those of events, except that strings seen once count as unseen."""
    values: dict[str, Column] = {}
    flaws: dict[tuple[str, Flaw], int] = {}
    for subject in baseline.subjects:
        raw = rows[subject.name]
        column, found = column_of(subject, [raw[place] for place in chosen])
        flaws |= {(subject.name, flaw): times for flaw, times in found.items()}
        once = singles[subject.name]
        if once:
            nowhere = "?" * (1 + max(map(len, subject.categories + subject.others)))
            column = [nowhere if text in once else text for text in column]
        values[subject.name] = column
    return Columns(len(chosen), values, flaws)


def _checked_rows(
    rows: Mapping[str, Sequence[Scalar]],
    segments: Sequence[str] | None,
    categorical: frozenset[str],
    ticks: Sequence[int] | None,
) -> int:
    sizes = {name: len(values) for name, values in rows.items()}
    if not sizes or max(sizes.values()) == 0:
        raise ValueError("rows: there is nothing to fit a baseline to; give at least one row with one value")
    total = max(sizes.values())
    beside = [(name, len(of)) for name, of in (("segments", segments), ("ticks", ticks)) if of is not None]
    for name, size in [*sizes.items(), *beside]:
        if size != total:
            raise ValueError(f"{name}: {size} values, but other columns have {total}; give one (or null) per row")
    unknown = sorted(categorical - set(rows))
    if unknown:
        raise ValueError(f"categorical: {unknown[0]!r} is not a column; choose from {', '.join(sorted(rows)[:20])}")
    return total
