"""What becomes of an incident of a model that turns out to be about the view its features are read from."""

from alerting.decide import Decisions, decide
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.lineage import FeatureView, Lineage
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, close
from tests.alerting.examples import NOON, at, finding, owners

VIEW = "view:orders"
MODEL = "version:prediction/credit-score@31"
POLICY = Policy(lineage=Lineage((FeatureView("orders", ("income", "age")),), together_min=2))


def after(
    *evaluations: list[Finding], known: dict[str, Incident] | None = None
) -> tuple[dict[str, Incident], Decisions]:
    """The newest incident of each cause, and what was decided last."""
    newest, made = dict(known or {}), Decisions()
    for evaluation in evaluations:
        made = decide(evaluation, newest, owners(), POLICY, NOON)
        newest |= {incident.cause: incident for incident in made.incidents}
    return newest, made


def test_what_an_incident_of_a_model_held_goes_on_in_that_of_its_view_at_its_tier() -> None:
    newest, made = after([finding(subject="age")], [finding(subject="income", low=0.03, high=0.3, end=5)])

    assert (newest[MODEL].handling, newest[MODEL].held) == ("closed", ())
    assert [(m.subject, str(m.tier)) for m in newest[VIEW].held] == [("age", "act"), ("income", "observe")]
    assert ("open", "data-desk") in [(notice.intent, notice.party) for notice in made.notices]


def test_what_else_breaks_of_a_model_while_its_view_takes_over_is_told_as_an_incident_of_its_own() -> None:
    newest, _ = after(
        [finding(subject="age")], [finding(subject="income", end=5), finding(subject="tenure", end=5)]
    )  # fmt: skip

    assert (newest[MODEL].episode, newest[MODEL].open) == (2, True)
    assert [member.subject for member in newest[MODEL].held] == ["tenure"]


def test_a_view_takes_over_although_nothing_of_it_was_found_anew() -> None:
    apart, _ = after([finding(subject="age", detector="missing"), finding(subject="tenure")])
    view, _ = after([finding(subject="income"), finding(subject="age", window="1h")])
    recovered = [
        finding(subject="tenure", condition="ok", low=0.0, high=0.004, end=end) for end in (5, 10, 15)
    ]  # fmt: skip

    newest, _ = after(*[[one] for one in recovered], [finding(subject="x", end=20)], known=apart | {VIEW: view[VIEW]})

    assert newest[VIEW].open
    assert {(m.subject, m.detector) for m in newest[VIEW].held} == {
        ("age", "missing"), ("age", "psi"), ("income", "psi"),
    }  # fmt: skip


def test_what_people_accepted_goes_on_being_watched_when_the_view_takes_over() -> None:
    anna = Actor("anna", at(1), Remark("rmk_1", "inc_1", at(1), "new prices", bytes(16), "anna"))
    first, _ = after([finding(subject="tenure")])
    accepted = close(first[MODEL], anna, POLICY, "expected_change").incident

    newest, _ = after(
        [finding(subject="tenure", end=5), finding(subject="age", end=5)], [finding(subject="income", end=10)],
        [finding(subject="tenure", end=15)], known={MODEL: accepted},
    )  # fmt: skip

    assert (newest[MODEL].episode, newest[MODEL].open) == (2, False)
    assert [member.subject for member in newest[MODEL].held] == ["tenure"]


def test_a_monitor_that_an_incident_holds_stays_with_it_when_the_view_of_it_breaks() -> None:
    newest, _ = after(
        [finding(subject="age"), finding(subject="tenure")], [finding(subject="age", end=5), finding(end=5)]
    )  # fmt: skip

    assert [member.subject for member in newest[MODEL].held] == ["age", "tenure"]
    assert [member.subject for member in newest[VIEW].held] == ["income"]
