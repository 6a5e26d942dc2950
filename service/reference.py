"""From the columns of a reference file to the subjects of a model version, and to their baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detectors.baseline import Baseline
from detectors.columns import Scalar
from detectors.fit import fit
from service.settings import BaselineSettings
from service.sources.file_time import time_ms


@dataclass(frozen=True, slots=True)
class ReferenceColumns:
    """Which columns are what; a column that is not there is not watched."""

    prediction: str = "prediction"
    label: str = "label"
    segment: str = "segment"
    time: str = ""
    categorical: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()


def fit_reference(
    columns: Mapping[str, list[Scalar]],
    roles: ReferenceColumns,
    settings: BaselineSettings,
    *,
    tick_seconds: int,
    times_ms: Sequence[int | None] | None = None,
) -> Baseline:
    """Fit a baseline to columns of equal length; the label is the truth, which is not watched as a feature.

    `times_ms` gives the rows' times, by default those of the time column, if there is one. Where a row's time cannot be
    told, nothing is concluded from the order of the rows.
    """
    if times_ms is None and roles.time in columns:
        times_ms = [time_ms(value) for value in columns[roles.time]]
    told = [at for at in times_ms or () if at is not None]
    ticks = (
        [at // (tick_seconds * 1000) for at in told] if times_ms is not None and len(told) == len(times_ms) else None
    )
    return fit(
        subjects_of(columns, roles),
        segments=segments_of(columns, roles),
        categorical=roles.categorical,
        categories_max=settings.categories_max,
        segments_max=settings.segments_max,
        ticks=ticks,
        tick_seconds=tick_seconds,
    )


def subjects_of(columns: Mapping[str, list[Scalar]], roles: ReferenceColumns) -> dict[str, list[Scalar]]:
    """Give the columns that are watched, by the subject that each is watched under."""
    left_out = roles.ignore | {roles.label, roles.segment, roles.prediction, roles.time}
    subjects = {subject_of(name): values for name, values in columns.items() if name not in left_out}
    if roles.prediction in columns and roles.prediction not in roles.ignore:
        subjects["prediction"] = columns[roles.prediction]
    return subjects


def segments_of(columns: Mapping[str, list[Scalar]], roles: ReferenceColumns) -> list[str] | None:
    """Give the segment of every row ("": none), None without such a column."""
    segments = columns.get(roles.segment)
    return None if segments is None else ["" if value is None else str(value) for value in segments]


def subject_of(feature: str) -> str:
    """Name the subject a feature is watched under: its own name, unless the score or the latency has that.

    >>> subject_of("income"), subject_of("prediction")
    ('income', 'feature:prediction')
    """
    return f"feature:{feature}" if feature in ("prediction", "latency_ms") else feature
