"""A small JSON body, read whole within a size and a time, and checked against a model."""

from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from service.api.body import BodyReader, Room
from service.api.problem import Problem

BODY_BYTES_MAX = 65_536
BODY_SECONDS_MAX = 10.0

T = TypeVar("T", bound=BaseModel)


async def json_body(request: Request, kind: type[T], *, bytes_max: int = BODY_BYTES_MAX) -> T:
    """Read the body as `kind`; raises Problem 408, 413 or 415, and what FastAPI answers 422 to when it is not valid."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise Problem(415, detail=f"Content-Type {content_type or '(none)'!r} is not read here; send application/json.")
    room: Room = request.app.state.room
    reader = BodyReader(room, bytes_max, BODY_SECONDS_MAX, shorter="; say less, and link to the rest")
    try:
        return kind.model_validate_json(await reader.read(request))
    except ValidationError as fault:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in fault.errors()]) from None
    finally:
        reader.close()


def documented(kind: type[BaseModel]) -> dict[str, object]:
    """Describe such a body in the OpenAPI document."""
    content = {"application/json": {"schema": kind.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
