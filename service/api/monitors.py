"""What the detectors saw: the newest reading of every monitor, and how readings went."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from alerting.finding import EventKind, Stream
from detectors.reading import Detector, Reading, State
from service.api.answers import (
    Items,
    Kind,
    Limit,
    MaybeKind,
    MaybeName,
    MaybeState,
    MaybeTime,
    Name,
    Shape,
    cut,
    problems,
)
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.gate import needs
from service.api.models import find_model
from service.api.problem import Problem
from service.store.changes import ModelKey
from service.store.queries import Read, history
from service.store.views import current_readings
from service.windows import WINDOWS

CHUNK = 50
"""Windows of history decoded at once while a list is filled."""

WINDOWS_MAX = 2_000
"""Windows of history looked at for one answer: a week of 5-minute windows."""

TICK_MAX = 2**62


class MoveShape(Shape):
    """One bin's share of the reference and of the window."""

    label: str = Field(examples=["0.31 to 0.84"])
    expected: float
    observed: float


class MonitorShape(Shape):
    """One reading of one monitor: what was seen, how sure that is, and what it was held against."""

    kind: EventKind
    model: str = Field(examples=["credit"])
    version: str = Field(examples=["3"])
    segment: str = Field(description="Empty for all events of the stream.")
    subject: str = Field(examples=["income"])
    detector: Detector
    window: str = Field(examples=["1h"])
    at: datetime = Field(description="End of the window, in event time.")
    state: State
    n: int = Field(description="Events in the window.")
    reference_n: int = Field(description="Rows of the reference.")
    value: float | None
    low: float | None = Field(description="Lower end of the interval; this is held against the threshold.")
    high: float | None
    p_value: float | None
    threshold: float | None
    why: str = Field(description="One plain sentence.")
    moves: list[MoveShape] = Field(description="The bins that moved most; only while drifting.")


def monitor_routes() -> APIRouter:
    """Readings, newest and past."""
    router = APIRouter(tags=["monitors"], dependencies=[Depends(needs("read"))])
    router.get("/v1/monitors", responses=problems(422))(monitors)
    router.get("/v1/readings", responses=problems(404, 422))(readings)
    return router


def monitors(
    dependencies: Dependencies,
    kind: MaybeKind = None,
    model: MaybeName = None,
    version: MaybeName = None,
    segment: MaybeName = None,
    subject: MaybeName = None,
    detector: Annotated[Detector | None, Query()] = None,
    window: MaybeName = None,
    state: MaybeState = None,
    limit: Limit = 100,
) -> Items[MonitorShape]:
    """List the newest reading of every monitor that matches, what drifts first."""
    reads = [
        read
        for read in current_readings(dependencies.store, kind=kind, model=model, version=version)
        if segment in (None, read.stream.segment) and window in (None, read.window)
    ]
    found = [
        (read, reading)
        for read in reads
        for reading in read.readings
        if subject in (None, reading.subject)
        and detector in (None, reading.detector)
        and state in (None, reading.state)
    ]
    found.sort(key=lambda monitor: monitor[1].state != "drifting")
    tick_seconds = dependencies.settings.time.tick_seconds
    return cut([_shape(read, reading, tick_seconds) for read, reading in found[: limit + 1]], limit)


def readings(
    dependencies: Dependencies,
    model: Name,
    version: Name,
    kind: Kind = "prediction",
    segment: Annotated[str, Query(description="Empty: all events of the stream.")] = "",
    window: Annotated[str, Query(description="Length of the window, as monitors name it.", examples=["1h"])] = "1h",
    subject: MaybeName = None,
    detector: Annotated[Detector | None, Query()] = None,
    since: Annotated[MaybeTime, Query(alias="from", description="Windows that ended at this time or later.")] = None,
    until: Annotated[MaybeTime, Query(alias="to", description="Windows that ended at this time or earlier.")] = None,
    limit: Limit = 100,
) -> Items[MonitorShape]:
    """Give the readings of one stream and window over time, newest first; at most 2,000 windows are looked at."""
    find_model(dependencies, ModelKey(kind, model, version))
    tick_seconds = dependencies.settings.time.tick_seconds
    windows = [known.name(tick_seconds) for known in WINDOWS]
    if window not in windows:
        raise Problem(404, detail=f"There is no window {window!r}; there are: {', '.join(windows)}.")
    # The time of a window is the end of its last tick, which is where the tick after it begins.
    first = math.ceil(since.timestamp() / tick_seconds) - 1 if since is not None else -TICK_MAX
    last = math.floor(until.timestamp() / tick_seconds) - 1 if until is not None else TICK_MAX
    found: list[MonitorShape] = []
    past = _newest_first(dependencies, Stream(kind, model, version, segment), window, first, last)
    for looked_at, read in enumerate(past):
        if looked_at == WINDOWS_MAX:
            return Items(items=found[:limit], more=True)
        found += [
            _shape(read, reading, tick_seconds)
            for reading in read.readings
            if subject in (None, reading.subject) and detector in (None, reading.detector)
        ]
        if len(found) > limit:
            break
    return cut(found, limit)


def _newest_first(dependencies: ApiDependencies, stream: Stream, window: str, first: int, last: int) -> Iterator[Read]:
    """Read history piece by piece, so that a short list of a long history does not decode all of it."""
    while True:
        piece = history(dependencies.store, stream, window, first, last, CHUNK)
        yield from piece
        if len(piece) < CHUNK:
            return
        last = piece[-1].tick - 1


def _shape(read: Read, reading: Reading, tick_seconds: int) -> MonitorShape:
    return MonitorShape(
        kind=read.stream.kind,
        model=read.stream.model,
        version=read.stream.version,
        segment=read.stream.segment,
        subject=reading.subject,
        detector=reading.detector,
        window=read.window,
        at=datetime.fromtimestamp((read.tick + 1) * tick_seconds, UTC),
        state=reading.state,
        n=reading.n,
        reference_n=reading.reference_n,
        value=reading.value,
        low=reading.low,
        high=reading.high,
        p_value=reading.p_value,
        threshold=reading.threshold,
        why=reading.why,
        moves=[MoveShape(label=m.label, expected=m.expected, observed=m.observed) for m in reading.moves],
    )
