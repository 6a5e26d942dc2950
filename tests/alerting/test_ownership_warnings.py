"""What a table is warned of, though it loads."""

import pytest

from alerting.ownership_file import parse_ownership
from alerting.ownership_warnings import WARNINGS_MAX, matching_nothing

MAIL = '{email: "ds@team.example"}'
PAGER = '{pagerduty: "env:PD"}'


def warnings(ds: str, ml: str = PAGER, *, assign: str = "owner: ds", rest: str = "") -> list[str]:
    """What a table of two parties is warned of: ml is the fallback, and ds has a role by rule."""
    text = (
        f"version: 1\nparties: {{ds: {{contacts: [{ds}]}}, ml: {{contacts: [{ml}]}}}}\nfallback: {{owner: ml}}\n"
        f"rules: [{{id: a, match: {{model: x}}, assign: {{{assign}}}{rest}}}]\n"
    )
    return list(parse_ownership(text).warnings)


def test_parties_at_which_something_rings_are_not_warned_of() -> None:
    assert warnings(f"{MAIL}, {PAGER}") == []


@pytest.mark.parametrize("role", ["owner", "responder", "data_steward"])
def test_a_party_that_must_act_but_at_which_nothing_rings_is_warned_of(role: str) -> None:
    assert warnings(MAIL, assign=f"{role}: ds") == [
        f"party ds is {role} in rule a, but nothing rings there at night: add a contact of alertmanager, goalert, "
        "pagerduty, webhook"
    ]


@pytest.mark.parametrize("role", ["technical_lead", "compliance", "executive"])
def test_a_party_that_is_only_told_need_not_be_rung(role: str) -> None:
    assert warnings(MAIL, assign=f"{role}: ds") == []


def test_a_fallback_must_be_rung_too() -> None:
    assert warnings(PAGER, MAIL)[0].startswith("party ml is the fallback for owner, but nothing rings there")


def test_a_party_that_only_a_log_tells_is_warned_of_whatever_its_role() -> None:
    assert warnings("log", assign="executive: ds") == [
        "party ds is reached by a log only, which somebody has to read: add another contact"
    ]


def test_a_log_beside_another_contact_is_no_fault() -> None:
    assert warnings(f"log, {PAGER}") == []


def test_a_party_that_nobody_names_is_warned_of_once() -> None:
    assert warnings("log", assign="owner: ml") == ["party ds is named by no rule and no fallback"]


def test_a_policy_that_tells_roles_which_nobody_has_is_warned_of() -> None:
    assert warnings(PAGER, rest=", policy: regulated") == [
        "policy regulated tells technical_lead, responder, compliance, executive, whom no rule and no fallback names: "
        "ml is told instead"
    ]


def test_there_are_never_more_than_a_hundred_warnings() -> None:
    parties = "".join(f"  p{n}: {{contacts: [log]}}\n" for n in range(500))

    assert len(parse_ownership(f"version: 1\nparties:\n{parties}fallback: {{owner: p0}}\n").warnings) == WARNINGS_MAX


GLOBS = """\
version: 1
parties: {ml: {contacts: [log]}}
families: {fraud: ["fraud-*", old-fraud]}
fallback: {owner: ml}
rules:
  - {id: family, match: {family: fraud}, assign: {owner: ml}}
  - {id: glob, match: {model: "credit-*"}, assign: {owner: ml}}
  - {id: exact, match: {model: fraud-score}, assign: {owner: ml}}
  - {id: all, match: {}, assign: {owner: ml}}
"""


def test_patterns_that_no_known_model_fits_are_warned_of() -> None:
    assert matching_nothing(parse_ownership(GLOBS), ["fraud-x"]) == (
        "rule glob: no model fits 'credit-*' among the 1 known",
        "rule exact: there is no model 'fraud-score' among the 1 known",
        "family fraud: there is no model 'old-fraud' among the 1 known",
    )


def test_where_no_model_is_known_nothing_is_concluded() -> None:
    assert matching_nothing(parse_ownership(GLOBS), []) == ()
