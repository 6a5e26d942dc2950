"""Who is told when a role of an open incident goes from one party to another."""

from alerting.decide import decide
from alerting.escalate import fired
from alerting.incident import Incident
from alerting.lineage import FeatureView, Lineage
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.respond import Actor, Response, ack, reassign
from alerting.route import Role
from alerting.tell import Telling
from tests.alerting.examples import NOON, at, finding
from tests.alerting.responding import decided
from tests.alerting.test_escalate import TABLE

OWNERS = parse_ownership(TABLE)
POLICY = Policy()


def escalated(times: int) -> Incident:
    """An incident at act of which nobody took care while so many steps were taken."""
    incident = decided([finding()], table=OWNERS)
    for _ in range(times):
        incident = fired(incident, Telling(POLICY, incident.timers[0].due_at))
    return incident


def test_whoever_takes_over_from_whom_blindness_was_handed_to_takes_it_from_nobody_else() -> None:
    blind = decided([finding(subject="events", detector="lag")], table=OWNERS)
    once = hand_on(blind, "responder", "lead").incident

    assert told(hand_on(once, "responder", "boss")) == [("resolve", "lead"), ("open", "boss")]


def hand_on(incident: Incident, role: Role, party: str) -> Response:
    """What follows when anna gives the role to that party."""
    return reassign(incident, Actor("anna", at(40)), POLICY, OWNERS, role, party)


def told(response: Response) -> list[tuple[str, str]]:
    """What is told, and to whom."""
    return [(notice.intent, notice.party) for notice in response.notices]


def test_whoever_takes_over_a_role_that_a_step_told_is_told_in_its_place() -> None:
    assert told(hand_on(escalated(1), "technical_lead", "platform")) == [("resolve", "lead"), ("open", "platform")]


def test_whoever_takes_over_a_role_that_nobody_was_told_in_is_told_too() -> None:
    assert told(hand_on(escalated(0), "executive", "platform")) == [("open", "platform")]


def test_a_party_that_steps_reached_in_another_role_too_goes_on_hearing_of_it() -> None:
    both = hand_on(escalated(2), "technical_lead", "boss").incident

    assert told(hand_on(both, "technical_lead", "platform")) == [("open", "platform")]


def test_what_somebody_of_the_party_that_leaves_had_in_hand_is_in_nobodys_hand_any_more() -> None:
    incident = escalated(1)
    held = ack(incident, Actor("lee", at(20)), POLICY).incident
    handed = hand_on(held, "technical_lead", "platform").incident

    assert (handed.handling, handed.hold) == ("notified", None)
    assert handed.timers
    assert min(timer.due_at for timer in handed.timers) > at(40)


def test_what_somebody_has_in_hand_stays_so_when_a_role_is_handed_on_that_nobody_was_told_in() -> None:
    held = ack(escalated(0), Actor("ann", at(1)), POLICY).incident

    assert hand_on(held, "executive", "platform").incident.handling == "acked"


def test_whoever_was_told_already_learns_that_it_is_theirs_now() -> None:
    assert told(hand_on(escalated(1), "owner", "lead")) == [("resolve", "ds"), ("remind", "lead")]


def test_a_steward_who_was_only_informed_before_is_rung_up_and_climbed_to_like_any_other() -> None:
    lineage = Lineage((FeatureView("orders", ("income", "age")),), together_min=2)
    table = parse_ownership(
        "version: 1\nparties:\n"
        '  ds: {contacts: [{pagerduty: "env:DS"}, {email: ds@company.example}]}\n'
        '  desk: {contacts: [{pagerduty: "env:DESK"}]}\nfallback: {owner: desk}\nrules:\n'
        "  - {id: all, match: {model: '*'}, assign: {owner: ds, data_steward: desk}}\n"
    )
    policy = Policy(lineage=lineage)
    both = [finding(subject=name, detector="missing") for name in ("income", "age")]
    (incident,) = decide(both, {}, table, policy, NOON).incidents

    handed = reassign(incident, Actor("anna", at(5)), policy, table, "data_steward", "ds")

    rung = [(d.intent, d.destination.split(":")[1]) for d in handed.deliveries if d.target.sink == "pagerduty"]
    assert rung == [("resolve", "desk"), ("remind", "ds")]
    later = Telling(policy, handed.incident.timers[0].due_at)
    fired(handed.incident, later)
    assert "pagerduty" in {d.target.sink for d in later.deliveries if d.destination.split(":")[1] == "ds"}
