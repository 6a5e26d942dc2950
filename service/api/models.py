"""What is watched: model versions, and what the baseline of one can and cannot see."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from alerting.finding import EventKind
from detectors.baseline import EVENTS, Baseline, SubjectKind
from detectors.reading import State
from service.api.answers import Items, Kind, Limit, MaybeKind, Shape, cut, problems
from service.api.board import Tally
from service.api.dependencies import ApiDependencies, Boarded, Dependencies
from service.api.gate import needs
from service.api.problem import Problem
from service.store.changes import ModelKey
from service.store.learning import ModelVersion, model_versions
from service.store.queries import baseline_text

ModelName = Annotated[str, Path(description="Model, or feature view for kind=feature.", examples=["credit"])]
Version = Annotated[str, Path(description="Its version.", examples=["3"])]

NAMES_MAX = 20
"""How many existing names a 404 gives."""


class ModelShape(Shape):
    """Where a model version stands."""

    kind: EventKind
    model: str = Field(examples=["credit"])
    version: str = Field(examples=["3"])
    watch: Literal["learning", "watched"] = Field(description="Learning its baseline, or watched against one.")
    learned: int = Field(description="Events the baseline has been learned from so far.")
    learn_events: int = Field(description="Events a baseline is learned from.")
    baseline: str = Field(description="Id of the current baseline; empty while learning.")
    state: State = Field(description="drifting when any monitor is; ok when some monitor could see and none drifts.")
    monitors_ok: int
    monitors_drifting: int
    monitors_insufficient: int
    first_at: datetime = Field(description="When it was first seen.")
    last_at: datetime = Field(description="When its events were last committed.")


class SubjectShape(Shape):
    """One thing the baseline watches; a note says what of it cannot be watched, and why."""

    name: str = Field(examples=["income"])
    kind: SubjectKind
    bins: int = Field(description="Value cells its counts are kept in.")
    note: str = Field(examples=["", "9,988 distinct texts in 10,000 rows: only missing values are watched"])


class SegmentShape(Shape):
    """One segment that is watched on its own; the empty name is all events."""

    segment: str
    rows: int = Field(description="Rows of the reference.")


class ModelDetail(ModelShape):
    """A model version with its baseline's summary, which is absent while it is learning."""

    origin: str | None = Field(description="Where the baseline came from.")
    baseline_at: datetime | None = Field(description="When it was made current.")
    segments: list[SegmentShape]
    subjects: list[SubjectShape]


def model_routes() -> APIRouter:
    """Model versions for people and programs to look up."""
    router = APIRouter(tags=["models"], dependencies=[Depends(needs("read"))])
    router.get("/v1/models", responses=problems(422))(models)
    router.get("/v1/models/{model:path}/versions/{version:path}", responses=problems(404, 422))(model_version)
    return router


def models(dependencies: Dependencies, board: Boarded, kind: MaybeKind = None, limit: Limit = 100) -> Items[ModelShape]:
    """List the model versions ever seen, by name."""
    found = [known for known in model_versions(dependencies.store) if kind in (None, known.key.kind)]
    tallies = board.tallies()
    learn_events = dependencies.settings.baseline.learn_events
    return cut([_shape(known, tallies.get(known.key, Tally()), learn_events) for known in found[: limit + 1]], limit)


def model_version(
    dependencies: Dependencies, board: Boarded, model: ModelName, version: Version, kind: Kind = "prediction"
) -> ModelDetail:
    """Say where one model version stands, and what its baseline can and cannot see."""
    known = find_model(dependencies, ModelKey(kind, model, version))
    learn_events = dependencies.settings.baseline.learn_events
    shape = _shape(known, board.tallies().get(known.key, Tally()), learn_events)
    stored = baseline_text(dependencies.store, kind, model, version)
    if stored is None:
        return ModelDetail(**dict(shape), origin=None, baseline_at=None, segments=[], subjects=[])
    text, origin, created_ms = stored
    baseline = Baseline.from_json(text)
    return ModelDetail(
        **dict(shape),
        origin=origin,
        baseline_at=at_ms(created_ms),
        segments=_segments(baseline),
        subjects=_subjects(baseline),
    )


def find_model(dependencies: ApiDependencies, key: ModelKey) -> ModelVersion:
    """Find a model version, or raise a Problem that names those there are."""
    every = model_versions(dependencies.store)
    for known in every:
        if known.key == key:
            return known
    raise Problem(404, detail=f"There is no {key.kind} stream {key.model!r} {key.version!r}; {_those(every)}.")


def at_ms(ms: int) -> datetime:
    """The UTC time of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _those(every: Iterable[ModelVersion]) -> str:
    names = [f"{known.key.kind} {known.key.model!r} {known.key.version!r}" for known in every]
    if not names:
        return "no model version has been seen yet: send events, or put a baseline"
    more = f" and {len(names) - NAMES_MAX} more (GET /v1/models)" if len(names) > NAMES_MAX else ""
    return "there are: " + ", ".join(names[:NAMES_MAX]) + more


def _shape(known: ModelVersion, tally: Tally, learn_events: int) -> ModelShape:
    return ModelShape(
        kind=known.key.kind,
        model=known.key.model,
        version=known.key.version,
        watch="watched" if known.state == "watched" else "learning",
        learned=known.learned,
        learn_events=learn_events,
        baseline=known.baseline,
        state=tally.state,
        monitors_ok=tally.ok,
        monitors_drifting=tally.drifting,
        monitors_insufficient=tally.insufficient,
        first_at=at_ms(known.first_ms),
        last_at=at_ms(known.last_ms),
    )


def _segments(baseline: Baseline) -> list[SegmentShape]:
    return [SegmentShape(segment=name, rows=int(counts[EVENTS])) for name, counts in baseline.reference.items()]


def _subjects(baseline: Baseline) -> list[SubjectShape]:
    return [
        SubjectShape(name=subject.name, kind=subject.kind, bins=subject.value_cells, note=subject.note)
        for subject in baseline.subjects
    ]
