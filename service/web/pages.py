"""The routes of the pages. Names of models may hold any character, so they travel in the query, not in the path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from alerting.finding import Stream
from alerting.incident import Incident
from service.api.board import Tally
from service.api.dependencies import ApiDependencies, Boarded, Dependencies
from service.api.gate import needs
from service.store.changes import ModelKey
from service.store.learning import ModelVersion, model_versions
from service.store.partitions import partitions
from service.store.queries import Read, history
from service.store.views import current_readings, incidents_newest_first, told_of
from service.web.incident_page import act, incident
from service.web.incidents_page import incidents
from service.web.page import missing, page
from service.web.picture import incident_picture
from service.web.scene import choose_window, moved, rows, with_evidence

INCIDENTS_MAX = 200
HISTORY_READINGS = 96


@dataclass(frozen=True, slots=True)
class Entry:
    """One model version on the index."""

    known: ModelVersion
    tally: Tally
    incidents: Sequence[Incident]


def page_routes() -> APIRouter:
    """Index, model and incident pages, and the one form, with their style sheet and icon."""
    router = APIRouter(include_in_schema=False)
    pages = APIRouter(dependencies=[Depends(needs("read", basic=True))])
    pages.get("/", response_class=HTMLResponse)(index)
    pages.get("/model", response_class=HTMLResponse)(model)
    pages.get("/incidents", response_class=HTMLResponse)(incidents)
    pages.get("/incidents/{incident_id}", response_class=HTMLResponse)(incident)
    pages.get("/incidents/{incident_id}/picture.svg", response_class=Response)(incident_picture)
    router.include_router(pages)
    router.post("/incidents/{incident_id}/act", response_class=Response)(act)
    # The two files hold nothing about anybody, and a browser asks for an icon before it has a password.
    router.get("/static/style.css")(_style)
    router.get("/favicon.ico")(_icon)
    router.get("/static/icon.svg")(_icon)
    return router


def index(request: Request, dependencies: Dependencies, board: Boarded) -> Response:
    """All models at a glance, what drifts first."""
    incidents = incidents_newest_first(dependencies.store, open_only=True, limit=INCIDENTS_MAX)
    tallies = board.tallies()
    entries = [
        Entry(known, tallies.get(known.key, Tally()), _of(known.key, incidents))
        for known in model_versions(dependencies.store)
    ]
    entries.sort(key=_urgency)
    books = partitions(dependencies.store)
    facts = {
        "entries": entries,
        "incidents": incidents,
        "learn_events": dependencies.settings.baseline.learn_events,
        "accepted": sum(partition.outcomes.accepted for partition in books),
        "dead": sum(partition.outcomes.dead for partition in books),
        "balanced": all(p.outcomes.total() == p.next - p.begin for p in books),
        "first_ms": _time,
    }
    return page(request, dependencies, "index.html", facts)


def model(
    request: Request,
    dependencies: Dependencies,
    board: Boarded,
    model: str = "",
    version: str = "",
    kind: str = "prediction",
    segment: str = "",
    window: str = "",
) -> Response:
    """One model version: the state of each monitor, what moved, its incidents and what was told."""
    asked = (kind, model, version)
    known = next(
        (v for v in model_versions(dependencies.store) if (v.key.kind, v.key.model, v.key.version) == asked), None
    )
    if known is None:
        return missing(request, dependencies, f"There is no {kind} stream “{model}”, version “{version}”.")
    key = known.key
    reads = current_readings(dependencies.store, kind=key.kind, model=model, version=version)
    segments = sorted({read.stream.segment for read in reads})
    here = [read for read in reads if read.stream.segment == segment]
    if segment and not here:
        return missing(request, dependencies, f"“{model}”, version “{version}”, has no segment “{segment}” now.")
    every = incidents_newest_first(dependencies.store, model=model, limit=INCIDENTS_MAX)
    incidents = _of(key, every)
    facts = {
        "known": known,
        "tally": board.tallies().get(key, Tally()),
        "learn_events": dependencies.settings.baseline.learn_events,
        "segments": segments,
        "segment": segment,
        "incidents": incidents[:20],
        "since": min((m.since for i in incidents if i.open for m in i.held), default=None),
        "told": [told for i in incidents[:3] if (told := told_of(dependencies.store, i.id)) is not None],
        "first_ms": _time,
        **_readings(dependencies, key, segment, here, incidents, window),
    }
    return page(request, dependencies, "model.html", facts)


def _readings(
    dependencies: ApiDependencies,
    key: ModelKey,
    segment: str,
    here: Sequence[Read],
    incidents: Sequence[Incident],
    asked: str,
) -> dict[str, object]:
    """What the page shows of one segment in one window."""
    chosen = choose_window(here, asked)
    read = next((read for read in here if read.window == chosen), None)
    readings = with_evidence(read, here) if read is not None else []
    drawn = []
    if read is not None and any(reading.state == "drifting" for reading in readings):
        stream = Stream(key.kind, key.model, key.version, segment)
        past = history(dependencies.store, stream, chosen, -(2**62), read.tick, HISTORY_READINGS)
        drawn = moved(readings, past, incidents, segment)
    tick_seconds = dependencies.settings.time.tick_seconds
    return {
        "window": chosen,
        "windows": [(read.window, _state(read)) for read in here],
        "rows": rows(readings, dependencies.settings.alerting.psi_tiers),
        "moved": drawn,
        "until": datetime.fromtimestamp((read.tick + 1) * tick_seconds, UTC) if read is not None else None,
        "tiers": dependencies.settings.alerting.psi_tiers,
        "confidence": dependencies.settings.detection.confidence,
    }


def _state(read: Read) -> str:
    states = {reading.state for reading in read.readings}
    return next((state for state in ("drifting", "ok") if state in states), "insufficient")


def _of(key: ModelKey, incidents: Sequence[Incident]) -> list[Incident]:
    return [
        i for i in incidents if (i.stream.kind, i.stream.model, i.stream.version) == (key.kind, key.model, key.version)
    ]


def _urgency(entry: Entry) -> tuple[bool, bool, ModelKey]:
    return not entry.incidents, not entry.tally.drifting, entry.known.key


async def _style() -> Response:
    return _static("style.css", "text/css; charset=utf-8")


async def _icon() -> Response:
    return _static("icon.svg", "image/svg+xml")


def _static(name: str, media_type: str) -> Response:
    content = (files("service.web") / "static" / name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "max-age=300", **_STATIC_HEADERS})


_STATIC_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
