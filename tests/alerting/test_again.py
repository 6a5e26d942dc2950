"""A cause that breaks again before anybody said what the episode before it was."""

from dataclasses import replace

from alerting.finding import Finding
from alerting.incident import Incident
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, close
from tests.alerting.examples import at, clear, finding
from tests.alerting.responding import decided, decisions


def after_recovery(breach: Finding) -> dict[int, Incident]:
    """The incidents by episode, when an incident at act recovered and then this breach came."""
    first = [[finding()], *([clear(end=end)] for end in (5, 10, 15))]
    made = decisions(*first, [breach])
    return {incident.episode: incident for incident in made.incidents}


def test_what_was_still_to_be_said_of_it_is_said_of_the_new_episode_when_people_are_told_of_that() -> None:
    episodes = after_recovery(finding(end=30))

    assert [(episodes[n].handling, len(episodes[n].timers) > 0) for n in (1, 2)] == [
        ("closed", False),
        ("notified", True),
    ]


def test_it_still_waits_for_its_disposition_when_nobody_is_told_of_the_new_episode() -> None:
    episodes = after_recovery(finding(end=30, low=0.03, high=0.3))

    assert [(str(episodes[n].tier), episodes[n].owed, len(episodes[n].timers) > 0) for n in (1, 2)] == [
        ("act", True, True), ("observe", False, False),
    ]  # fmt: skip


def test_what_breaks_with_less_of_a_subject_that_people_accepted_says_nothing_beside_it() -> None:
    anna = Actor("anna", at(1), Remark("rmk_1", "inc_1", at(1), "new prices", bytes(16), "anna"))
    accepted = close(decided([finding(subject="age")]), anna, Policy(), "expected_change").incident

    again = decided(
        [finding(end=5)], [finding(subject="age", detector="missing", low=0.12, high=0.3, end=10)], incident=accepted
    )

    assert [(m.subject, m.detector) for m in again.held] == [("age", "missing"), ("age", "psi"), ("income", "psi")]
    assert [m.subject for m in again.loud] == ["income"]


def test_what_people_accepted_is_watched_by_one_incident_only() -> None:
    anna = Actor("anna", at(1), Remark("rmk_1", "inc_1", at(1), "new prices", bytes(16), "anna"))
    accepted = close(decided([finding(subject="age")]), anna, Policy(), "expected_change").incident
    recovered = decided([finding(end=5)], *[[clear(end=end)] for end in (10, 15, 20)], incident=accepted)
    assert (recovered.handling, [m.subject for m in recovered.held]) == ("notified", ["age"])

    made = decisions([finding(low=0.03, high=0.3, end=60)], incident=recovered)

    found = {incident.episode: incident for incident in made.incidents}
    assert [m.subject for m in found[3].held] == ["age", "income"]
    assert found[2].held == ()
    assert found[2] == replace(recovered, members=found[2].members)
