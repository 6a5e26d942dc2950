"""Responders at work over HTTP: every action in the name of its token, none on what has moved on."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from alerting.audit import verify
from service.store.records import audit_rows
from tests.service.api.seed import NOW, Seeded, seeded, tokens


@pytest.fixture(name="made")
def _made() -> Seeded:
    return seeded(tokens())


async def incident(made: Seeded) -> dict[str, Any]:
    async with made.client("read") as client:
        found = (await client.get("/v1/incidents")).json()["items"][0]["id"]
        answer: dict[str, Any] = (await client.get(f"/v1/incidents/{found}")).json()
    return answer


async def act(made: Seeded, action: str, token: str = "respond", **fields: object) -> httpx2.Response:
    known = (await incident(made))["id"]
    async with made.client(token) as client:
        return await client.post(f"/v1/incidents/{known}/{action}", json=fields)


async def test_an_acknowledgement_names_the_token_that_made_it(made: Seeded) -> None:
    answer = await act(made, "ack")

    people = answer.json()["people"]
    assert (answer.status_code, answer.json()["handling"], people["hold"]["by"]) == (200, "acked", "respond-holder")
    with made.store.read() as connection:
        assert audit_rows(connection)[-1].entry.actor == "respond-holder"


async def test_whoever_may_only_read_changes_nothing(made: Seeded) -> None:
    answer = await act(made, "ack", token="read")

    assert (answer.status_code, (await incident(made))["handling"]) == (403, "notified")


async def test_without_a_token_nobody_acts(made: Seeded) -> None:
    assert (await act(made, "ack", token="")).status_code == 401


async def test_a_silence_is_looked_at_and_then_set(made: Seeded) -> None:
    known = (await incident(made))["id"]
    async with made.client("respond") as client:
        shown = (await client.get(f"/v1/incidents/{known}/silence")).json()
    until = (NOW + timedelta(hours=2)).isoformat()
    answer = await act(made, "silence", until=until, note="migration of orders")

    assert any("income" in line for line in shown["hides"])
    assert datetime.fromisoformat(shown["until_max"]) == NOW + timedelta(hours=24)
    assert (answer.json()["handling"], [r["text"] for r in answer.json()["people"]["remarks"]]) == (
        "silenced", ["migration of orders"],
    )  # fmt: skip


async def test_a_silence_that_is_too_long_is_refused_with_the_way_out(made: Seeded) -> None:
    answer = await act(made, "silence", until=(NOW + timedelta(days=3)).isoformat(), note="migration")

    assert answer.status_code == 409
    assert "give a time within 24 hours" in answer.json()["detail"]


async def test_findings_meet_their_deadline(made: Seeded) -> None:
    answer = await act(made, "note", kind="findings", note="the feed sends cents")

    met = {deadline["name"]: deadline["met_at"] is not None for deadline in answer.json()["people"]["deadlines"]}
    assert met == {"acknowledge": False, "findings": True, "decision": False}


async def test_a_role_is_handed_to_a_party_of_the_table(made: Seeded) -> None:
    answer = await act(made, "reassign", role="owner", party="platform")

    assert answer.json()["people"]["parties"]["owner"] == "platform"
    assert {(n["intent"], n["party"]) for n in answer.json()["notices"][-2:]} == {
        ("resolve", "credit-risk"), ("open", "platform"),
    }  # fmt: skip


async def test_act_cannot_be_closed_without_saying_what_it_was(made: Seeded) -> None:
    answer = await act(made, "close", note="done")

    assert answer.status_code == 409
    assert "cannot be closed without a disposition" in answer.json()["detail"]


async def test_what_is_closed_is_no_longer_open_and_waits_for_nobody(made: Seeded) -> None:
    answer = await act(made, "close", disposition="data_bug", note="the feed sent cents; mended")
    async with made.client("read") as client:
        owed = (await client.get("/v1/incidents", params={"owed": "true"})).json()["items"]

    assert (answer.json()["handling"], answer.json()["people"]["closing"]["disposition"], owed) == (
        "closed", "data_bug", [],
    )  # fmt: skip


async def test_nothing_is_done_about_what_has_moved_on_meanwhile(made: Seeded) -> None:
    seen = (await incident(made))["people"]["notices_told"]
    await act(made, "ack")
    answer = await act(made, "close", disposition="data_bug", note="mended", seen=seen)

    assert (answer.status_code, "has moved on" in answer.json()["detail"]) == (409, True)


async def test_an_unknown_incident_is_said_with_those_there_are(made: Seeded) -> None:
    async with made.client("respond") as client:
        answer = await client.post("/v1/incidents/inc_nope/ack", json={})

    assert (answer.status_code, "the newest are: inc_" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("ack", {"until": "tomorrow"}), ("ack", {"untill": None}), ("silence", {}), ("close", {"disposition": "meh"}),
        ("note", {"note": "x" * 10_001}), ("reassign", {"party": ""}), ("ack", {"until": "2025-11-24T10:00:00"}),
    ],
)  # fmt: skip
async def test_a_body_that_is_not_valid_is_refused_by_its_field(
    made: Seeded, action: str, body: dict[str, Any]
) -> None:
    assert (await act(made, action, **body)).status_code == 422


async def test_a_note_of_nothing_but_space_is_refused(made: Seeded) -> None:
    answer = await act(made, "note", note="   ")

    assert (answer.status_code, "says nothing" in answer.json()["detail"]) == (422, True)


async def test_whether_a_silence_would_be_refused_is_said_beforehand(made: Seeded) -> None:
    known = (await incident(made))["id"]
    async with made.client("read") as client:
        answers = [
            (await client.get(f"/v1/incidents/{known}/silence", params={"until": (NOW + late).isoformat()})).json()
            for late in (timedelta(hours=24), timedelta(hours=25))
        ]

    assert [(one["refused"] == "", "within 24 hours" in one["refused"]) for one in answers] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert (await incident(made))["handling"] == "notified"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"handling": "acked"}, 1), ({"handling": "notified"}, 0), ({"tier": "act"}, 1), ({"tier": "observe"}, 0),
        ({"party": "credit-risk"}, 1), ({"party": "platform"}, 0), ({"owed": "true"}, 1), ({"owed": "false"}, 0),
    ],
)  # fmt: skip
async def test_incidents_can_be_picked_by_how_they_are_handled(made: Seeded, query: dict[str, str], found: int) -> None:
    await act(made, "ack")
    async with made.client("read") as client:
        assert len((await client.get("/v1/incidents", params=query)).json()["items"]) == found


async def test_a_password_that_a_browser_sends_unasked_is_not_taken(made: Seeded) -> None:
    known = (await incident(made))["id"]
    async with made.client() as client:
        answer = await client.post(f"/v1/incidents/{known}/ack", json={}, auth=httpx2.BasicAuth("any", "respond"))

    assert (answer.status_code, (await incident(made))["handling"]) == (401, "notified")


async def test_a_form_of_another_site_cannot_act_where_there_are_no_tokens() -> None:
    made = seeded()
    async with made.client() as client:
        known = (await client.get("/v1/incidents")).json()["items"][0]["id"]
        answer = await client.post(f"/v1/incidents/{known}/ack", content="{}", headers={"Origin": "https://x"})

    assert answer.status_code == 415


@pytest.mark.parametrize(("chars", "status"), [(10_000, 200), (12_000, 413)])
async def test_the_longest_note_may_be_written_in_any_letters(made: Seeded, chars: int, status: int) -> None:
    known = (await incident(made))["id"]
    async with made.client("respond") as client:
        answer = await client.post(
            f"/v1/incidents/{known}/note",
            content=json.dumps({"note": "\U0001f600" * chars}),
            headers={"Content-Type": "application/json"},
        )

    assert answer.status_code == status


async def test_whoever_comes_second_finds_what_the_first_did(tmp_path: Path) -> None:
    made = seeded(tokens(), f"sqlite:///{tmp_path / 'store.db'}")
    answers = await asyncio.gather(*(act(made, "close", disposition="data_bug", note="cents") for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    with made.store.read() as connection:
        assert [row.entry.action for row in audit_rows(connection)].count("incident.closed") == 1
        assert verify(audit_rows(connection)) is None


@pytest.mark.parametrize("until", [5, 1_900_000_000, "1900000000", "12.5"])
async def test_a_bare_number_is_no_time(made: Seeded, until: object) -> None:
    answer = await act(made, "ack", until=until)

    assert (answer.status_code, "like 2026-01-05T10:00:00Z" in answer.json()["detail"]) == (422, True)
