"""The ledger and the dead letters."""

import httpx2
from sqlalchemy import update

from service.api.app import build_api
from service.store.schema import source_partition
from tests.service.api.seed import Seeded, get, seeded, shared


async def test_the_books_of_every_partition_are_shown() -> None:
    found = (await get(shared(), "/v1/ledger")).json()
    assert [(p["source"], p["partition"], p["records"]) for p in found["partitions"]] == [
        ("kafka", "events/0", 1_000), ("log", "log/0", 50),
    ]  # fmt: skip


async def test_outcomes_add_up_to_the_records() -> None:
    partition = (await get(shared(), "/v1/ledger")).json()["partitions"][0]
    assert sum(partition["outcomes"].values()) == partition["records"]


async def test_balanced_books_can_be_proved() -> None:
    found = (await get(shared(), "/v1/ledger", verify="true")).json()
    assert (found["balanced"], found["verified"]) == (True, True), found


def tampered() -> Seeded:
    made = seeded()
    with made.store.write() as connection:
        connection.execute(
            update(source_partition).where(source_partition.c.source == "kafka").values(accepted=991, late=1)
        )
    return made


async def test_what_the_totals_hide_the_proof_finds() -> None:
    made = tampered()
    found = [(await get(made, "/v1/ledger", verify=verify)).json()["balanced"] for verify in ("false", "true")]
    assert found == [True, False]


async def test_the_proof_says_what_does_not_add_up() -> None:
    partition = (await get(tampered(), "/v1/ledger", verify="true")).json()["partitions"][0]
    assert "accepted: 991 in total, 990 in the ledger" in partition["faults"]


async def test_a_second_proof_at_the_same_time_is_put_off() -> None:
    app = build_api(shared().dependencies())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with app.state.proof:
            answer = await client.get("/v1/ledger", params={"verify": "true"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_dead_letters_say_why() -> None:
    items = (await get(shared(), "/v1/dead-letters")).json()["items"]
    assert {item["offset"]: item["reason"] for item in items} == {3: "not_json", 4: "missing_field", 5: "tombstone"}


async def test_dead_letters_can_be_picked_by_reason() -> None:
    items = (await get(shared(), "/v1/dead-letters", reason="not_json")).json()["items"]
    assert [item["offset"] for item in items] == [3]


async def test_bytes_that_are_no_text_are_shown_as_text() -> None:
    (item,) = (await get(shared(), "/v1/dead-letters", reason="not_json")).json()["items"]
    assert item["value"] == "\ufffd{"


async def test_a_long_value_is_cut_and_says_so() -> None:
    (item,) = (await get(shared(), "/v1/dead-letters", reason="missing_field")).json()["items"]
    assert (len(item["value"]), item["value_cut"]) == (2_048, True)


async def test_a_record_without_a_value_shows_none() -> None:
    (item,) = (await get(shared(), "/v1/dead-letters", reason="tombstone")).json()["items"]
    assert item["value"] is None
