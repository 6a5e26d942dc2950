"""A role that is left to nobody on purpose: with a reason, until a day, and never for whom something broken needs."""

from datetime import date

import pytest

from alerting.errors import OwnershipError
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.route import Role
from tests.alerting.examples import CREDIT

TABLE = """\
version: 1
parties:
  ds: {contacts: [log]}
  desk: {contacts: [log]}
  platform: {contacts: [log]}
fallback: {owner: platform}
rules:
  - {id: all, match: {model: "credit-*"}, assign: {owner: ds}}
  - id: old
    match: {model: credit-score}
    assign: {owner: {none: "retired in spring", until: 2027-03-31}, compliance: ds}
"""
DAY = date(2026, 11, 20)


def table(text: str = TABLE, today: date | None = DAY) -> Ownership:
    """The table above, or another, as it stands on a day."""
    return parse_ownership(text, "owners.yaml", today)


def party(ownership: Ownership, role: Role = "owner") -> str:
    """Who has a role for the model that nobody is to own."""
    return ownership.resolve(role, CREDIT, "income").party


def test_nobody_has_the_role_and_the_fallback_does_not_get_it() -> None:
    found = table().resolve("owner", CREDIT, "income")

    assert (found.party, found.rule, found.fallback) == ("nobody", "old", False)
    assert str(found.unowned) == "nobody until 2027-03-31: retired in spring"


def test_what_is_nobodys_is_told_nowhere() -> None:
    assert table().route(CREDIT, "income").owner.destinations == ()


def test_a_data_steward_that_no_rule_names_is_nobody_as_well() -> None:
    found = table().resolve("data_steward", CREDIT, "income")

    assert (found.party, found.inherited_from, found.unowned is not None) == ("nobody", "owner", True)


def test_whoever_responds_and_whoever_watches_the_watcher_are_told_as_ever() -> None:
    assert table().route(CREDIT, "income").responder.party == "platform"
    assert table().sight_route().owner.party == "platform"


def test_the_other_roles_of_the_rule_stay() -> None:
    assert party(table(), "compliance") == "ds"


@pytest.mark.parametrize(("today", "owner"), [(date(2027, 3, 30), "nobody"), (date(2027, 3, 31), "ds")])
def test_from_the_day_on_it_is_as_if_the_rule_had_not_named_the_role(today: date, owner: str) -> None:
    assert party(table(today=today)) == owner


def test_what_has_run_out_is_warned_of() -> None:
    (warning, *_) = table(today=date(2027, 4, 1)).warnings

    assert warning == (
        "rule old left the role owner to nobody until 2027-03-31, and no longer does: name a party, or move the date"
    )


def test_a_table_in_which_something_ran_out_is_known_as_another() -> None:
    assert table().config_sha == table(today=None).config_sha != table(today=date(2027, 4, 1)).config_sha


def test_a_table_that_leaves_nothing_to_nobody_has_no_such_party() -> None:
    assert "nobody" in table().parties
    assert "nobody" not in table(today=date(2027, 4, 1)).parties


@pytest.mark.parametrize(("until", "refused"), [("2027-11-21", False), ("2027-11-22", True)])
def test_a_year_ahead_is_as_far_as_it_goes(until: str, refused: bool) -> None:
    text = TABLE.replace("2027-03-31", until)

    if not refused:
        assert party(table(text)) == "nobody"
        return
    with pytest.raises(OwnershipError, match="over a year ahead"):
        table(text)


def test_nobody_and_somebody_for_the_same_is_a_contradiction() -> None:
    rule = "  - {id: new, match: {model: credit-score}, assign: {owner: desk}}\n"

    with pytest.raises(OwnershipError, match=r"gives the role owner to 'desk', and rule 'old'.* to 'nobody'"):
        table(TABLE + rule)


def test_a_loser_that_would_have_left_it_to_nobody_says_so() -> None:
    rule = "  - {id: new, match: {model: credit-score, version: '31'}, assign: {owner: desk}}\n"

    assert [loser.party for loser in table(TABLE + rule).resolve("owner", CREDIT, "x").losers] == ["nobody", "ds"]
