"""Owners and audit."""

from alerting.ownership_file import parse_ownership
from service.settings import LineageSettings, ViewSettings
from tests.service.api.seed import empty, get, seeded, shared

VIEWED = """\
version: 1
parties: {ds: {contacts: [log]}, desk: {contacts: [log]}}
fallback: {owner: ds}
rules:
  - {id: credit, match: {model: credit}, assign: {owner: ds}}
  - {id: orders, match: {feature_view: orders}, assign: {data_steward: desk}}
"""


async def resolved(**query: str) -> dict[str, object]:
    found: dict[str, object] = (await get(shared(), "/v1/owners/resolve", **query)).json()
    return found


async def test_the_most_specific_rule_names_the_owner() -> None:
    found = await resolved(model="credit")
    assert (found["party"], found["rule"], found["fallback"]) == ("credit-risk", "credit", False)


async def test_the_losers_say_why_they_lost() -> None:
    found = await resolved(model="credit")
    assert found["losers"] == [{"rule": "all", "party": "platform", "why": "rule credit is more specific in model"}]


async def test_a_fallback_is_shown_as_one() -> None:
    found = await resolved(model="credit", role="executive")
    assert (found["party"], found["rule"], found["fallback"]) == ("platform", "", True)


async def test_an_inherited_role_says_from_which() -> None:
    assert (await resolved(model="credit", role="data_steward"))["inherited_from"] == "owner"


async def test_where_a_party_is_reached_is_named_without_its_address() -> None:
    found = await resolved(model="credit")
    assert (found["contacts"], found["specificity"]) == (["log:credit-risk:credit-risk"], "one model")


async def test_all_roles_can_be_asked_for_with_the_policy_that_holds() -> None:
    found = (await get(shared(), "/v1/owners/resolve", model="credit", role="all")).json()
    assert [one["role"] for one in found["roles"]] == [
        "owner", "technical_lead", "data_steward", "responder", "compliance", "executive",
    ]  # fmt: skip
    assert found["roles"][0] == await resolved(model="credit")
    assert (found["policy"], found["policy_rule"]) == ("default", "")
    assert found["tiers"][0] == {
        "tier": "act", "told": ["responder", "owner"], "ack": "15 min", "findings": "4 h", "decision": "24 h",
        "steps": ["responder", "owner", "technical_lead", "executive"],
    }  # fmt: skip


async def test_a_view_that_the_settings_declare_or_the_question_names_decides_too() -> None:
    made = seeded()
    views = LineageSettings(views=(ViewSettings(name="orders", features=("amount",)),))
    made.settings = made.settings.model_copy(update={"lineage": views})
    made.ownership = parse_ownership(VIEWED)

    async def steward(**query: str) -> object:
        return (await get(made, "/v1/owners/resolve", model="credit", role="data_steward", **query)).json()["party"]

    assert [await steward(feature="amount"), await steward(), await steward(view="orders")] == ["desk", "ds", "desk"]
    whole = (await get(made, "/v1/owners/resolve", model="credit", role="all", feature="amount")).json()
    assert (whole["view"], whole["roles"][2]["party"]) == ("orders", "desk")


async def test_a_model_must_be_named() -> None:
    assert (await get(shared(), "/v1/owners/resolve")).status_code == 422


async def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    answer = await get(shared(), "/v1/owners/resolve", model="credit", role="king")
    assert "'owner', 'technical_lead'" in answer.json()["detail"]


async def test_the_audit_is_newest_first() -> None:
    numbers = [item["seq"] for item in (await get(shared(), "/v1/audit")).json()["items"]]
    assert numbers == sorted(numbers, reverse=True)


async def test_an_entry_is_chained_to_the_one_before_it() -> None:
    newest, before = (await get(shared(), "/v1/audit", limit=2)).json()["items"]
    assert newest["previous"] == before["hash"]


async def test_an_empty_audit_is_an_empty_list() -> None:
    assert (await get(empty(), "/v1/audit")).json() == {"items": [], "more": False}
