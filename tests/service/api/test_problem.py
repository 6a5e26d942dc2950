"""Errors of the HTTP side as the client sees them."""

import httpx2
import pytest
from fastapi import FastAPI

from service.api.problem import Problem, answer_problems


def client(*, raise_bugs: bool = True) -> httpx2.AsyncClient:
    app = FastAPI()
    answer_problems(app)

    @app.get("/models")
    async def models(limit: int) -> int:
        return limit

    @app.get("/closed")
    async def closed() -> None:
        raise Problem(503, detail="Closed for today.", headers={"Retry-After": "5"})

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError("a secret of ours")

    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=raise_bugs)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


async def test_a_problem_is_answered_as_problem_json() -> None:
    async with client() as http:
        answer = await http.get("/closed")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Closed for today.",
    }


async def test_an_unknown_path_is_a_problem_that_names_it() -> None:
    async with client() as http:
        answer = await http.get("/nowhere")

    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at /nowhere.",
    }


async def test_a_wrong_method_is_a_problem_that_names_the_right_one() -> None:
    async with client() as http:
        answer = await http.post("/models")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["detail"] == "/models does not take POST; it takes GET."


async def test_a_wrong_parameter_is_a_problem_that_names_field_and_value() -> None:
    async with client() as http:
        answer = await http.get("/models?limit=many")

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["title"]) == (422, "Unprocessable Content")
    assert answer.json()["detail"].startswith("query.limit: ")
    assert answer.json()["detail"].endswith("(was 'many')")


async def test_a_bug_of_ours_is_answered_without_its_inside() -> None:
    async with client(raise_bugs=False) as http:
        answer = await http.get("/bug")

    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_a_bug_of_ours_still_reaches_the_server() -> None:
    async with client() as http:
        with pytest.raises(RuntimeError, match="a secret of ours"):
            await http.get("/bug")
