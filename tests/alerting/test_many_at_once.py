"""Many things that break at once: one cause is one incident, and nobody gets more than can be read."""

from dataclasses import replace
from datetime import timedelta

from alerting.decide import Decisions, decide
from alerting.finding import Finding, Stream
from alerting.lineage import SCORE, FeatureView, Lineage
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, ack, close
from tests.alerting.examples import NOON, clear, finding

TABLE = """\
version: 1
parties:
  ds: {contacts: [log, {pagerduty: "env:DS"}]}
  churn-ds: {contacts: [{pagerduty: "env:CHURN"}, {email: churn@company.example}]}
  orders-desk: {contacts: [{pagerduty: "env:ORDERS"}]}
  platform: {contacts: [log]}
fallback: {owner: platform}
rules:
  - {id: all, match: {model: "*"}, assign: {owner: ds, data_steward: ds}}
  - {id: churn, match: {model: churn}, assign: {owner: churn-ds}}
  - {id: orders, match: {model: "*", feature_view: orders}, assign: {data_steward: orders-desk}}
"""
ORDERS = FeatureView("orders", ("orders_*",), source="kafka:orders.v2")
POLICY = Policy(lineage=Lineage((ORDERS,)), public_url="https://drift.example")


def broken(count: int, *, model: str = "credit", end: float = 0.0, low: float = 0.3) -> list[Finding]:
    """So many features of the view without values at once."""
    stream = Stream("prediction", model, "3")
    return [
        finding(stream=stream, subject=f"orders_{n:03}", detector="missing", low=low, high=0.9, end=end)
        for n in range(count)
    ]


def decisions(found: list[Finding], policy: Policy = POLICY, before: Decisions | None = None) -> Decisions:
    held = {incident.cause: incident for incident in before.incidents} if before else {}
    return decide(found, held, parse_ownership(TABLE), policy, NOON)


def rung(made: Decisions) -> list[str]:
    """Whom something wakes up."""
    return [delivery.destination.split(":")[1] for delivery in made.deliveries if delivery.target.sink == "pagerduty"]


def test_200_features_of_one_view_are_one_incident_and_one_page_to_its_steward() -> None:
    made = decisions(broken(200))

    assert [(incident.cause, len(incident.members)) for incident in made.incidents] == [("view:orders", 200)]
    assert rung(made) == ["orders-desk"]


def test_owners_of_the_models_are_informed_and_not_rung_up() -> None:
    made = decisions(broken(200) + broken(200, model="churn"))

    assert len(made.incidents) == 1
    assert sorted(notice.party for notice in made.notices) == ["churn-ds", "ds", "orders-desk"]
    assert rung(made) == ["orders-desk"]


def test_what_rings_for_an_owner_who_is_only_informed_hears_nothing_at_all() -> None:
    (incident,) = decisions(broken(5)).incidents
    who = Actor("anna", NOON, Remark("rmk_1", incident.id, NOON, "mended", bytes(16)))

    held, closed = ack(incident, who, POLICY), close(incident, who, POLICY, "data_bug")

    assert {
        d.destination.split(":")[1] for r in (held, closed) for d in r.deliveries if d.target.sink == "pagerduty"
    } == {"orders-desk"}


def test_scores_that_move_with_their_features_are_part_of_the_view_s_incident_and_page_no_owner() -> None:
    models = [f"model-{n}" for n in range(12)]
    scores = [finding(stream=Stream("prediction", model, "3"), subject=SCORE) for model in models]
    made = decisions([one for model in models for one in broken(17, model=model)] + scores)

    assert [(incident.cause, len(incident.members)) for incident in made.incidents] == [("view:orders", 12 * 18)]
    assert rung(made) == ["orders-desk"]


def test_a_score_that_moves_beside_something_else_of_its_model_is_the_models_own_affair() -> None:
    stream = Stream("prediction", "credit", "3")
    own = [finding(stream=stream, subject=SCORE), finding(stream=stream, subject="age")]
    made = decisions(broken(17) + own)

    assert {i.cause: sorted({m.subject for m in i.members})[:2] for i in made.incidents} == {
        "view:orders": ["orders_000", "orders_001"], "version:prediction/credit@3": ["age", SCORE],
    }  # fmt: skip


def test_a_score_that_moves_alone_is_the_models_own_affair() -> None:
    made = decisions([*broken(17, model="churn"), finding(stream=Stream("prediction", "credit", "3"), subject=SCORE)])

    assert sorted(incident.cause for incident in made.incidents) == ["version:prediction/credit@3", "view:orders"]


def test_an_owner_whose_model_is_hit_later_is_informed_then() -> None:
    first = decisions(broken(5))
    later = decisions(broken(5, model="churn", end=5), before=first)

    assert [(notice.intent, notice.party) for notice in later.notices] == [("open", "churn-ds")]


def test_one_feature_alone_is_its_model_s_affair() -> None:
    made = decisions(broken(1))

    assert [incident.cause for incident in made.incidents] == ["version:prediction/credit@3"]


def test_when_the_rest_of_the_view_follows_the_first_incident_becomes_part_of_it() -> None:
    first = decisions(broken(1))
    later = decisions(broken(200, end=5), before=first)

    open_now = [incident.cause for incident in later.incidents if incident.open]
    assert open_now == ["view:orders"]
    assert ("resolve", "orders-desk") in [(notice.intent, notice.party) for notice in later.notices]


def test_a_view_s_incident_ends_like_any_other() -> None:
    made = decisions(broken(5))
    good = [
        replace(clear(end=end, subject=f.subject, detector="missing"), stream=f.stream)
        for end in (5, 10, 15)
        for f in broken(5)
    ]
    over = decisions(good, before=made)

    assert [incident.open for incident in over.incidents] == [False]
    assert sorted({(notice.intent, notice.party) for notice in over.notices}) == [
        ("resolve", "ds"), ("resolve", "orders-desk"),
    ]  # fmt: skip


def thousand() -> list[Finding]:
    """One feature of each of a thousand models, the last of them at a higher tier."""
    found = [finding(stream=Stream("prediction", f"model-{n:04}", "1"), low=0.15, high=0.9) for n in range(999)]
    return [*found, finding(stream=Stream("prediction", "model-0999", "1"), low=0.3, high=0.9)]


def test_a_thousand_models_at_once_are_ten_notices_for_a_person_and_the_last_says_how_many_more() -> None:
    made = decisions(thousand())

    assert (len(made.incidents), len(made.notices)) == (1_000, 10)
    assert "It stands for 991 incidents that are too many to be told one by one" in made.notices[-1].text
    assert "https://drift.example/" in made.notices[-1].text


def test_the_gravest_is_among_those_told_one_by_one() -> None:
    assert "model-0999" in {notice.model for notice in decisions(thousand()).notices[:9]}


def test_what_was_told_in_sum_is_on_record() -> None:
    made = decisions(thousand())

    assert sum(entry.action == "notice.summed" for entry in made.audits) == 991


def test_what_was_told_in_sum_gets_no_end_of_its_own() -> None:
    made = decisions(thousand())
    good = [
        finding(stream=f.stream, low=0.0, high=0.004, condition="ok", end=end)
        for end in (5, 10, 15)
        for f in thousand()
    ]

    over = decisions(good, before=made)

    assert [notice.intent for notice in over.notices] == ["resolve"] * 10


def test_an_end_is_told_however_much_else_begins_at_that_time() -> None:
    few, many = thousand()[:5], thousand()[100:200]
    good = [finding(stream=f.stream, low=0.0, high=0.004, condition="ok", end=end) for end in (5, 10, 15) for f in few]

    made = decisions(
        [*good, *(replace(f, since=f.since + timedelta(minutes=15), at=good[-1].at) for f in many)],
        before=decisions(few),
    )

    intents = [notice.intent for notice in made.notices]
    assert (intents.count("resolve"), len(intents)) == (5, 15)


def test_what_can_wait_is_not_told_in_quiet_hours_and_act_is() -> None:
    loud, calm = 'ds: {contacts: [log, {pagerduty: "env:DS"}]', 'ds: {quiet: "Mon-Sun 11:00-14:00", contacts: [log]'
    quiet = TABLE.replace(loud, calm, 1)

    def first_at(low: float) -> timedelta:
        made = decide([finding(low=low, high=0.5)], {}, parse_ownership(quiet), POLICY, NOON)
        return made.deliveries[0].next_at - NOON

    assert (first_at(0.15), first_at(0.3)) == (timedelta(hours=2), timedelta(0))


def test_what_is_left_to_nobody_is_told_at_act_to_whoever_responds_for_everything() -> None:
    none = 'assign: {owner: {none: "being retired", until: 2027-06-01}}'
    table = "version: 1\nparties:\n  platform: {contacts: [log]}\nfallback: {owner: platform}\nrules:\n"
    rule = f'  - {{id: old, match: {{model: "*"}}, {none}}}\n'

    made = decide([finding()], {}, parse_ownership(table + rule, today=NOON.date()), POLICY, NOON)

    assert [delivery.destination for delivery in made.deliveries] == ["log:platform"]
