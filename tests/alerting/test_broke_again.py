"""What becomes of an incident that has recovered and awaits an answer when its cause breaks again."""

from dataclasses import replace

from alerting.decide import Decisions
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, close
from tests.alerting.examples import at, clear, finding
from tests.alerting.responding import decided, decisions

RECOVERED = [[clear(end=end)] for end in (5, 10, 15)]


def again(before: Incident, found: Finding) -> tuple[Decisions, dict[int, Incident]]:
    """What is decided of a finding after that incident, and the incidents that this changes, by episode."""
    made = decisions([found], incident=before)
    return made, {incident.episode: incident for incident in made.incidents}


def test_what_was_still_to_be_said_of_the_episode_before_is_said_of_the_next_one() -> None:
    made, found = again(decided([finding()], *RECOVERED), finding(end=60))

    assert found[1].closing is not None
    assert (found[1].handling, found[1].closing.disposition, found[1].timers) == ("closed", "duplicate", ())
    assert (found[2].handling, found[2].open) == ("notified", True)
    assert f"go on with {found[2].id}" in next(e.reason for e in made.audits if e.action == "incident.closed")


def test_the_episode_before_waits_for_its_answer_when_nobody_is_asked_about_the_next_one() -> None:
    before = decided([finding()], *RECOVERED)

    made, found = again(before, finding(low=0.03, high=0.3, end=60))

    assert (str(found[2].tier), found[2].handling) == ("observe", "new")
    assert found.get(1, before).timers == before.timers != ()
    assert [entry.action for entry in made.audits] == ["incident.opened"]


def test_what_people_accepted_is_watched_by_one_incident_only() -> None:
    anna = Actor("anna", at(1), Remark("rmk_1", "inc_1", at(1), "new prices", bytes(16), "anna"))
    accepted = close(decided([finding(subject="age")]), anna, Policy(), "expected_change").incident
    recovered = decided([finding(end=5)], *[[clear(end=end)] for end in (10, 15, 20)], incident=accepted)
    assert (recovered.handling, [m.subject for m in recovered.held]) == ("notified", ["age"])

    _, found = again(recovered, finding(low=0.03, high=0.3, end=60))

    assert [m.subject for m in found[3].held] == ["age", "income"]
    assert found[2].held == ()
    assert found[2] == replace(recovered, members=found[2].members)
