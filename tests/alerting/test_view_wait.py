"""What breaks first of a view waits a little for the rest of it, so that one break is told once."""

from dataclasses import replace
from datetime import timedelta

from alerting.decide import decide
from alerting.escalate import fired
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.lineage import FeatureView, Lineage
from alerting.outbox import Delivery, coalesce, due
from alerting.policy import Policy
from alerting.tell import Telling
from tests.alerting.examples import NOON, finding, owners

WAIT = timedelta(seconds=90)
POLICY = Policy(lineage=Lineage((FeatureView("orders", ("income", "age")),), 2, WAIT.total_seconds()))


def after(*evaluations: list[Finding]) -> tuple[list[Incident], list[Delivery]]:
    """The incidents that evaluations a minute apart make, and all that is put in the outbox for them."""
    newest: dict[str, Incident] = {}
    kept: dict[str, Incident] = {}
    waiting: list[Delivery] = []
    for minute, evaluation in enumerate(evaluations):
        made = decide(evaluation, newest, owners(), POLICY, NOON + timedelta(minutes=minute))
        newest |= {incident.cause: incident for incident in made.incidents}
        kept |= {incident.id: incident for incident in made.incidents}
        waiting += made.deliveries
    return list(kept.values()), waiting


def test_a_view_that_breaks_in_two_steps_is_told_once() -> None:
    incidents, waiting = after([finding(subject="age")], [finding(subject="income", end=5)])
    left = coalesce(waiting)

    assert len(incidents) == 2
    assert {(d.incident_id, d.intent) for d in left.keep} == {(incidents[1].id, "open")}
    assert {d.incident_id for d in left.dropped} == {incidents[0].id}
    before = due(waiting, NOON + timedelta(seconds=89))
    assert [d for d in before if d.incident_id == incidents[0].id] == []


def test_a_view_of_which_no_more_breaks_is_told_when_the_wait_is_over() -> None:
    _, waiting = after([finding(subject="age")])

    assert waiting
    assert due(waiting, NOON + WAIT - timedelta(seconds=1)) == []
    assert len(due(waiting, NOON + WAIT)) == len(waiting)


def test_what_no_view_declares_is_told_at_once_also_beside_what_a_view_does() -> None:
    for evaluation in ([finding(subject="tenure")], [finding(subject="tenure"), finding(subject="age")]):
        _, waiting = after(evaluation)
        assert len(due(waiting, NOON)) == len(waiting) > 0


def test_whoever_is_told_of_it_later_does_not_wait() -> None:
    (incident,), _ = after([finding(subject="age")])
    late = Telling(POLICY, incident.timers[0].due_at)
    fired(incident, late)

    opens = [d.next_at for d in late.deliveries if d.intent == "open"]
    assert opens
    assert set(opens) == {late.now}


def test_without_a_wait_everything_is_told_at_once() -> None:
    at_once = replace(POLICY, lineage=replace(POLICY.lineage, wait_seconds=0))
    made = decide([finding(subject="age")], {}, owners(), at_once, NOON)

    assert len(due(made.deliveries, NOON)) == len(made.deliveries) > 0
