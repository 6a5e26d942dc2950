"""Shapes that many routes share: lists with a limit, common parameters, and the problems a route may answer."""

from typing import Annotated, Generic, TypeAlias, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from alerting.finding import EventKind
from detectors.reading import State
from service.api.problem import MEDIA_TYPE

T = TypeVar("T")

LIMIT_MAX = 1_000


class Shape(BaseModel):
    """What every answer is made of: frozen, and built from exactly the fields it declares."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Items(Shape, Generic[T]):
    """A list, newest first where it has times; `more` says that the limit cut it off."""

    items: list[T]
    more: bool = Field(description="True when there are further items; narrow the filters or raise the limit.")


class ProblemShape(Shape):
    """What went wrong and the way out (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["No model 'credti'; there are: credit."])


def _as_text(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip(" +-.0123456789") == "" != value):
        raise ValueError("write a date and a time with its zone, like 2026-01-05T10:00:00Z")
    return value


Moment: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_as_text)]
"""A time as RFC 3339 writes it; a bare number could be seconds or milliseconds, so it is refused."""

Limit: TypeAlias = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Most items to give.")]
Kind: TypeAlias = Annotated[EventKind, Query(description="Kind of event the stream is made of.")]
MaybeKind: TypeAlias = Annotated[EventKind | None, Query(description="Kind of event the stream is made of.")]
Name: TypeAlias = Annotated[str, Query(max_length=4_096)]
MaybeName: TypeAlias = Annotated[str | None, Query(max_length=4_096)]
MaybeState: TypeAlias = Annotated[State | None, Query(description="Only monitors in this state.")]
MaybeTime: TypeAlias = Annotated[Moment | None, Query(description="RFC 3339, with its offset from UTC.")]

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemShape"}

_MEANINGS = {
    400: "The request cannot be read.",
    401: "No known token was sent.",
    403: "The token's role may not do this, or the API is open and the Host header is not its own.",
    404: "There is no such thing; the detail names what there is.",
    408: "The body did not arrive in time.",
    409: "The state of the service does not allow it.",
    413: "The body is too long.",
    415: "The body's Content-Type is not read here.",
    422: "A parameter or the body is not valid; the detail names it.",
    503: "Not now; the detail says what is in the way.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Document the problems of a route; the store may be unreadable under any route, so 503 is always among them."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
        }
        for status in sorted({*statuses, 401, 403, 503})
    }


def cut(found: list[T], limit: int) -> Items[T]:
    """Make an answer of what was found when one more than the limit was asked for."""
    return Items(items=found[:limit], more=len(found) > limit)
