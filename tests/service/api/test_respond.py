"""Acting on incidents over the API."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from alerting.audit import verify
from service.store.records import audit_rows
from service.store.remarks import erase_remark
from service.store.views import incidents_newest_first
from tests.service.api.seed import NOW, Seeded, empty, get, seeded, tokens

TOMORROW = (NOW + timedelta(hours=23)).isoformat()


def newest(made: Seeded) -> str:
    return incidents_newest_first(made.store, limit=1)[0].id


async def act(made: Seeded, name: str, token: str = "", incident: str = "", **fields: object) -> httpx2.Response:
    async with made.client(token) as client:
        return await client.post(f"/v1/incidents/{incident or newest(made)}/{name}", json=fields)


async def shown(made: Seeded) -> dict[str, Any]:
    found: dict[str, Any] = (await get(made, f"/v1/incidents/{newest(made)}")).json()
    return found


async def test_an_acknowledgement_is_in_the_name_of_the_token() -> None:
    answer = await act(seeded(tokens()), "ack", "respond", note="On it.")

    found = answer.json()
    assert (answer.status_code, found["handling"], found["hold"]["by"]) == (200, "acked", "respond-holder")
    assert [(one["author"], one["text"]) for one in found["remarks"]] == [("respond-holder", "On it.")]


async def test_without_tokens_anybody_on_this_machine_acts_as_anonymous() -> None:
    assert (await act(seeded(), "ack")).json()["hold"]["by"] == "anonymous"


async def test_an_act_answers_as_the_incident_does() -> None:
    made = seeded()
    assert (await act(made, "ack")).json() == await shown(made)


async def test_an_acknowledgement_meets_its_deadline_and_leaves_the_others() -> None:
    found = (await act(seeded(), "ack")).json()

    met = [(one["name"], one["met_at"] is not None) for one in found["deadlines"]]
    assert met == [("acknowledge", True), ("findings", False), ("decision", False)]
    assert found["next_timer"]["kind"] in ("findings", "lease")


async def test_an_acknowledgement_may_say_until_when() -> None:
    until = (NOW + timedelta(hours=2)).isoformat()
    assert (await act(seeded(), "ack", until=until)).json()["hold"]["until"] == until.replace("+00:00", "Z")


async def test_what_was_acknowledged_can_be_given_back() -> None:
    made = seeded()
    await act(made, "ack")
    found = (await act(made, "release", note="Off shift.")).json()

    assert (found["handling"], found["hold"]) == ("notified", None)


async def test_a_silence_says_why() -> None:
    made = seeded()
    assert (await act(made, "silence", until=TOMORROW)).status_code == 422
    found = (await act(made, "silence", until=TOMORROW, note="A planned migration.")).json()
    assert (found["handling"], found["remarks"][0]["text"]) == ("silenced", "A planned migration.")


async def test_a_silence_at_act_is_no_longer_than_a_day() -> None:
    late = (NOW + timedelta(hours=25)).isoformat()
    answer = await act(seeded(), "silence", until=late, note="Please.")

    assert (answer.status_code, answer.json()["detail"].startswith("Until ")) == (409, True)
    assert "24 hours" in answer.json()["detail"]


async def test_a_silence_can_be_looked_at_before_it_begins() -> None:
    made = seeded()
    path = f"/v1/incidents/{newest(made)}/silence"
    allowed = (await get(made, path, until=TOMORROW)).json()
    refused = (await get(made, path, until=(NOW + timedelta(hours=25)).isoformat())).json()

    assert any(line.startswith("income (psi) at act") for line in allowed["hides"])
    assert allowed["until_max"] == (NOW + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    assert (allowed["refused"], "24 hours" in refused["refused"]) == ("", True)
    assert (await shown(made))["handling"] == "notified"


async def test_findings_that_are_written_down_meet_their_deadline() -> None:
    found = (await act(seeded(), "note", text="The import sent cents.", kind="findings")).json()
    assert [one["name"] for one in found["deadlines"] if one["met_at"]] == ["findings"]


async def test_a_role_can_be_given_to_another_party() -> None:
    found = (await act(seeded(), "reassign", role="owner", party="platform")).json()
    assert [one["party"] for one in found["route"] if one["role"] == "owner"] == ["platform"]
    assert (found["told"], found["ended"]) == (["credit-risk", "platform"], ["credit-risk"])


async def test_a_party_that_the_table_does_not_have_is_refused_with_those_it_has() -> None:
    answer = await act(seeded(), "reassign", role="owner", party="nobody-known")
    assert (answer.status_code, "there are: credit-risk, platform" in answer.json()["detail"]) == (409, True)


async def test_closing_takes_a_disposition_and_a_note() -> None:
    made = seeded()
    refused = await act(made, "close", note="Cents.")
    found = (await act(made, "close", disposition="data_bug", note="Cents.")).json()

    assert (refused.status_code, "without a disposition" in refused.json()["detail"]) == (409, True)
    assert found["handling"] == "closed"
    assert (found["closing"]["disposition"], found["closing"]["remark"]) == ("data_bug", found["remarks"][0]["id"])


async def test_what_is_closed_can_be_acted_on_no_more() -> None:
    made = seeded()
    await act(made, "close", disposition="data_bug", note="Cents.")
    answers = [await act(made, "ack"), await act(made, "release"), await act(made, "close")]

    assert [answer.status_code for answer in answers] == [409, 409, 409]


async def test_nobody_acts_on_a_page_that_is_out_of_date() -> None:
    made = seeded()
    seen = len((await shown(made))["notices"])
    first = await act(made, "ack", expect_notices=seen)
    second = await act(made, "close", expect_notices=seen, disposition="false_alarm", note="Nothing.")

    assert (first.status_code, second.status_code) == (200, 409)
    assert f"you saw {seen}" in second.json()["detail"]


async def test_an_unknown_incident_is_a_404_that_names_the_newest() -> None:
    made = seeded()
    answer = await act(made, "ack", incident="inc_0")
    assert (answer.status_code, newest(made) in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize("name", ["ack", "release", "silence", "note", "reassign", "close"])
@pytest.mark.parametrize(("token", "status"), [("", 401), ("read", 403), ("ingest", 403)])
async def test_only_responders_act(name: str, token: str, status: int) -> None:
    assert (await act(empty(tokens()), name, token, incident="inc_0")).status_code == status


async def test_a_password_that_a_browser_sends_unasked_is_not_taken() -> None:
    made = seeded(tokens())
    async with made.client() as client:
        answer = await client.post(
            f"/v1/incidents/{newest(made)}/ack", json={}, auth=httpx2.BasicAuth("anyone", "respond")
        )
    assert answer.status_code == 401


async def test_a_form_of_another_site_cannot_act() -> None:
    made = seeded()
    async with made.client() as client:
        answer = await client.post(f"/v1/incidents/{newest(made)}/ack", content="{}", headers={"Origin": "https://x"})
    assert (answer.status_code, (await shown(made))["handling"]) == (415, "notified")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("note", {"text": " "}), ("note", {"text": "x" * 10_001}), ("note", {"text": "a", "kind": "poem"}),
        ("note", {"text": "a\x00b"}), ("ack", {"until": "2026-01-05T10:00:00"}), ("ack", {"unknown": 1}),
        ("close", {"disposition": "bored"}), ("reassign", {"role": "king", "party": "x"}),
        ("ack", {"expect_notices": -1}),
    ],
)  # fmt: skip
async def test_what_is_not_valid_is_refused_with_its_name(name: str, fields: dict[str, Any]) -> None:
    answer = await act(seeded(), name, **fields)
    assert (answer.status_code, answer.json()["detail"].startswith("body")) == (422, True)


async def test_a_body_is_bounded() -> None:
    assert (await act(seeded(), "note", text="x" * 140_000)).status_code == 413


async def test_the_longest_note_may_be_written_in_any_letters() -> None:
    made = seeded()
    async with made.client() as client:
        body = json.dumps({"text": "\U0001f600" * 10_000})
        answer = await client.post(
            f"/v1/incidents/{newest(made)}/note", content=body, headers={"Content-Type": "application/json"}
        )
    assert (answer.status_code, len(body) > 100_000) == (200, True)


async def test_an_erased_remark_is_shown_as_erased() -> None:
    made = seeded()
    remark = (await act(made, "note", text="Ms Okafor called.")).json()["remarks"][0]
    erase_remark(made.store, remark["id"], actor="admin", why="asked", now=NOW)

    (gone,) = (await shown(made))["remarks"]
    assert (gone["text"], gone["author"], gone["erased_by"]) == (None, "", "admin")
    assert gone["erased_at"] is not None


async def test_the_chain_stays_whole_whatever_people_do() -> None:
    made = seeded()
    acts: list[tuple[str, dict[str, Any]]] = [
        ("ack", {"note": "a"}), ("silence", {"until": TOMORROW, "note": "b"}), ("release", {}),
        ("note", {"text": "c"}), ("reassign", {"role": "owner", "party": "platform", "note": "d"}),
        ("close", {"disposition": "duplicate", "note": "e"}),
    ]  # fmt: skip
    for name, fields in acts:
        assert (await act(made, name, "", "", **fields)).status_code == 200

    with made.store.read() as connection:
        assert verify(audit_rows(connection)) is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"handling": "acked"}, 1), ({"handling": "notified"}, 0), ({"tier": "act"}, 1), ({"tier": "observe"}, 0),
        ({"party": "credit-risk"}, 1), ({"party": "platform"}, 0), ({"owed": "true"}, 1), ({"owed": "false"}, 0),
    ],
)  # fmt: skip
async def test_incidents_can_be_picked_by_how_they_are_handled(query: dict[str, str], found: int) -> None:
    made = seeded()
    await act(made, "ack")
    assert len((await get(made, "/v1/incidents", **query)).json()["items"]) == found
