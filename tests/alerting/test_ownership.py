"""Who owns what: the most specific rule per role, and nothing is ever lost."""

from datetime import date

import pytest

from alerting.finding import Stream
from alerting.ownership import ROLES, Ownership
from alerting.ownership_file import parse_ownership
from alerting.route import Role
from tests.alerting.examples import CREDIT, owners

TABLE = """\
version: 1
parties:
  everyone: {contacts: [log]}
  family: {contacts: [log]}
  glob: {contacts: [log]}
  exact: {contacts: [log]}
  version: {contacts: [log]}
  feature: {contacts: [log]}
  norway: {contacts: [log]}
  view: {contacts: [log]}
  platform: {contacts: [log]}
families: {fraud: ["fraud-*"]}
fallback: {owner: platform}
rules:
  - {id: r-any, match: {}, assign: {owner: everyone}}
  - {id: r-view, match: {feature_view: orders}, assign: {owner: view}}
  - {id: r-family, match: {family: fraud}, assign: {owner: family}}
  - {id: r-glob, match: {model: "fraud-*"}, assign: {owner: glob}, review_by: 2026-01-31}
  - {id: r-exact, match: {model: fraud-score}, assign: {owner: exact}}
  - {id: r-version, match: {model: fraud-score, version: "2"}, assign: {owner: version}}
  - {id: r-norway, match: {model: fraud-score, segment: {country: "NO"}}, assign: {owner: norway}}
  - {id: r-feature, match: {model: fraud-score, feature: "amount*"}, assign: {owner: feature}}
"""


def owner(stream: Stream, subject: str = "age", ownership: Ownership | None = None) -> str:
    """Who owns it, by the table above."""
    return (ownership or parse_ownership(TABLE)).resolve("owner", stream, subject).party


@pytest.mark.parametrize(
    ("model", "version", "segment", "subject", "party"),
    [
        ("credit", "1", "", "age", "everyone"),
        ("fraud-x", "1", "", "age", "glob"),
        ("fraud-score", "1", "", "age", "exact"),
        ("fraud-score", "2", "", "age", "version"),
        ("fraud-score", "2", "", "amount", "version"),
        ("fraud-score", "1", "country=NO", "age", "norway"),
        ("fraud-score", "1", "device=ios,country=NO", "age", "norway"),
        ("fraud-score", "1", "country=SE", "age", "exact"),
        ("fraud-score", "1", "country=NO", "amount_eur", "feature"),
    ],
)
def test_the_most_specific_rule_wins(model: str, version: str, segment: str, subject: str, party: str) -> None:
    assert owner(Stream("prediction", model, version, segment), subject) == party


def test_a_feature_view_is_the_model_of_a_stream_of_features() -> None:
    assert owner(Stream("feature", "orders", "1")) == "view"


def test_a_rule_about_a_model_says_nothing_about_a_feature_view_of_that_name() -> None:
    assert owner(Stream("feature", "fraud-score", "1")) == "everyone"


def test_a_feature_view_may_be_named_for_a_feature_of_a_prediction() -> None:
    found = parse_ownership(TABLE).resolve("owner", Stream("prediction", "credit", "1"), "age", "orders")

    assert found.party == "view"


def test_losers_are_named_with_the_place_where_they_lost() -> None:
    losers = parse_ownership(TABLE).resolve("owner", Stream("prediction", "fraud-score", "2"), "age").losers

    assert [str(loser) for loser in losers] == [
        "exact (rule r-exact): rule r-version is more specific in version",
        "glob (rule r-glob): rule r-version is more specific in model",
        "family (rule r-family): rule r-version is more specific in model",
        "everyone (rule r-any): rule r-version is more specific in model",
    ]


def test_a_data_steward_that_no_rule_names_is_the_owner_by_rule() -> None:
    found = parse_ownership(TABLE).resolve("data_steward", Stream("prediction", "fraud-score", "1"), "age")

    assert (found.party, found.rule, found.fallback, found.inherited_from) == ("exact", "r-exact", False, "owner")


def test_a_role_that_no_rule_names_falls_back() -> None:
    found = owners().resolve("compliance", CREDIT, "income")

    assert (found.party, found.rule, found.fallback) == ("platform", "", True)


@pytest.mark.parametrize("role", ROLES)
def test_somebody_always_has_every_role(role: Role) -> None:
    assert owners().resolve(role, Stream("prediction", "nobody-knows", "1"), "x").party == "platform"


def test_a_segment_of_plain_text_is_matched_whole() -> None:
    rule = "  - {id: r-vip, match: {model: fraud-score, segment: vip}, assign: {owner: platform}}\n"
    table = parse_ownership(TABLE + rule)

    assert owner(Stream("prediction", "fraud-score", "1", "vip"), ownership=table) == "platform"


def test_a_route_names_every_role_with_its_destinations_and_who_is_last() -> None:
    route = owners().route(CREDIT, "income")

    assert [(a.role, a.party, len(a.destinations)) for a in route.everybody] == [
        ("owner", "credit-ds", 1), ("data_steward", "data-desk", 1), ("responder", "on-call", 2),
        ("technical_lead", "platform", 1), ("compliance", "platform", 1), ("executive", "platform", 1),
        ("responder", "platform", 1),
    ]  # fmt: skip


def test_a_rule_past_its_review_is_overdue() -> None:
    assert parse_ownership(TABLE).overdue(date(2026, 2, 1)) == (
        "rule r-glob was to be reviewed by 2026-01-31: check it and move the date",
    )


def test_a_rule_is_not_overdue_on_the_day() -> None:
    assert parse_ownership(TABLE).overdue(date(2026, 1, 31)) == ()
