"""What happens by itself when nobody answers."""

from datetime import datetime, timedelta

import pytest

from alerting.escalate import fired
from alerting.finding import Stream
from alerting.incident import Incident
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, ack, note, silence
from alerting.tell import Telling
from tests.alerting.examples import NOON, at, clear, finding
from tests.alerting.responding import decided

TABLE = """\
version: 1
parties:
  ds: {contacts: [log]}
  on-call: {contacts: [{pagerduty: "env:PD"}]}
  lead: {contacts: [log]}
  boss: {contacts: [log]}
  platform: {contacts: [log]}
fallback: {owner: platform}
rules:
  - id: credit
    match: {model: "credit-*"}
    assign: {owner: ds, responder: on-call, technical_lead: lead, executive: boss}
"""
POLICY = Policy()


def drifting(low: float = 0.3) -> Incident:
    """An incident of which owner and responder (and at investigate owner and technical lead) were told at noon."""
    return decided([finding(low=low, high=0.5)], table=parse_ownership(TABLE))


def fire(incident: Incident, when: datetime) -> tuple[Incident, list[tuple[str, str]]]:
    """Let what is due by then happen; gives the incident and what is told."""
    telling = Telling(POLICY, when)
    after = fired(incident, telling)
    return after, [(notice.intent, notice.party) for notice in telling.notices]


def run_out(incident: Incident, times: int) -> tuple[Incident, list[list[tuple[str, str]]]]:
    """Let one timer after the other run out, each at its time."""
    said = []
    for _ in range(times):
        incident, notices = fire(incident, incident.timers[0].due_at)
        said.append(notices)
    return incident, said


def anna(when: datetime, text: str = "") -> Actor:
    """A responder with something to say, or without."""
    return Actor("anna", when, Remark("rmk_1", "inc_1", when, text, bytes(16), "anna") if text else None)


def test_nothing_happens_before_its_time() -> None:
    incident = drifting()

    assert fire(incident, at(14.9)) == (incident, [])


def test_when_nobody_acknowledges_the_next_role_is_told_and_the_others_are_reminded() -> None:
    incident, said = fire(drifting(), at(15))

    assert said == [("open", "lead"), ("remind", "ds"), ("remind", "on-call")]
    assert incident.timers[0] == (incident.timers[0].__class__(at(30), "step"))


def test_escalation_goes_by_role_and_ends_with_whoever_is_left_for_everything() -> None:
    _, said = run_out(drifting(), 3)

    assert [[party for intent, party in notices if intent == "open"] for notices in said] == [
        ["lead"], ["boss"], ["platform"],
    ]  # fmt: skip


def test_the_end_of_the_chain_is_never_silent() -> None:
    incident, said = run_out(drifting(), 12)

    assert all(said)
    assert incident.timers


def test_after_three_rounds_everybody_is_told_once_a_day() -> None:
    incident = drifting()
    times: list[datetime] = []
    while len(times) < 30:
        times.append(incident.timers[0].due_at)
        incident, _ = fire(incident, times[-1])

    pauses = [later - earlier for earlier, later in zip(times[-6:], times[-5:], strict=False)]
    assert max(pauses) <= timedelta(days=1)
    assert len([one for one in times if one < NOON + timedelta(days=1)]) <= 12


def test_an_incident_that_is_at_investigate_goes_to_the_technical_lead_at_once_and_then_up() -> None:
    incident = drifting(low=0.15)
    _, said = run_out(incident, 1)

    assert incident.told == ("ds", "lead")
    assert said[0][0] == ("open", "boss")


def test_the_clocks_of_investigate_run_in_working_days() -> None:
    assert [(d.name, f"{d.by:%a %H:%M}") for d in drifting(low=0.15).deadlines] == [
        ("acknowledge", "Mon 12:00"), ("findings", "Wed 12:00"), ("decision", "Fri 12:00"),
    ]  # fmt: skip


def test_a_service_that_was_away_says_once_what_ran_out_and_goes_on_a_full_interval_later() -> None:
    incident, said = fire(drifting(), NOON + timedelta(hours=30))

    assert said == [("open", "lead"), ("remind", "ds"), ("remind", "on-call")]
    assert incident.timers[0].due_at == NOON + timedelta(hours=30, minutes=15)


def test_an_acknowledgement_that_lapses_is_told_and_the_steps_go_on_where_they_were() -> None:
    held = ack(fire(drifting(), at(15))[0], anna(at(16)), POLICY, at(76)).incident

    lapsed, said = fire(held, at(76))

    assert (lapsed.handling, lapsed.hold, said) == (
        "notified", None, [("remind", "ds"), ("remind", "on-call"), ("remind", "lead")],
    )  # fmt: skip
    assert fire(lapsed, at(91))[1][0] == ("open", "boss")


def test_findings_that_are_not_there_in_time_go_up_although_somebody_has_it_in_hand() -> None:
    held = ack(drifting(), anna(at(5)), POLICY, at(600)).incident

    _, said = fire(held, at(240))

    assert said[0] == ("open", "lead")


def test_findings_on_record_stop_that_clock() -> None:
    held = note(
        ack(drifting(), anna(at(5)), POLICY, at(600)).incident, anna(at(6), "orders.v2"), POLICY, "findings"
    ).incident

    assert fire(held, at(240))[1] == []


def test_a_silence_that_ends_while_the_data_still_speaks_is_told_with_its_reason() -> None:
    quiet = silence(drifting(), anna(at(5), "migration"), POLICY, at(65)).incident
    telling = Telling(POLICY, at(65))

    awake = fired(quiet, telling)

    assert (awake.handling, {notice.intent for notice in telling.notices}) == ("notified", {"remind"})
    assert telling.notices[0].text.startswith("anna silenced it until 2026-11-20 13:05 UTC, and it is still open.")


def test_nothing_is_told_during_a_silence() -> None:
    quiet = silence(drifting(), anna(at(5), "migration"), POLICY, at(605)).incident

    assert fire(quiet, at(604))[1] == []


def test_the_end_of_a_long_silence_is_said_a_day_before_to_whoever_leads() -> None:
    quiet = silence(drifting(low=0.15), anna(at(5), "migration"), POLICY, at(5) + timedelta(days=3)).incident

    warned, said = fire(quiet, at(5) + timedelta(days=2))

    assert (warned.handling, said) == ("silenced", [("remind", "ds")])


def test_what_recovered_is_asked_after_until_somebody_says_what_it_was_and_rings_nobody() -> None:
    over = decided(*[[clear(end=end)] for end in (5, 10, 15)], incident=drifting())
    telling = Telling(POLICY, over.timers[0].due_at)

    after = fired(over, telling)

    assert [(n.intent, n.party) for n in telling.notices] == [("remind", "ds")]
    assert {delivery.target.sink for delivery in telling.deliveries} == {"log"}
    assert after.timers


def test_what_happened_is_recorded_with_the_reason() -> None:
    telling = Telling(POLICY, at(15))
    fired(drifting(), telling)

    entry = telling.audits[-1]
    assert (entry.actor, entry.action, entry.reason) == (
        "driftwarden", "escalation.step", "Nobody has acknowledged it by 2026-11-20 12:15 UTC.",
    )  # fmt: skip


@pytest.mark.parametrize("low", [0.15, 0.3])
def test_a_told_incident_always_has_something_that_happens_next(low: float) -> None:
    assert drifting(low).timers


def test_blindness_is_to_be_acknowledged_within_half_an_hour() -> None:
    lag = finding(
        detector="lag", subject="events", low=None, high=None, stream=Stream("prediction", "credit-score", "31")
    )
    blind = decided([lag], table=parse_ownership(TABLE))

    assert blind.timers[0].due_at == at(30)


RINGING = TABLE.replace("ds: {contacts: [log]}", 'ds: {contacts: [{pagerduty: "env:DS"}]}')


def test_what_recovered_is_asked_of_the_next_role_when_all_that_the_first_has_rings() -> None:
    recovered = decided(
        [finding()], [clear(end=5)], [clear(end=10)], [clear(end=15)], table=parse_ownership(RINGING)
    )  # fmt: skip
    when = recovered.timers[0].due_at

    assert fire(recovered, when)[1] == [("remind", "lead")]


def test_that_a_silence_ends_is_said_to_nobody_who_was_not_told_of_the_incident() -> None:
    table = RINGING.replace("lead: {contacts: [log]}", 'lead: {contacts: [{pagerduty: "env:LEAD"}]}')
    incident = decided([finding(low=0.15, high=0.5)], table=parse_ownership(table))
    held = silence(incident, anna(at(1), "known"), POLICY, at(60 * 47)).incident
    telling = Telling(POLICY, held.timers[0].due_at)
    fired(held, telling)

    assert {notice.party for notice in telling.notices} <= incident.listening
    assert telling.deliveries == []


def test_a_higher_tier_begins_its_steps_at_the_first_of_them() -> None:
    incident = decided([finding(low=0.12, high=0.3)], table=parse_ownership(TABLE))
    for _ in range(4):
        incident = fired(incident, Telling(POLICY, incident.timers[0].due_at))
    assert (str(incident.tier), incident.climbed > 0, incident.rounds > 0) == ("investigate", True, True)

    raised = decided([finding(end=5)], incident=incident, table=parse_ownership(TABLE))

    assert (str(raised.tier), raised.climbed, raised.rounds) == ("act", 0, 0)


def test_a_role_that_is_left_to_nobody_costs_no_time() -> None:
    nobody = TABLE.replace("technical_lead: lead,", 'technical_lead: {none: "small", until: 2027-05-01},')
    incident = decided([finding()], table=parse_ownership(nobody))

    assert fire(incident, at(15))[1] == [("open", "boss"), ("remind", "ds"), ("remind", "on-call")]


def test_what_goes_by_working_days_asks_on_no_day_on_which_nobody_works() -> None:
    table = TABLE.replace("ds: {contacts: [log]}", 'ds: {contacts: [log], hours: "Mon-Fri 09:00-18:00"}')
    incident = decided([finding(low=0.12, high=0.15)], table=parse_ownership(table))
    incident, _ = run_out(incident, 10)

    days = set()
    for _ in range(7):
        incident, _ = run_out(incident, 1)
        days |= {timer.due_at.strftime("%a") for timer in incident.timers}
    assert days <= {"Mon", "Tue", "Wed", "Thu", "Fri"}
