"""Announcing deployments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from service.store.deployments import KEPT_DAYS, PER_MODEL_MAX, Deployment, add_deployment
from service.store.records import ms
from tests.service.api.seed import NOW, Seeded, empty, get, tokens

TOLD = {"id": "ci-4711", "model": "credit", "version": "3", "what": "scoring 2.3", "link": "https://ci.example/4711"}


async def announce(made: Seeded, **fields: object) -> httpx2.Response:
    async with made.client() as client:
        return await client.post("/v1/deployments", json={**TOLD, **fields})


async def listed(made: Seeded, **query: object) -> list[Any]:
    items: list[Any] = (await get(made, "/v1/deployments", **query)).json()["items"]
    return items


async def test_what_was_announced_is_kept_with_who_said_so() -> None:
    async with empty(tokens()).client("ingest") as client:
        answer = await client.post("/v1/deployments", json={**TOLD, "at": "2025-11-24T16:16:00+01:00"})

    assert (answer.status_code, answer.json()) == (
        200,
        {
            **TOLD, "at": "2025-11-24T15:16:00Z", "announced_by": "ingest-holder",
            "announced_at": NOW.isoformat().replace("+00:00", "Z"),
        },
    )  # fmt: skip


async def test_without_a_time_it_is_now() -> None:
    assert datetime.fromisoformat((await announce(empty())).json()["at"]) == NOW


async def test_the_same_announcement_again_answers_the_same_and_adds_nothing() -> None:
    made = empty()
    once, again = await announce(made), await announce(made)

    assert (again.status_code, again.json(), len(await listed(made))) == (200, once.json(), 1)


async def test_another_deployment_under_a_known_id_is_refused_with_what_differs() -> None:
    made = empty()
    await announce(made)
    answer = await announce(made, what="scoring 2.4", at="2025-11-24T00:00:00Z")

    assert answer.status_code == 409
    assert "was announced with another what and at" in answer.json()["detail"]
    assert [one["what"] for one in await listed(made)] == ["scoring 2.3"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id": ""}, "body.id"),
        ({"model": "x" * 257}, "limits.string_chars_max"),
        ({"model": "a\x00b"}, "NUL"),
        ({"what": "two\nlines"}, "write it on one line"),
        ({"what": "x" * 201}, "body.what"),
        ({"link": "javascript:alert(1)"}, "https://"),
        ({"at": "2025-11-24T16:16:00"}, "body.at"),
        ({"at": (NOW + timedelta(minutes=61)).isoformat()}, "ahead of this service's clock"),
        ({"at": (NOW - timedelta(days=91)).isoformat()}, "90 days"),
        ({"who": "me"}, "body.who"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_field(fields: dict[str, object], named: str) -> None:
    made = empty()
    answer = await announce(made, **fields)

    assert (answer.status_code, named in answer.json()["detail"], await listed(made)) == (422, True, [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": "\\ud800"}', b"\xff"])
async def test_a_body_that_is_no_announcement_is_refused(body: bytes) -> None:
    async with empty().client() as client:
        answer = await client.post("/v1/deployments", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422


async def test_a_body_that_is_too_long_is_refused_with_the_way_out() -> None:
    answer = await announce(empty(), what="x" * 20_000)

    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "The body is longer than 16384 bytes; say less, and link to the rest.",
    )


async def test_a_page_elsewhere_cannot_announce_through_a_browser() -> None:
    async with empty().client() as client:
        answer = await client.post("/v1/deployments", content=b"{}", headers={"content-type": "text/plain"})

    assert answer.status_code == 415


async def test_they_are_listed_newest_first_and_by_model() -> None:
    made = empty()
    for n, model in enumerate(("credit", "fraud", "credit")):
        await announce(made, id=str(n), model=model, at=(NOW - timedelta(hours=n)).isoformat())

    assert [one["id"] for one in await listed(made)] == ["0", "1", "2"]
    assert [one["id"] for one in await listed(made, model="credit")] == ["0", "2"]


def test_only_the_newest_of_a_model_are_kept_and_none_for_ever() -> None:
    made = empty()
    old = datetime(2025, 1, 1, tzinfo=UTC)
    later = old + timedelta(days=KEPT_DAYS, minutes=2)

    def add(name: str, model: str, at: datetime) -> None:
        with made.store.write() as connection:
            add_deployment(connection, Deployment(name, model, "", ms(at), "x", "", "ci", ms(at)))

    def kept() -> list[str]:
        with made.store.read() as connection:
            return list(connection.exec_driver_sql("select id from deployment order by at_ms, id").scalars())

    add("b", "fraud", old)
    for n in range(PER_MODEL_MAX + 3):
        add(f"a{n}", "credit", old + timedelta(minutes=n))
    assert (len(kept()), kept()[:2]) == (PER_MODEL_MAX + 1, ["b", "a3"])

    add("c", "fraud", later)
    assert "b" not in kept()
