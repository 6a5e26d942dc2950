"""What people do about an incident: hold it, hand it on, write about it, close it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerting.errors import ResponseRefused
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, Response, ack, close, hidden_by, note, reassign, release, silence
from tests.alerting.examples import NOON, OWNERS, at, clear, finding, owners
from tests.alerting.responding import decided

POLICY = Policy()
MINUTE = timedelta(minutes=1)


def anna(minutes: float = 5.0, text: str = "") -> Actor:
    """A responder some minutes after noon, with something to say or without."""
    when = at(minutes)
    return Actor("anna", when, Remark("rmk_1", "inc_1", when, text, bytes(16), "anna") if text else None)


def drifting(low: float = 0.3) -> Incident:
    """An incident that people were told of at noon: act, or investigate with a smaller effect."""
    return decided([finding(low=low, high=0.5)])


def told(response: Response) -> list[tuple[str, str]]:
    """What is told, and to whom."""
    return [(notice.intent, notice.party) for notice in response.notices]


def timers(incident: Incident) -> list[tuple[str, datetime]]:
    """What happens next by itself."""
    return [(timer.kind, timer.due_at) for timer in incident.timers]


def test_an_acknowledgement_is_a_lease_until_findings_are_due() -> None:
    held = ack(drifting(), anna(), POLICY).incident

    assert held.handling == "acked"
    assert held.hold is not None
    assert (held.hold.by, held.hold.until) == ("anna", NOON + timedelta(hours=4))


def test_an_acknowledgement_stops_the_steps_and_sets_its_own_end() -> None:
    held = ack(drifting(), anna(), POLICY).incident

    assert [kind for kind, _ in timers(held)] == ["findings", "lease", "decision"]


def test_everybody_who_was_told_learns_who_has_it_in_hand() -> None:
    assert told(ack(drifting(), anna(), POLICY)) == [("update", "credit-ds"), ("update", "on-call")]


def test_an_acknowledgement_is_recorded_with_its_actor() -> None:
    entry = ack(drifting(), anna(), POLICY).audits[-1]

    assert (entry.actor, entry.action, entry.after and entry.after["handling"]) == ("anna", "incident.acked", "acked")


@pytest.mark.parametrize("until", [at(5), at(4), at(5) + timedelta(days=7, seconds=1)])
def test_an_acknowledgement_in_the_past_or_for_weeks_is_refused(until: datetime) -> None:
    with pytest.raises(ResponseRefused, match=r"until .* is not between now and"):
        ack(drifting(), anna(), POLICY, until)


def test_nothing_can_be_acknowledged_that_nobody_was_told_of() -> None:
    with pytest.raises(ResponseRefused, match="is new"):
        ack(decided([finding(low=0.03)]), anna(), POLICY)


def test_what_was_acknowledged_can_be_given_back() -> None:
    freed = release(ack(drifting(), anna(), POLICY).incident, anna(6), POLICY)

    assert (freed.incident.handling, freed.incident.hold) == ("notified", None)
    assert ("step", at(21)) in timers(freed.incident)


def test_a_silence_needs_a_reason() -> None:
    with pytest.raises(ResponseRefused, match="without a reason"):
        silence(drifting(), anna(), POLICY, at(60))


def test_what_is_at_act_cannot_be_silenced_beyond_a_day() -> None:
    with pytest.raises(ResponseRefused, match="within 24 hours"):
        silence(drifting(), anna(text="migration"), POLICY, at(5) + timedelta(hours=25))


def test_a_silence_warns_a_day_before_it_ends() -> None:
    quiet = silence(drifting(low=0.15), anna(text="migration"), POLICY, at(5) + timedelta(days=3)).incident

    assert timers(quiet) == [
        ("silence_ending", at(5) + timedelta(days=2)), ("silence", at(5) + timedelta(days=3)),
    ]  # fmt: skip


def test_a_silence_can_be_looked_at_before_it_is_set() -> None:
    assert hidden_by(drifting()) == [
        "income (psi) at act, since 2026-11-20 11:55 UTC: PSI 0.35 (0.3 to 0.4): location up"
    ]


def test_a_rise_ends_a_silence() -> None:
    quiet = silence(drifting(low=0.15), anna(text="migration"), POLICY, at(5) + timedelta(days=3)).incident

    risen = decided([finding(low=0.3, end=5)], incident=quiet)

    assert (risen.handling, risen.hold) == ("notified", None)
    assert [kind for kind, _ in timers(risen)] == ["step", "findings", "decision"]


@pytest.mark.parametrize("low", [0.15, 0.3])
@pytest.mark.parametrize(("disposition", "text"), [(None, "looked at it"), ("data_bug", "")])
def test_act_and_investigate_cannot_close_without_a_disposition_and_a_note(
    low: float, disposition: Disposition | None, text: str
) -> None:
    with pytest.raises(ResponseRefused, match="cannot be closed without"):
        close(drifting(low), anna(text=text), POLICY, disposition)


def test_closing_is_the_last_word_to_everybody_who_was_told() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change")

    assert told(closed) == [("resolve", "credit-ds"), ("resolve", "on-call")]
    assert (closed.incident.handling, closed.incident.open, closed.incident.timers) == ("closed", False, ())


def test_a_note_is_kept_beside_the_record_which_holds_its_commitment() -> None:
    actor = anna(text="new price list")
    closed = close(drifting(), actor, POLICY, "expected_change")

    assert actor.remark is not None
    assert closed.audits[-1].remark == actor.remark.reference()
    assert "new price list" not in "".join(str(entry) for entry in closed.audits)


def test_what_is_closed_stays_closed_while_the_data_goes_on_as_it_was() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change").incident

    later = decided(*[[finding(end=end)] for end in (5, 10, 15)], incident=closed)

    assert (later.id, later.handling) == (closed.id, "closed")


def test_what_is_closed_and_rises_is_a_new_incident() -> None:
    closed = close(drifting(low=0.15), anna(text="new price list"), POLICY, "expected_change").incident

    risen = decided([finding(low=0.3, end=5)], incident=closed)

    assert (risen.episode, risen.handling, str(risen.tier)) == (2, "notified", "act")


def test_what_was_accepted_does_not_speak_for_another_subject_that_breaks() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change").incident

    other = decided([finding(end=5), finding(end=5, subject="age", low=0.12, high=0.2)], incident=closed)

    assert (other.episode, str(other.tier), other.lead.subject) == (2, "investigate", "age")


def test_the_new_incident_resolves_although_what_was_accepted_goes_on() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change").incident
    other = decided([finding(end=5), finding(end=5, subject="age", low=0.12, high=0.2)], incident=closed)

    over = decided(*[[finding(end=end), clear(end=end, subject="age")] for end in (10, 15, 20)], incident=other)

    assert (over.id, over.open, [m.subject for m in over.held]) == (other.id, False, ["income"])


def test_what_was_accepted_and_cleared_is_news_when_it_breaks_again() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change").incident
    cleared = decided(*[[clear(end=end)] for end in (5, 10, 15)], incident=closed)

    again = decided([finding(end=60)], incident=cleared)

    assert (cleared.id, again.episode) == (closed.id, 2)


def test_findings_on_record_meet_their_deadline() -> None:
    noted = note(
        ack(drifting(), anna(), POLICY).incident, anna(7, "orders.v2 sends cents"), POLICY, "findings"
    ).incident

    assert [(d.name, d.met_at) for d in noted.deadlines] == [
        ("acknowledge", at(5)), ("findings", at(7)), ("decision", None),
    ]  # fmt: skip
    assert [kind for kind, _ in timers(noted)] == ["lease", "decision"]


def test_a_plain_note_meets_nothing_and_disturbs_nobody() -> None:
    before = drifting()
    noted = note(before, anna(text="looking"), POLICY)

    assert (noted.incident, told(noted)) == (before, [])


def test_reassigning_ends_it_for_the_one_and_opens_it_for_the_other() -> None:
    moved = reassign(drifting(), anna(), POLICY, owners(), "owner", "data-desk")

    assert told(moved) == [("resolve", "credit-ds"), ("open", "data-desk")]
    assert moved.incident.route is not None
    assert moved.incident.route.owner.party == "data-desk"


def test_whoever_was_relieved_hears_nothing_more_of_it() -> None:
    moved = reassign(drifting(), anna(), POLICY, owners(), "owner", "data-desk").incident

    closed = close(moved, anna(9, "a data bug"), POLICY, "data_bug")

    assert told(closed) == [("resolve", "data-desk"), ("resolve", "on-call")]


def test_a_party_that_the_table_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(ResponseRefused, match="there are: credit-ds, data-desk, on-call, platform"):
        reassign(drifting(), anna(), POLICY, owners(), "owner", "nobody")


def test_a_party_added_to_the_table_later_can_take_over() -> None:
    table = parse_ownership(OWNERS.replace("parties:\n", "parties:\n  newcomers: {contacts: [log]}\n"))

    moved = reassign(drifting(), anna(), POLICY, table, "owner", "newcomers")

    assert ("open", "newcomers") in told(moved)


def test_nothing_is_done_about_what_has_recovered_but_to_close_it() -> None:
    over = decided(*[[clear(end=end)] for end in (5, 10, 15)], incident=drifting())

    with pytest.raises(ResponseRefused, match="has recovered and cannot be acknowledged: close it"):
        ack(over, anna(20), POLICY)
    assert close(over, anna(20, "it was the feed"), POLICY, "data_bug").incident.handling == "closed"


def test_closing_what_recovered_tells_nobody_twice() -> None:
    over = decided(*[[clear(end=end)] for end in (5, 10, 15)], incident=drifting())

    assert told(close(over, anna(20, "it was the feed"), POLICY, "data_bug")) == []


def test_a_closed_incident_cannot_be_closed_again() -> None:
    closed = close(drifting(), anna(text="new price list"), POLICY, "expected_change").incident

    with pytest.raises(ResponseRefused, match="is closed already"):
        close(closed, anna(6, "again"), POLICY, "duplicate")


def test_state_survives_the_store() -> None:
    held = silence(drifting(), anna(text="migration"), POLICY, at(60)).incident
    closed = close(held, anna(6, "done"), POLICY, "duplicate").incident

    for one in (held, closed, replace(held, route=None)):
        assert Incident.from_json(one.to_json()) == one


def test_a_close_is_on_record_with_how_it_stood_before_and_as_what_it_was_closed() -> None:
    last = close(drifting(), anna(text="new price list"), POLICY, "expected_change").audits[-1]

    assert last.before is not None
    assert last.after is not None
    assert (last.action, last.actor, last.before["handling"]) == ("incident.closed", "anna", "notified")
    assert (last.after["handling"], last.after["disposition"]) == ("closed", "expected_change")


def test_an_acknowledgement_that_is_sent_again_changes_nothing_and_tells_nobody() -> None:
    held = ack(drifting(), anna(), POLICY).incident
    again = ack(held, anna(6), POLICY)

    assert (again.incident, told(again), again.audits) == (held, [], ())


def test_an_acknowledgement_for_longer_is_a_new_one() -> None:
    held = ack(drifting(), anna(), POLICY).incident
    longer = ack(held, anna(6), POLICY, at(6) + timedelta(days=3))

    assert (longer.incident.hold and longer.incident.hold.until) == at(6) + timedelta(days=3)


def test_whoever_takes_it_over_says_from_whom() -> None:
    held = ack(drifting(), anna(), POLICY).incident
    taken = ack(held, Actor("ben", at(6)), POLICY)

    assert "ben has it in hand" in taken.notices[0].text
    assert "and no longer anna" in taken.notices[0].text


def test_an_acknowledgement_after_findings_were_due_lasts_until_a_decision_is() -> None:
    held = ack(drifting(), anna(4 * 60 + 1), POLICY).incident

    assert (held.hold and held.hold.until) == NOON + timedelta(hours=24)


def test_an_acknowledgement_at_act_lasts_a_day_at_most_when_nothing_more_is_due() -> None:
    met = note(note(drifting(), anna(1, "cents"), POLICY, "findings").incident, anna(2, "fix"), POLICY, "decision")
    held = ack(met.incident, anna(3), POLICY).incident

    assert (held.hold and held.hold.until) == at(3) + timedelta(hours=24)
