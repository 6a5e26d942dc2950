"""A row of a history file as the native event that a model service would have sent."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from service.sources.file_time import time_ms


@dataclass(frozen=True, slots=True)
class FileColumns:
    """The columns that are not features; a file need not have them all (without a prediction, that is null)."""

    time: str | None = None
    prediction: str | None = None
    label: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """Event time is read from this column, in any way that `file_time.time_ms` knows."""

    name: str


@dataclass(frozen=True, slots=True)
class EvenClock:
    """Rows without a time: the first one is at `start_ms` (ms, UTC), the others follow at this rate."""

    events_per_second: float
    start_ms: int


Clock: TypeAlias = TimeColumn | EvenClock
Kind: TypeAlias = Literal["prediction", "feature"]


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Turns rows into events of one model version (or, for kind `feature`, of one feature view)."""

    model: str
    version: str
    columns: FileColumns
    clock: Clock
    kind: Kind

    def event(self, row: Mapping[str, object], *, partition: str, number: int, row_of_all: int) -> bytes | None:
        """Give the event's JSON; None when the row holds what no JSON can.

        `number` counts within the file and names the event, `row_of_all` counts over all files for an even clock. A
        time that cannot be told is passed on as its text, which decoding refuses.
        """
        rest = dict(row)
        event: dict[str, object] = {"type": self.kind, "event_id": f"{partition}#{number}"}
        event["model" if self.kind == "prediction" else "feature_view"] = self.model
        event["version"] = self.version
        if isinstance(self.clock, EvenClock):
            event["time"] = self.clock.start_ms + math.floor(row_of_all * 1000 / self.clock.events_per_second)
        elif self.clock.name in rest:
            written = rest.pop(self.clock.name)
            told = time_ms(written)
            if written is not None:
                event["time"] = told if told is not None else str(written)
        if self.columns.time is not None:
            rest.pop(self.columns.time, None)
        if self.kind == "prediction":
            self._take_outcome(event, rest)
        else:
            event["entity"] = str(number)
        event["features"] = rest
        return _json(event)

    def _take_outcome(self, event: dict[str, object], rest: dict[str, object]) -> None:
        columns = self.columns
        if columns.segment is not None and (segment := rest.pop(columns.segment, None)) is not None:
            event["segment"] = str(segment)
        event["prediction"] = rest.pop(columns.prediction, None) if columns.prediction is not None else None
        if columns.label is not None and (label := rest.pop(columns.label, None)) is not None:
            event["attributes"] = {"label": label}


def _json(event: dict[str, object]) -> bytes | None:
    # msgspec is fast, but it writes NaN as null, which would turn an unusable value into a missing one, and it has no
    # integers of 65 bits. Both are rare, so its answer is looked at instead of every value.
    try:
        encoded = msgspec.json.encode(event)
        if b"null" not in encoded or _finite(event):
            return encoded
    except (OverflowError, UnicodeEncodeError, RecursionError):
        pass
    try:
        return json.dumps(event, separators=(",", ":"), default=str).encode()
    except (ValueError, RecursionError):
        return None


def _finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
