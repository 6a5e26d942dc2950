"""What the document says is what the API does."""

import asyncio
import functools
import re
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.api.app import build_api, openapi
from tests.service.api.seed import Seeded, empty, get, seeded, shared, tokens

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
VERSION = "/v1/models/{model}/versions/{version}"


def take() -> None:
    """Stand for the intake, whose own tests are elsewhere."""


@functools.cache
def document() -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    made = empty()
    made.intake = APIRouter()
    made.intake.post("/v1/events")(take)
    return openapi(build_api(made.dependencies()))


def test_the_page_of_the_api_lists_every_route() -> None:
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    routes = {f"{method.upper()} {path}" for path, item in document()["paths"].items() for method in item}
    assert listed == routes


def test_every_route_says_what_it_is_for() -> None:
    operations = [operation for item in document()["paths"].values() for operation in item.values()]
    assert [operation["operationId"] for operation in operations if not operation.get("description")] == []


def test_every_problem_has_the_one_schema() -> None:
    wrong = [
        (path, status)
        for path, item in document()["paths"].items()
        for operation in item.values()
        for status, answer in operation["responses"].items()  # type: ignore[attr-defined]
        if int(status) >= 400
        and answer["content"] != {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}}
    ]
    assert wrong == []


def test_every_route_but_the_probes_is_behind_the_gate() -> None:
    open_to_all = {path for path, item in document()["paths"].items() for op in item.values() if "security" not in op}
    # A webhook has a signature in the place of a token.
    assert open_to_all == {"/livez", "/readyz", "/v1/hooks/pagerduty"}


PROVOKED = [
    ("get", "/v1/models", "/v1/models?limit=0", "", 422),
    ("get", "/v1/models", "/v1/models", "ingest", 403),
    ("get", "/v1/models", "/v1/models", "nobody", 401),
    ("get", VERSION, "/v1/models/x/versions/1", "read", 404),
    ("get", VERSION, "/v1/models/x/versions/1?kind=y", "read", 422),
    ("get", f"{VERSION}/baseline", "/v1/models/x/versions/1/baseline", "read", 404),
    ("get", f"{VERSION}/baseline", "/v1/models/x/versions/1/baseline?kind=label", "read", 422),
    ("put", f"{VERSION}/baseline", "/v1/models/x/versions/1/baseline", "read", 403),
    ("put", f"{VERSION}/baseline", "/v1/models/x/versions/1/baseline", "admin", 415),
    ("put", f"{VERSION}/baseline", "/v1/models/x/versions/1/baseline?kind=label", "admin", 422),
    ("get", "/v1/monitors", "/v1/monitors?state=fine", "read", 422),
    ("get", "/v1/readings", "/v1/readings?model=x&version=1", "read", 404),
    ("get", "/v1/readings", "/v1/readings?model=x", "read", 422),
    ("get", "/v1/findings", "/v1/findings?limit=1001", "read", 422),
    ("get", "/v1/incidents", "/v1/incidents?open=perhaps", "read", 422),
    ("get", "/v1/incidents/{id}", "/v1/incidents/x", "read", 404),
    ("get", "/v1/deployments", "/v1/deployments?limit=0", "read", 422),
    ("post", "/v1/deployments", "/v1/deployments", "read", 403),
    ("post", "/v1/deployments", "/v1/deployments", "ingest", 415),
    ("get", "/v1/dead-letters", "/v1/dead-letters?limit=x", "read", 422),
    ("get", "/v1/ledger", "/v1/ledger?verify=perhaps", "read", 422),
    ("get", "/v1/owners/resolve", "/v1/owners/resolve", "read", 422),
    ("get", "/v1/audit", "/v1/audit", "ingest", 403),
    ("delete", "/v1/remarks/{id}", "/v1/remarks/x?reason=y", "respond", 403),
    ("delete", "/v1/remarks/{id}", "/v1/remarks/x?reason=y", "admin", 404),
    ("delete", "/v1/remarks/{id}", "/v1/remarks/x", "admin", 422),
    ("get", "/metrics", "/metrics", "nobody", 401),
    ("post", "/v1/events", "/v1/events", "read", 403),
]


@functools.cache
def guarded() -> Seeded:
    made = seeded(tokens())
    made.intake = APIRouter()
    made.intake.post("/v1/events")(take)
    return made


@pytest.mark.parametrize(("method", "path", "url", "token", "status"), PROVOKED)
async def test_every_problem_that_can_be_provoked_is_documented(
    method: str, path: str, url: str, token: str, status: int
) -> None:
    async with guarded().client(token or "read") as client:
        answer = await client.request(method, url)
    documented = document()["paths"][path][method]["responses"]
    assert (answer.status_code, str(status) in documented) == (status, True)  # type: ignore[operator]


@pytest.mark.parametrize(("method", "path", "url", "token", "status"), PROVOKED)
async def test_every_problem_has_its_shape(method: str, path: str, url: str, token: str, status: int) -> None:
    async with guarded().client(token or "read") as client:
        answer = await client.request(method, url)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}


async def test_the_document_can_be_fetched() -> None:
    assert (await get(shared(), "/openapi.json")).json()["info"]["title"] == "Driftwarden"


async def test_no_page_of_the_framework_loads_scripts_from_elsewhere() -> None:
    assert [(await get(shared(), path)).status_code for path in ("/docs", "/redoc")] == [404, 404]


PARAMETERS = (
    "kind", "model", "version", "segment", "subject", "detector", "window", "state", "limit", "from", "to", "open",
    "reason", "verify", "feature", "role",
)  # fmt: skip
PATHS = (
    "/v1/models", "/v1/models/credit/versions/3", "/v1/models/credit/versions/3/baseline", "/v1/monitors",
    "/v1/readings", "/v1/findings", "/v1/incidents", "/v1/deployments", "/v1/dead-letters", "/v1/ledger",
    "/v1/owners/resolve", "/v1/audit", "/", "/model", "/metrics",
)  # fmt: skip
NAMES = ["credit", "3", "prediction", "feature", "income", "psi", "1h", "5m", "drifting", "country=NO", "owner", "true"]
NUMBERS = ["7", "1000", "-1", "9" * 40, "%", "\x00"]
TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-05T10:00:00Z"]
KNOWN = st.sampled_from([*NAMES, *NUMBERS, *TIMES])
VALUES = KNOWN | st.text(max_size=30) | st.integers().map(str) | st.datetimes().map(lambda at: f"{at.isoformat()}Z")


@given(path=st.sampled_from(PATHS), query=st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=6))
@example(path="/v1/readings", query={"model": "credit", "version": "3", "from": "0001-01-01T00:00:00+14:00"})
@example(path="/v1/readings", query={"model": "credit", "version": "3", "to": "9999-12-31T23:59:59-14:00"})
@example(path="/v1/readings", query={"model": "credit", "version": "3", "from": "1e400"})
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_no_parameters_make_the_service_fail(path: str, query: dict[str, str]) -> None:
    async def ask() -> httpx2.Response:
        async with shared().client() as client:
            return await client.get(path, params=query)

    assert asyncio.run(ask()).status_code in (200, 404, 422)


@given(name=st.text(min_size=1, max_size=40))
@example(name="..")
@example(name="a/../b")
@example(name="\x00")
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_name_in_a_path_makes_the_service_fail(name: str) -> None:
    async def ask() -> list[int]:
        quoted = httpx2.URL("http://x", params={"n": name}).query.decode()[2:].replace("+", "%20")
        async with shared().client() as client:
            paths = (f"/v1/models/{quoted}/versions/{quoted}", f"/v1/incidents/{quoted}", f"/incidents/{quoted}")
            return [(await client.get(path)).status_code for path in paths]

    assert set(asyncio.run(ask())) <= {200, 404, 405, 422}
