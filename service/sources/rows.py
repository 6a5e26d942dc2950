"""Opening a history file, whatever its format: as rows for the pipeline, or as columns to fit a baseline to."""

import importlib
import logging
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from types import ModuleType

import msgspec

from detectors.columns import Scalar
from service.sources.row import FileUnreadable, Rows
from service.sources.rows_csv import CsvRows
from service.sources.rows_ndjson import NdjsonRows
from service.sources.rows_parquet import ParquetRows

log = logging.getLogger(__name__)


def open_rows(path: Path, *, load: Callable[[str], ModuleType] = importlib.import_module) -> Rows:
    """Choose the format by the file's ending: .csv, .ndjson, .jsonl, .parquet or .pq; FileUnreadable otherwise.

    `load` imports the optional Parquet reader.
    """
    if not path.is_file():
        raise FileUnreadable(f"{path}: there is no such file")
    match path.suffix.lower():
        case ".csv":
            return CsvRows(path)
        case ".ndjson" | ".jsonl":
            return NdjsonRows(path)
        case ".parquet" | ".pq":
            return ParquetRows(path, load)
        case other:
            raise FileUnreadable(
                f"{path}: cannot read {other or 'a file without ending'}; give .csv, .ndjson or .parquet"
            )


def read_columns(path: Path, rows_max: int | None = None) -> dict[str, list[Scalar]]:
    """Read the first `rows_max` rows (None: all) as columns of equal length, None where a row has no value.

    A prediction or feature event of an NDJSON file gives its features, and its `prediction`, `latency_ms` and `segment`
    under these names, where a feature has not taken them. Rows that cannot be read are left out, and the log says how
    many. Everything is held in memory. Raises FileUnreadable.
    """
    columns: dict[str, list[Scalar]] = {}
    count = unreadable = 0
    for row in islice(open_rows(path).read(0), rows_max):
        values = row if not isinstance(row, bytes) else _features(row)
        if values is None:
            unreadable += 1
            continue
        for name, value in values.items():
            column = columns.setdefault(name, [])
            column.extend([None] * (count - len(column)))
            column.append(_scalar(value))
        count += 1
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    if unreadable:
        log.warning("%s: %d of %d rows cannot be read and were left out", path, unreadable, count + unreadable)
    return columns


def _features(event: bytes) -> Mapping[str, object] | None:
    try:
        fields = msgspec.json.decode(event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("features"), dict):
        return None
    features: dict[str, object] = fields["features"]
    beside = {name: fields[name] for name in ("prediction", "latency_ms", "segment") if name in fields}
    return beside | features


def _scalar(value: object) -> Scalar:
    """Give what JSON calls a scalar as it is; a list or an object as its JSON text, which fits no numeric subject."""
    if value is None or isinstance(value, float | int | str | bool):
        return value
    return msgspec.json.encode(value).decode()
