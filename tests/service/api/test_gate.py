"""Who is let through."""

import base64
import functools
import hashlib
from typing import get_args

import httpx2
import pytest
from fastapi import APIRouter

from service.api.gate import admit, refuse_strange_host
from service.api.problem import Problem
from service.settings import ApiSettings, Role, TokenSettings
from tests.service.api.seed import Seeded, empty, tokens

READS = (
    "/v1/deployments", "/v1/models", "/v1/monitors", "/v1/findings", "/v1/incidents", "/v1/dead-letters",
    "/v1/ledger", "/v1/audit",
)  # fmt: skip
PAGES = ("/metrics", "/", "/model", "/incidents", "/incidents/x", "/incidents/x/picture.svg", "/openapi.json")


@functools.cache
def guarded() -> Seeded:
    made = empty(tokens())
    made.intake = APIRouter()
    made.intake.post("/v1/events")(lambda: {"accepted": 1})
    return made


async def status(path: str, token: str, method: str = "GET") -> int:
    async with guarded().client(token) as client:
        return (await client.request(method, path)).status_code


@pytest.mark.parametrize("path", [*READS, *PAGES])
async def test_without_a_token_nothing_is_read(path: str) -> None:
    assert await status(path, "") == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probes_need_no_token(path: str) -> None:
    async with guarded().client() as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(("role", "expected"), [("ingest", 403), ("read", 200), ("respond", 200), ("admin", 200)])
async def test_every_role_but_ingest_reads(path: str, role: str, expected: int) -> None:
    assert await status(path, role) == expected


@pytest.mark.parametrize(("role", "expected"), [("ingest", 200), ("read", 403), ("respond", 403), ("admin", 200)])
async def test_only_ingest_and_admin_send_events(role: str, expected: int) -> None:
    assert await status("/v1/events", role, "POST") == expected


@pytest.mark.parametrize(("role", "expected"), [("ingest", 415), ("read", 403), ("respond", 415), ("admin", 415)])
async def test_whoever_sends_events_or_responds_announces_deployments(role: str, expected: int) -> None:
    assert await status("/v1/deployments", role, "POST") == expected


@pytest.mark.parametrize(("role", "expected"), [("ingest", 403), ("read", 403), ("respond", 403), ("admin", 415)])
async def test_only_admin_replaces_a_baseline(role: str, expected: int) -> None:
    assert await status("/v1/models/m/versions/1/baseline", role, "PUT") == expected


async def test_an_unknown_token_is_refused() -> None:
    assert await status("/v1/models", "guess") == 401


async def test_a_refusal_says_how_to_send_a_token() -> None:
    async with guarded().client() as client:
        answer = await client.get("/v1/models")
    assert answer.headers["www-authenticate"] == 'Bearer realm="driftwarden"'


async def test_a_page_lets_a_browser_ask_for_the_token() -> None:
    async with guarded().client() as client:
        answer = await client.get("/")
    assert answer.headers["www-authenticate"] == 'Basic realm="driftwarden", charset="UTF-8"'


@pytest.mark.parametrize("path", ["/", "/metrics"])
async def test_the_password_of_basic_may_be_the_token(path: str) -> None:
    async with guarded().client() as client:
        assert (await client.get(path, auth=httpx2.BasicAuth("anyone", "read"))).status_code == 200


async def test_the_api_takes_no_password_that_a_browser_would_send_unasked() -> None:
    async with guarded().client() as client:
        assert (await client.get("/v1/models", auth=httpx2.BasicAuth("anyone", "admin"))).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic " + base64.b64encode(b"x:").decode(), "Bearer \udcff"],
)
def test_a_header_without_a_token_lets_nobody_in(header: str) -> None:
    nothing = TokenSettings(name="empty", role="admin", sha256=hashlib.sha256(b"").hexdigest())
    with pytest.raises(Problem, match="No known token"):
        admit([nothing], header, "read", basic=True)


def test_a_refusal_never_repeats_the_token() -> None:
    with pytest.raises(Problem) as refusal:
        admit(tokens().api.tokens, "Bearer s3cret-guess", "read")
    assert "s3cret-guess" not in refusal.value.detail


def test_a_token_held_under_two_roles_may_do_what_either_may() -> None:
    digest = hashlib.sha256(b"t").hexdigest()
    both = [TokenSettings(name="a", role="ingest", sha256=digest), TokenSettings(name="b", role="read", sha256=digest)]
    assert admit(both, "Bearer t", "read").name == "b"


@pytest.mark.parametrize("role", get_args(Role))
def test_the_caller_bears_the_name_of_its_token(role: Role) -> None:
    assert admit(tokens().api.tokens, f"Bearer {role}", role).name == f"{role}-holder"


@pytest.mark.parametrize("host", ["127.0.0.1:8350", "localhost", "[::1]:8350", "127.9.9.9"])
def test_an_open_api_answers_under_its_own_names(host: str) -> None:
    refuse_strange_host(ApiSettings(), host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "[", "127.0.0.1.evil.example:8350", "10.0.0.1"]
)
def test_an_open_api_refuses_other_names(host: str) -> None:
    with pytest.raises(Problem, match="not this service's own"):
        refuse_strange_host(ApiSettings(), host)


def test_an_open_api_answers_under_its_public_name() -> None:
    refuse_strange_host(ApiSettings(public_url="https://drift.example/"), "drift.example")


async def test_the_host_does_not_matter_to_who_has_a_token() -> None:
    async with guarded().client("read", host="drift.example") as client:
        assert (await client.get("/v1/models")).status_code == 200


async def test_an_open_api_is_open() -> None:
    async with empty().client() as client:
        assert (await client.get("/v1/models")).status_code == 200
