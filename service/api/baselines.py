"""The reference a model version is watched against: reading it, and putting another in its place."""

import asyncio
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from alerting.audit import AuditEntry
from detectors.baseline import EVENTS, Baseline, BaselineError
from service.api.answers import problems
from service.api.body import BodyReader, Room
from service.api.dependencies import ApiDependencies, Boarded, Dependencies
from service.api.gate import Caller, needs
from service.api.models import ModelDetail, ModelName, Version, find_model, model_version
from service.api.problem import Problem
from service.reference import ReferenceColumns, fit_reference
from service.sources.row import FileUnreadable
from service.sources.rows import read_columns
from service.store.changes import ModelKey
from service.store.learning import model_versions, put_baseline
from service.store.queries import baseline_text
from service.store.records import append_audit, ms

WatchedKind: TypeAlias = Annotated[
    Literal["prediction", "feature"], Query(description="Kind of event the stream is made of.")
]

SUFFIXES = {"text/csv": ".csv", "application/x-ndjson": ".ndjson"}
"""Rows that a baseline can be fitted to; application/json is a baseline that is already fitted."""

BODY_SECONDS_MAX = 60.0
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Put:
    """One request to replace a baseline, with everything that was sent."""

    key: ModelKey
    content_type: str
    body: bytes
    roles: ReferenceColumns
    caller: Caller


def baseline_routes() -> APIRouter:
    """Baselines: readable by everyone who may read, replaced by admins only."""
    router = APIRouter(tags=["models"])
    path = "/v1/models/{model:path}/versions/{version:path}/baseline"
    router.get(
        path,
        response_class=Response,
        responses={200: {"content": {"application/json": {}}}, **problems(404, 422)},
        dependencies=[Depends(needs("read"))],
    )(baseline)
    router.put(
        path,
        responses=problems(400, 404, 408, 409, 413, 415, 422),
        openapi_extra={
            "requestBody": {"required": True, "content": {kind: {} for kind in ("application/json", *SUFFIXES)}}
        },
    )(replace_baseline)
    return router


def baseline(
    dependencies: Dependencies, model: ModelName, version: Version, kind: WatchedKind = "prediction"
) -> Response:
    """Give the current baseline exactly as it is kept; `driftwarden baseline fit --out` writes the same form."""
    key = ModelKey(kind, model, version)
    stored = baseline_text(dependencies.store, key.kind, key.model, key.version)
    if stored is None:
        known = find_model(dependencies, key)
        learn_events = dependencies.settings.baseline.learn_events
        raise Problem(404, detail=f"{model!r} {version!r} is still learning: {known.learned} of {learn_events} events.")
    return Response(stored[0], media_type="application/json")


async def replace_baseline(
    request: Request,
    dependencies: Dependencies,
    board: Boarded,
    caller: Annotated[Caller, Depends(needs("admin"))],
    model: ModelName,
    version: Version,
    kind: WatchedKind = "prediction",
    prediction: Annotated[str, Query(description="Column of the model's output.")] = "prediction",
    label: Annotated[str, Query(description="Column of the truth, which is not watched here.")] = "label",
    segment: Annotated[str, Query(description="Column of the segment.")] = "segment",
    time: Annotated[str, Query(description="Column of the time, which tells how dependent the rows are.")] = "",
    categorical: Annotated[str, Query(description="Comma-separated columns of numbers that are categories.")] = "",
    ignore: Annotated[str, Query(description="Comma-separated columns to leave out.")] = "",
) -> ModelDetail:
    """Make another baseline current: one that is fitted (JSON), or rows to fit one to (CSV, NDJSON).

    Events are counted against it from the next commit on. Who did it is in the audit.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json" and content_type not in SUFFIXES:
        known = ", ".join(("application/json", *SUFFIXES))
        raise Problem(415, detail=f"Content-Type {content_type or '(none)'!r} is not read here; send {known}.")
    roles = ReferenceColumns(prediction, label, segment, time, _names(categorical), _names(ignore))
    room: Room = request.app.state.room
    reader = BodyReader(room, dependencies.settings.api.body_bytes_max, BODY_SECONDS_MAX)
    try:
        body = await reader.read(request)
        put = _Put(ModelKey(kind, model, version), content_type, body, roles, caller)
        await asyncio.to_thread(_replace, dependencies, put)
    finally:
        reader.close()
    return await asyncio.to_thread(model_version, dependencies, board, model, version, kind)


def _replace(dependencies: ApiDependencies, put: _Put) -> None:
    key = put.key
    _check_name(dependencies, key)
    new = _baseline_of(dependencies, put)
    held = baseline_text(dependencies.store, key.kind, key.model, key.version)
    now = dependencies.wall()
    origin = "put as a fitted baseline" if put.content_type == "application/json" else "fitted to rows that were put"
    entry = AuditEntry(
        at=now, actor=put.caller.name, action="baseline.put", subject=f"{key.kind}/{key.model}@{key.version}",
        before={"baseline": Baseline.from_json(held[0]).id} if held is not None else None,
        after={"baseline": new.id, "subjects": len(new.subjects), "rows": int(new.reference[""][EVENTS])},
        reason=origin,
    )  # fmt: skip
    with dependencies.store.write() as connection:
        put_baseline(connection, key, new, f"{origin} by {put.caller.name}", ms(now))
        append_audit(connection, [entry])


def _check_name(dependencies: ApiDependencies, key: ModelKey) -> None:
    chars_max = dependencies.settings.limits.string_chars_max
    for name, text in (("model", key.model), ("version", key.version)):
        if not 0 < len(text) <= chars_max:
            raise Problem(422, detail=f"{name} has {len(text)} characters; give 1 to {chars_max}.")
    known = model_versions(dependencies.store)
    models_max = dependencies.settings.limits.models_max
    if len(known) >= models_max and all(version.key != key for version in known):
        raise Problem(409, detail=f"limits.models_max is {models_max} and {len(known)} are known; raise it first.")


def _baseline_of(dependencies: ApiDependencies, put: _Put) -> Baseline:
    try:
        text = put.body.decode()
        ready, seconds = put.content_type == "application/json", dependencies.settings.time.tick_seconds
        made = Baseline.from_json(text, seconds) if ready else _fitted(dependencies, put)
    except UnicodeDecodeError as fault:
        raise Problem(422, detail=f"The body is not UTF-8: {fault}.") from None
    except BaselineError as fault:
        raise Problem(422, detail=f"The body is no baseline: {fault}.") from None
    except RecursionError:
        raise Problem(422, detail="The body is no baseline: it is nested too deeply.") from None
    features_max = dependencies.settings.limits.features_max
    if not 0 < len(made.subjects) <= features_max + 2:
        raise Problem(
            422,
            detail=f"The baseline has {len(made.subjects)} subjects; it needs at least one, and limits.features_max "
            f"is {features_max}.",
        )
    if any(_SURROGATE.search(text) for text in _texts(made)):
        raise Problem(422, detail="The baseline holds half a character (a lone surrogate); write names as whole UTF-8.")
    return made


def _fitted(dependencies: ApiDependencies, put: _Put) -> Baseline:
    with tempfile.TemporaryDirectory(prefix="driftwarden-") as folder:
        rows = FilePath(folder) / f"rows{SUFFIXES[put.content_type]}"
        rows.write_bytes(put.body)
        try:
            settings = dependencies.settings
            columns = read_columns(rows)
            return fit_reference(columns, put.roles, settings.baseline, tick_seconds=settings.time.tick_seconds)
        except (ValueError, FileUnreadable) as fault:
            # Where the body was kept for a moment is nobody's business.
            why = str(fault).replace(str(rows), "the body").rstrip(".")
            raise Problem(422, detail=f"No baseline can be fitted to these rows: {why}.") from None


def _texts(made: Baseline) -> Iterator[str]:
    yield from made.reference
    for subject in made.subjects:
        yield from (subject.name, subject.note, *subject.categories, *subject.others)


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip() for name in listed.split(",") if name.strip())
