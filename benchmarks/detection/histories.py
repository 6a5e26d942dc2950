"""Public sets as histories for a backtest: which rows are the reference, and what is known to change after them.

The reference is the first part of each set; where a change is annotated, the first half of what comes before it, or the
fewest rows that can be one. Row numbers and dates are left out, as their owner would leave them out; hours and days of
the week stay.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectors.columns import Scalar
from service.sources.file_time import time_ms
from service.sources.rows import read_columns

HOUR = 3_600

REFERENCE_MIN = 100
"""Rows below which the command fits no baseline."""

BEFORE_MIN = 20
"""Rows that must be left between the reference and the change, for anything to be said of them."""

AGREED_ROWS = 5
"""Rows within which annotators mean the same change."""

ADULT: Sequence[str] = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race",
    "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "label",
)  # fmt: skip
"""The columns of the set that has no header, in their order."""

Columns = Mapping[str, Sequence[Scalar]]


@dataclass(frozen=True, slots=True)
class History:
    """Rows in order of time: `times` in seconds since 1970, the first `reference` rows are the reference.

    `change` is the row at which the first annotated change begins; None where nothing is annotated, or where that
    nothing changes is what is annotated (`quiet`). `split` says how the reference was chosen.
    """

    name: str
    columns: Columns
    times: Sequence[int]
    reference: int
    split: str
    change: int | None = None
    quiet: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are, those of the reference included."""
        return len(self.times)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A set that cannot be run, and why."""

    name: str
    why: str


def elec2(folder: Path) -> History:
    """Electricity market of New South Wales, every half hour (Harries 1999): Victoria's columns begin at row 17,424."""
    columns = _without(read_columns(folder / "elec.csv"), ())
    columns["label"] = [str(value) for value in columns.pop("class")]
    start = _seconds(1996, 5, 7)
    times = [start + row * 1_800 for row in range(len(columns["label"]))]
    return History("elec2", columns, times, 8_712, "half of the rows before the change", 17_424)


def bike_sharing(folder: Path) -> History:
    """Rented bicycles by the hour: nothing is annotated, but demand grows from year to year."""
    columns = read_columns(folder / "hour.csv")
    days = [datetime.strptime(str(day), "%m/%d/%Y").replace(tzinfo=UTC) for day in columns["dteday"]]
    times = [int(day.timestamp()) + int(str(hour)) * HOUR for day, hour in zip(days, columns["hr"], strict=True)]
    reference = sum(day.year == days[0].year for day in days)
    kept = _without(columns, ("instant", "dteday", "yr", "season", "mnth"))
    return History("bike_sharing", kept, times, reference, "the first of two years")


def beijing_pm25(folder: Path) -> History:
    """Air and weather by the hour: nothing is annotated, seasons and dependence are strong."""
    columns = read_columns(folder / "pollution.csv")
    parts = zip(columns["year"], columns["month"], columns["day"], columns["hour"], strict=True)
    times = [_seconds(*(int(str(part)) for part in row)) for row in parts]
    reference = sum(str(year) in ("2010", "2011") for year in columns["year"])
    kept = _without(columns, ("No", "year", "month", "day"))
    return History("beijing_pm25", kept, times, reference, "the first two of five years")


def adult(folder: Path) -> History:
    """Census rows in no order of time, so that nothing changes; given 100 an hour."""
    rows = []
    for file in ("adult-train.csv", "adult-test.csv"):
        with (folder / file).open(newline="", encoding="utf-8") as lines:
            rows += [[text.strip() for text in row] for row in csv.reader(lines) if len(row) == len(ADULT)]
    columns: dict[str, list[Scalar]] = {
        name: [_scalar(row[place].rstrip(".")) for row in rows] for place, name in enumerate(ADULT)
    }
    return History("adult", columns, _evenly(len(rows), HOUR / 100), len(rows) // 3, "the first third", quiet=True)


def bank_marketing(folder: Path) -> History:
    """Calls of a campaign, given ten an hour: the economy's columns step at row 7,763 for the first time."""
    with (folder / "bank-additional" / "bank-additional-full.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    columns: dict[str, list[Scalar]] = {name: [_scalar(row[name]) for row in rows] for name in rows[0]}
    columns["label"] = columns.pop("y")
    return History(
        "bank_marketing", _without(columns, ("month",)), _evenly(len(rows), HOUR / 10), 3_881,
        "half of the rows before the change", 7_763,
    )  # fmt: skip


def ma_employment(folder: Path) -> History:
    """Census rows of Massachusetts with a model's score, 100 an hour: a block of group quarters at row 140,785."""
    known, later = (read_columns(folder / f"employment_MA_{part}.pq") for part in ("reference", "analysis"))
    reference = len(known["id"])
    columns: dict[str, list[Scalar]] = {
        name: [f"code {value}" if isinstance(value, str) else value for value in (*known[name], *later[name])]
        for name in later
        if name not in ("id", "year", "prediction", "predicted_probability")
    }
    columns["prediction"] = [*known["predicted_probability"], *later["predicted_probability"]]
    times = _evenly(len(columns["prediction"]), HOUR / 100)
    return History("ma_employment", columns, times, reference, "the first of four years", reference + 72_000)


def nab(folder: Path) -> Iterator[History]:
    """Series of Numenta's benchmark: what is annotated are windows around anomalies, of which the first one counts."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    for group in ("realKnownCause", "artificialWithAnomaly", "artificialNoAnomaly"):
        for file in sorted((folder / "data" / group).glob("*.csv")):
            columns = read_columns(file)
            times = [(time_ms(at) or 0) // 1000 for at in columns["timestamp"]]
            marked = windows[f"{group}/{file.name}"]
            begin = (time_ms(str(marked[0][0])) or 0) // 1000 if marked else None
            change = None if begin is None else sum(at < begin for at in times)
            yield _series(f"nab {file.stem}", {"value": columns["value"]}, times, change, quiet=not marked)


def tcpd(folder: Path) -> Iterator[History | Unusable]:
    """Series of the Turing change point set, one row an hour: a change is where half of the annotators see one."""
    marks = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    for file in sorted((folder / "datasets").glob("*/*.json")):
        series = json.loads(file.read_text(encoding="utf-8"))
        columns = {part["label"]: part["raw"] for part in series["series"]}
        marked = list(marks[series["name"]].values())
        times = _evenly(series["n_obs"], HOUR)
        history = _series(f"tcpd {series['name']}", columns, times, agreed(marked), quiet=not any(marked))
        short = history.reference < REFERENCE_MIN
        why = (
            f"a reference of {history.reference} rows is too small"
            if history.change is None
            else (f"the change at row {history.change} leaves too few rows before it")
        )
        yield Unusable(history.name, why) if short else history


def agreed(marks: Sequence[Sequence[int]]) -> int | None:
    """Find the first row near which at least half of the annotators see a change.

    >>> agreed([[143], [144, 200], [], [146]]), agreed([[], [], [98]])
    (143, None)
    """
    for row in sorted({row for person in marks for row in person}):
        if 2 * sum(any(0 <= at - row <= AGREED_ROWS for at in person) for person in marks) >= len(marks):
            return row
    return None


SETS: Mapping[str, Callable[[Path], History | Iterator[History | Unusable] | Iterator[History]]] = {
    "adult": adult,
    "elec2": elec2,
    "bank_marketing": bank_marketing,
    "bike_sharing": bike_sharing,
    "beijing_pm25": beijing_pm25,
    "ma_employment": ma_employment,
    "nab": nab,
    "tcpd": tcpd,
}


def histories(folder: Path) -> Iterator[History | Unusable]:
    """Read every set in turn; one that is not in the folder is given as such."""
    for name, read in SETS.items():
        if not (folder / name).is_dir():
            yield Unusable(name, "not in the folder")
            continue
        found = read(folder / name)
        yield from [found] if isinstance(found, History) else found


def _series(name: str, columns: Columns, times: Sequence[int], change: int | None, *, quiet: bool) -> History:
    """Take the first third as reference; where a change leaves less, half of what is before it or the fewest rows."""
    reference, split = len(times) // 3, "the first third"
    if change is not None and change // 2 < reference:
        reference, split = change // 2, "half of the rows before the change"
    if reference < REFERENCE_MIN and (change or len(times)) >= REFERENCE_MIN + BEFORE_MIN:
        reference, split = REFERENCE_MIN, "the fewest rows that can be one"
    return History(name, columns, times, reference, split, change, quiet)


def _without(columns: Mapping[str, Sequence[Scalar]], names: Sequence[str]) -> dict[str, Sequence[Scalar]]:
    return {name: values for name, values in columns.items() if name not in names}


def _evenly(rows: int, seconds: float) -> list[int]:
    start = _seconds(2024, 1, 1)
    return [start + int(row * seconds) for row in range(rows)]


def _seconds(*date: int) -> int:
    year, month, day, hour = (*date, 0)[:4]
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def _scalar(text: str) -> Scalar:
    try:
        return float(text)
    except ValueError:
        return text
