"""What each tier expects: the default, what a table lays over it, and which policy holds for a subject."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.errors import OwnershipError
from alerting.escalation_policy import (
    DEFAULT,
    Clocks,
    EscalationPolicy,
    Span,
    WorkingDays,
    built_in,
    parse_span,
    span_text,
)
from alerting.finding import Stream
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.stored import read, written
from alerting.tiers import Tier
from tests.alerting.examples import CREDIT, owners

HEAD = "version: 1\nparties: {ds: {contacts: [log]}}\nfallback: {owner: ds}\n"


def table(policies: str, rules: str = "") -> Ownership:
    """A table with these policies and rules, as they are written in a flow."""
    return parse_ownership(f"{HEAD}policies: {policies}\nrules: [{rules}]\n")


def faults(policies: str, rules: str = "") -> list[str]:
    """What such a table is refused for, without the place."""
    with pytest.raises(OwnershipError) as caught:
        table(policies, rules)
    return [f"{fault.problem}. {fault.fix}" for fault in caught.value.faults]


def policy(model: str, ownership: Ownership, subject: str = "age") -> str:
    """The name of the policy that holds for a model."""
    return ownership.policy_for(Stream("prediction", model, "1"), subject).name


def test_what_is_expected_at_act_by_default() -> None:
    assert DEFAULT.at(Tier.ACT) == replace(
        DEFAULT.act, clocks=Clocks(timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24))
    )
    assert DEFAULT.act.steps == ("responder", "owner", "technical_lead", "executive")


def test_investigate_is_counted_in_working_days() -> None:
    assert DEFAULT.investigate.clocks == Clocks(WorkingDays(1), WorkingDays(3), WorkingDays(5))


def test_observe_expects_nothing() -> None:
    assert DEFAULT.at(Tier.OBSERVE) is None


def test_a_table_without_policies_has_the_default_everywhere() -> None:
    assert owners().policy_for(CREDIT, "income") == DEFAULT


def test_regulated_is_there_unwritten_and_tells_compliance_of_every_act() -> None:
    found = table("{}", "{id: a, match: {model: credit}, policy: regulated, assign: {owner: ds}}").policy_for(
        Stream("prediction", "credit", "1"), "age"
    )

    assert found.act.told == ("responder", "owner", "compliance")
    assert replace(found, name="default", act=DEFAULT.act) == DEFAULT


def test_regulated_names_compliance_once_though_the_default_does() -> None:
    default = replace(DEFAULT, act=replace(DEFAULT.act, told=("compliance", "owner")))

    assert built_in(default)["regulated"].act.told == ("owner", "compliance")


def test_what_a_policy_does_not_say_is_as_in_the_default() -> None:
    written = table("{fast: {act: {ack: 5 min, steps: [owner, executive]}}}").policies["fast"]

    assert written == EscalationPolicy(
        "fast",
        replace(
            DEFAULT.act, clocks=replace(DEFAULT.act.clocks, ack=timedelta(minutes=5)), steps=("owner", "executive")
        ),
        DEFAULT.investigate,
        DEFAULT.blind,
    )


def test_the_default_that_a_table_writes_is_what_the_others_are_laid_over() -> None:
    found = table("{slow: {act: {findings: 5 h}}, default: {act: {ack: 1 h}}}")

    assert {name: span_text(one.act.clocks.ack) for name, one in found.policies.items()} == {
        "default": "1 h", "regulated": "1 h", "slow": "1 h",
    }  # fmt: skip
    assert policy("any", found) == "default"
    assert found.policy_for(CREDIT, "x").act.clocks.ack == timedelta(hours=1)


def test_a_written_regulated_still_tells_compliance() -> None:
    found = table("{regulated: {act: {ack: 5 min}}}").policies["regulated"]

    assert (found.act.told[-1], found.act.clocks.ack) == ("compliance", timedelta(minutes=5))


RULES = """{id: all, match: {}, assign: {owner: ds}, policy: slow},
 {id: credit, match: {model: "credit-*"}, assign: {owner: ds}, policy: regulated},
 {id: score, match: {model: credit-score}, assign: {owner: ds}},
 {id: age, match: {model: credit-score, feature: age}, assign: {owner: ds}, policy: fast}"""


@pytest.mark.parametrize(
    ("model", "subject", "name"),
    [
        ("fraud", "age", "slow"),
        ("credit-x", "age", "regulated"),
        ("credit-score", "income", "regulated"),  # The rule that is more specific names no policy.
        ("credit-score", "age", "fast"),
    ],
)
def test_the_most_specific_rule_that_names_a_policy_wins(model: str, subject: str, name: str) -> None:
    assert policy(model, table("{slow: {}, fast: {}}", RULES), subject) == name


def test_two_equally_specific_rules_may_not_name_two_policies() -> None:
    rules = (
        '{id: a, match: {model: "a-*"}, assign: {owner: ds}, policy: default}, '
        '{id: b, match: {model: "*-b"}, assign: {owner: ds}, policy: regulated}'
    )

    assert faults("{}", rules) == [
        "rule 'b' names the policy 'regulated', and rule 'a', which is as specific and covers some of the same, "
        "'default'. Make one of the two narrower, or name the same policy"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{p: {act: {ack: soon}}}", "policies.p.act.ack: time 'soon' cannot be read. Write it like"),
        ("{p: {act: {ack: 15}}}", "policies.p.act.ack: time '15' cannot be read. Write it like"),
        ("{p: {act: {ack: true}}}", "policies.p.act.ack is true/false"),
        ("{p: {act: {ack: 0 min}}}", "policies.p.act.ack: time '0 min' is not between a minute and 30 days"),
        ("{p: {blind: {ack: 61 working days}}}", "time '61 working days' is not between 1 and 60 working days"),
        ("{p: {act: {ack: 5 h}}}", "ack may take 5 h, but findings is wanted within 4 h. Give findings more time"),
        ("{p: {act: {decision: 1 h}}}", "findings may take 4 h, but decision is wanted within 1 h"),
        ("{p: {act: {steps: []}}}", "policies.p.act.steps is empty"),
        ("{p: {act: {steps: [boss]}}}", "unknown role 'boss'. Use one of owner,"),
        ("{p: {act: {steps: [owner, owner]}}}", "policies.p.act.steps: owner is named twice"),
        ("{p: {observe: {ack: 1 h}}}", "unknown field 'observe'"),
        ("{p: {act: {ack_minutes: 5}}}", "unknown field 'ack_minutes'"),
        (
            "{p: {act: {steps: [owner, executive, compliance, responder, data_steward, technical_lead]}}}",
            "policies.p.act.steps: 6 steps are over 5",
        ),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_with_the_way_out(written: str, said: str) -> None:
    (fault,) = faults(written)

    assert said in fault


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15 min", timedelta(minutes=15)),
        ("15min", timedelta(minutes=15)),
        ("1 minute", timedelta(minutes=1)),
        ("4 h", timedelta(hours=4)),
        ("2 hours", timedelta(hours=2)),
        ("2 days", timedelta(days=2)),
        ("1 working day", WorkingDays(1)),
        ("3 working days", WorkingDays(3)),
    ],
)
def test_a_time_is_written_as_people_say_it(text: str, span: Span) -> None:
    assert parse_span(text) == span
    assert parse_span(span_text(span)) == span


def test_wall_time_and_working_days_are_not_held_against_each_other() -> None:
    assert table("{p: {investigate: {ack: 30 days}}}").policies["p"].investigate.clocks.ack == timedelta(days=30)


def test_a_policy_survives_being_stored() -> None:
    found = table("{fast: {act: {ack: 5 min}}}").policies["fast"]

    assert read(EscalationPolicy, written(found)) == found
