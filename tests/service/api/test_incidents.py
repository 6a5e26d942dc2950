"""Findings and incidents."""

from tests.service.api.seed import empty, get, shared


async def incident_id() -> str:
    return str((await get(shared(), "/v1/incidents")).json()["items"][0]["id"])


async def test_findings_are_newest_first() -> None:
    ids = [item["id"] for item in (await get(shared(), "/v1/findings")).json()["items"]]
    assert ids == sorted(ids, reverse=True)


async def test_a_finding_says_where_when_and_why() -> None:
    found = (await get(shared(), "/v1/findings", model="credit", limit=1)).json()["items"][0]
    assert (found["model"], found["tier"], found["condition"], bool(found["reason"])) == (
        "credit",
        "act",
        "drifting",
        True,
    )


async def test_findings_of_another_model_are_left_out() -> None:
    assert (await get(shared(), "/v1/findings", model="fraud")).json()["items"] == []


async def test_open_incidents_can_be_picked() -> None:
    items = (await get(shared(), "/v1/incidents", open="true")).json()["items"]
    assert [(item["model"], item["tier"], item["resolved_at"]) for item in items] == [("credit", "act", None)]


async def test_resolved_incidents_can_be_picked() -> None:
    assert (await get(shared(), "/v1/incidents", open="false")).json()["items"] == []


async def test_incidents_of_a_model_can_be_picked() -> None:
    assert len((await get(shared(), "/v1/incidents", model="credit")).json()["items"]) == 1


async def test_a_model_s_name_is_matched_exactly() -> None:
    found = [(await get(shared(), "/v1/incidents", model=name)).json()["items"] for name in ("CREDIT", "credi_", "%")]
    assert found == [[], [], []]


async def test_an_incident_names_everything_that_broke() -> None:
    members = (await get(shared(), f"/v1/incidents/{await incident_id()}")).json()["members"]
    assert {"income", "prediction"} <= {member["subject"] for member in members}


async def test_an_incident_holds_the_words_that_were_sent() -> None:
    notices = (await get(shared(), f"/v1/incidents/{await incident_id()}")).json()["notices"]
    assert [(n["party"], n["role"], n["intent"], "What moved" in n["text"]) for n in notices] == [
        ("credit-risk", "owner", "open", True)
    ]


async def test_an_incident_says_whether_its_notices_arrived() -> None:
    deliveries = (await get(shared(), f"/v1/incidents/{await incident_id()}")).json()["deliveries"]
    assert [(d["state"], d["attempts"]) for d in deliveries] == [("pending", 0)]


async def test_a_delivery_does_not_tell_its_address() -> None:
    (delivery,) = (await get(shared(), f"/v1/incidents/{await incident_id()}")).json()["deliveries"]
    assert {"target", "payload", "url"} & set(delivery) == set()


async def test_an_unknown_incident_is_a_404_that_names_the_newest() -> None:
    detail = (await get(shared(), "/v1/incidents/inc_0")).json()["detail"]
    assert detail == f"There is no incident 'inc_0'; the newest are: {await incident_id()}."


async def test_before_the_first_incident_a_404_says_so() -> None:
    assert (await get(empty(), "/v1/incidents/inc_0")).json()["detail"].endswith("there has been none yet.")


async def test_an_incident_says_when_it_began_and_what_changed_shortly_before() -> None:
    told = (await get(shared(), f"/v1/incidents/{await incident_id()}")).json()

    assert told["began_at"] == "2025-11-24T16:20:00Z"
    assert told["candidates"] == [
        {
            "kind": "deploy", "what": "intake <2.3>", "at": "2025-11-24T16:16:00Z", "reason": "announced by ci",
            "link": "",
        }
    ]  # fmt: skip


async def test_a_filter_that_does_not_exist_is_refused_with_those_that_do() -> None:
    answer = await get(shared(), "/v1/incidents", owned="true")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("No query parameter 'owned' here; there are: handling, ")
