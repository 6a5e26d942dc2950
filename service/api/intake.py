"""POST /v1/events: a body becomes records of the local log, and 200 means that they are on disk.

Only the envelope is looked at here. An event that is wrong inside becomes a dead letter in the pipeline, exactly as
one from Kafka does, so that one bad event never costs a producer its good ones.
"""

import asyncio
from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Request, Response

from service.api.body import BodyReader, Room
from service.api.problem import MEDIA_TYPE, Problem
from service.events.envelope import split
from service.sources.event_log import EventLog
from service.sources.log_errors import KeyReused, LogUnavailable

CONTENT_TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
KEY_CHARS_MAX = 255
BODIES_AT_ONCE = 16
"""Bodies of the largest size that may be in memory together; more are told to try again."""

LARGE_BODY_BYTES = 262_144
"""From this size a body is taken apart in a thread, so that other requests do not wait for it."""


def intake_routes(
    log: EventLog, body_bytes_max: int, *, wall_ms: Callable[[], int], body_seconds_max: float = 30
) -> APIRouter:
    """Build the route. `wall_ms` dates the records (ms, UTC); ValueError when the log cannot hold the largest body."""
    if body_bytes_max * 4 > log.bytes_max:
        raise ValueError(
            f"http.bytes_max {log.bytes_max} is less than four times api.body_bytes_max {body_bytes_max}: "
            "raise the first or lower the second"
        )
    room = Room(body_bytes_max * BODIES_AT_ONCE)
    router = APIRouter()

    @router.post("/v1/events", response_model=None, responses=_RESPONSES, openapi_extra=_REQUEST)
    async def take_events(request: Request) -> Response:
        """Store prediction, feature, label and health events; 200 means they are on disk.

        Only the envelope is checked: an event that is wrong inside is stored, and becomes a dead letter when read.
        A repeated Idempotency-Key with the same events answers as the first request did and stores nothing.
        """
        content_type = _content_type(request)
        key = _idempotency_key(request)
        reader = BodyReader(room, body_bytes_max, body_seconds_max)
        try:
            body = await reader.read(request)
            values = await _values(body, content_type, request)
            return await _store(log, values, key, wall_ms())
        finally:
            reader.close()

    return router


async def _values(body: bytes, content_type: str, request: Request) -> list[bytes]:
    headers = [(name.decode("latin-1"), value) for name, value in request.headers.raw]
    if not body.strip():
        raise Problem(400, detail="The body is empty; send at least one event.")
    try:
        if len(body) < LARGE_BODY_BYTES:
            values = split(body, content_type, headers)
        else:
            values = await asyncio.to_thread(split, body, content_type, headers)
    except ValueError as fault:
        raise Problem(400, detail=f"The body cannot be taken apart as {content_type}: {fault}") from fault
    if not values:
        raise Problem(400, detail="The body holds no event; send at least one.")
    return values


async def _store(log: EventLog, values: list[bytes], key: str | None, now_ms: int) -> Response:
    try:
        stored = await log.append_durable(values, idempotency_key=key, now_ms=now_ms)
    except LogUnavailable as full:
        raise Problem(
            503,
            detail=f"Nothing was stored: {full.reason}. Keep the events and try again.",
            headers={"Retry-After": str(full.retry_after_seconds)},
        ) from full
    except KeyReused as misuse:
        raise Problem(422, detail=f"Nothing was stored: {misuse}.") from misuse
    answer = {
        "accepted": len(values),
        "first_offset": stored.first_offset,
        "next_offset": stored.next_offset,
        "repeated": stored.repeated,
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _content_type(request: Request) -> str:
    """Give the media type without its parameters; a CloudEvent in binary mode may carry any."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given not in CONTENT_TYPES and "ce-specversion" not in request.headers:
        raise Problem(
            415,
            detail=f"Content-Type {given or '(none)'!r} is not read here; send {', '.join(CONTENT_TYPES)}, "
            "or a CloudEvent in binary mode.",
            headers={"Accept-Post": ", ".join(CONTENT_TYPES)},
        )
    return given or "application/json"


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= KEY_CHARS_MAX:
        raise Problem(400, detail=f"Idempotency-Key has {len(key)} characters; give 1 to {KEY_CHARS_MAX}.")
    return key


_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "Every event is on disk, at offsets first_offset <= offset < next_offset."},
    **{
        status: {"description": meaning, "content": {MEDIA_TYPE: {}}}
        for status, meaning in {
            400: "The body is empty or its envelope cannot be read; nothing was stored.",
            413: "The body is too long; nothing was stored.",
            415: "Content-Type or Content-Encoding is not read here; nothing was stored.",
            422: "The Idempotency-Key was used before with other events; nothing was stored.",
            503: "Nothing was stored; try again after Retry-After seconds.",
        }.items()
    },
}
_REQUEST: dict[str, object] = {
    "requestBody": {"required": True, "content": {content_type: {} for content_type in CONTENT_TYPES}},
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "maxLength": KEY_CHARS_MAX},
            "description": "Makes a retry safe: the same key with the same events is stored once.",
        }
    ],
}
