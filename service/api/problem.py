"""Every error the HTTP side answers has one shape: problem+json (RFC 9457), saying what was wrong and the way out."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
FAULTS_MAX = 10
"""Faults of one request that are spelled out; further ones are counted."""


class Problem(Exception):
    """Raise it anywhere below a route to answer this status, title and detail.

    >>> Problem(413, detail="The body is longer than 5 bytes.").title
    'Content Too Large'
    """

    def __init__(
        self, status: int, title: str = "", detail: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title or _PHRASES.get(status) or HTTPStatus(status).phrase
        self.detail = detail
        self.headers = headers or {}

    def response(self) -> Response:
        """Build the answer."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return Response(msgspec.json.encode(body), self.status, self.headers, MEDIA_TYPE)


def answer_problems(app: FastAPI) -> None:
    """Make the app answer problem+json to every error, FastAPI's own and our bugs included."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""The names of RFC 9110, which Python 3.11 does not know yet."""


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem), "registered for problems only"
    return error.response()


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for HTTP errors only"
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"There is nothing at {request.url.path}."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = f"{request.url.path} does not take {request.method}; it takes {allowed}."
    return Problem(error.status_code, detail=detail, headers=error.headers).response()


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for validation errors only"
    faults = error.errors()
    lines = [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']} (was {str(fault.get('input'))[:100]!r})"
        for fault in faults[:FAULTS_MAX]
    ]
    if len(faults) > FAULTS_MAX:
        lines.append(f"and {len(faults) - FAULTS_MAX} more")
    return Problem(422, detail="; ".join(lines)).response()


def _bug(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer, so it still reaches the server's log with its traceback.
    return Problem(500, detail="The fault is the service's own; its log says what it was.").response()
