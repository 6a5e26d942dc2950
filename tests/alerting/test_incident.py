"""Incidents: told once, resolved once, and never by silence."""

from dataclasses import replace

import pytest

from alerting.errors import StoredStateError
from alerting.finding import Stream
from alerting.incident import Incident, MemberJoined, Opened, Raised, Resolved
from alerting.policy import Rules
from alerting.tiers import Tier
from tests.alerting.examples import at, clear, finding, insufficient, opened, owners, steps

CLEARING = [[clear(end=5)], [clear(end=10)], [clear(end=15)]]


def test_a_breach_opens_at_once_and_is_told() -> None:
    breach = finding()

    _, effects = steps([breach])

    assert effects == [Opened(Tier.ACT, breach, "open")]


def test_good_news_opens_nothing() -> None:
    assert steps([clear(end=0)], [insufficient(end=5)]) == (None, [])


def test_a_breach_below_the_telling_tier_is_recorded_but_not_told() -> None:
    breach = finding(low=0.03)

    incident, effects = steps([breach])

    assert incident is not None
    assert effects == [Opened(Tier.OBSERVE, breach, None)]
    assert (incident.condition, incident.handling) == ("pending", "new")


def test_a_recorded_incident_that_rises_is_told_as_an_open() -> None:
    higher = finding(low=0.15, end=5)

    _, effects = steps([finding(low=0.03)], [higher])

    assert effects[1] == Raised(Tier.INVESTIGATE, Tier.OBSERVE, higher, "open")


def test_a_told_incident_that_rises_is_told_as_a_raise() -> None:
    higher = finding(low=0.25, end=5)

    _, effects = steps([finding(low=0.15)], [higher])

    assert effects[1] == Raised(Tier.ACT, Tier.INVESTIGATE, higher, "raise")


def test_the_tier_does_not_fall_when_the_effect_shrinks() -> None:
    incident, effects = steps([finding(low=0.25)], [finding(low=0.11, high=0.3, end=5)])

    assert incident is not None
    assert (incident.tier, len(effects)) == (Tier.ACT, 1)


def test_another_monitor_joins_without_being_told() -> None:
    other = finding(subject="age", end=5)

    _, effects = steps([finding()], [other])

    assert effects[1:] == [MemberJoined(other)]


def test_monitors_that_break_together_open_one_incident() -> None:
    incident, effects = steps([finding(subject="a"), finding(subject="b"), finding(subject="c", detector="ks")])

    assert incident is not None
    assert (len(effects), len(incident.members)) == (1, 3)


def test_the_lead_is_the_member_with_the_highest_tier() -> None:
    incident = opened([finding(subject="a", low=0.15), finding(subject="z", low=0.25)])

    assert incident.lead.subject == "z"


def test_it_resolves_after_the_set_number_of_clear_evaluations() -> None:
    incident, effects = steps([finding()], *CLEARING)

    assert incident is not None
    assert effects[1:] == [Resolved(CLEARING[-1][0], "resolve")]
    assert (incident.open, incident.condition, incident.handling) == (False, "ok", "notified")
    assert incident.resolved_at == at(15)


def test_a_resolve_is_not_told_when_the_open_was_not() -> None:
    evaluations = [[finding(low=0.03)], *CLEARING]

    _, effects = steps(*evaluations)

    assert effects[-1] == Resolved(CLEARING[-1][0], None)


def test_two_clear_evaluations_are_not_yet_enough() -> None:
    incident = opened([finding()], *CLEARING[:2])

    assert (incident.open, incident.condition) == (True, "recovering")


def test_a_breach_between_clear_evaluations_starts_the_count_again() -> None:
    incident = opened([finding()], *CLEARING[:2], [finding(end=15)], [clear(end=20)], [clear(end=25)])

    assert incident.open


def test_between_raise_and_clear_a_member_holds() -> None:
    between = [[finding(low=0.05, high=0.15, end=5 * n, condition="ok")] for n in range(1, 20)]

    assert opened([finding()], *between).open


def test_insufficient_does_not_break_a_run_of_clear_evaluations() -> None:
    incident = opened([finding()], *CLEARING[:2], [insufficient(end=15)], [clear(end=20)])

    assert not incident.open


def test_insufficient_freezes_and_never_clears() -> None:
    silence = [[insufficient(end=5 * n)] for n in range(1, 100)]

    incident = opened([finding()], *silence)

    assert (incident.open, incident.condition, incident.tier) == (True, "no_data", Tier.ACT)


def test_every_member_must_clear() -> None:
    incident = opened([finding(), finding(subject="age")], *CLEARING)

    assert incident.open


def test_clear_runs_of_different_windows_are_not_added_up() -> None:
    mixed = [clear(end=60), clear(end=60, window="1h"), clear(end=60, window="1d")]

    assert opened([finding()], mixed).open


def test_any_one_window_can_clear_a_member_while_a_longer_one_still_contains_the_change() -> None:
    day = 24 * 60.0
    evaluations = [[clear(end=5 * n), finding(end=5 * n, minutes=day, window="1d")] for n in (1, 2, 3)]

    incident = opened([finding()], *evaluations)

    assert not incident.open


def test_a_window_that_began_before_the_clearing_does_not_open_it_again() -> None:
    resolved = opened([finding()], *CLEARING)
    stale = finding(end=20, minutes=24 * 60, window="1d")

    assert steps([stale], incident=resolved) == (resolved, [])


def test_another_detector_of_the_same_subject_does_not_bring_the_old_change_back() -> None:
    resolved = opened([finding()], *CLEARING)
    stale = finding(end=20, minutes=24 * 60, window="1d", detector="ks")

    assert steps([stale], incident=resolved) == (resolved, [])


def test_another_subject_is_heard_although_its_window_is_old() -> None:
    resolved = opened([finding()], *CLEARING)
    fresh = finding(end=20, minutes=24 * 60, window="1d", subject="age")

    incident, _ = steps([fresh], incident=resolved)

    assert incident is not None
    assert (incident.episode, incident.open) == (2, True)


def test_a_fresh_breach_after_the_resolve_is_a_new_incident() -> None:
    resolved = opened([finding()], *CLEARING)

    incident, effects = steps([finding(end=25)], incident=resolved)

    assert incident is not None
    assert (incident.id != resolved.id, incident.episode, [type(e) for e in effects]) == (True, 2, [Opened])


def test_the_third_episode_still_remembers_what_cleared_in_the_first() -> None:
    second = opened([finding()], *CLEARING)
    third, _ = steps([finding(end=25, subject="age")], incident=second)
    stale = finding(end=30, minutes=24 * 60, window="1d")

    assert steps([stale], incident=third) == (third, [])


def test_a_member_that_breaks_again_while_others_hold_joins_again() -> None:
    back = finding(end=25)

    _, effects = steps([finding(), finding(subject="age")], *CLEARING, [back])

    assert effects[-1] == MemberJoined(back)


def test_the_same_findings_twice_change_nothing() -> None:
    evaluation = [finding(), finding(subject="age"), clear(end=0, subject="rent")]
    once = opened(evaluation)

    again, effects = steps(evaluation, incident=once)

    assert (again is once, effects) == (True, [])


def test_a_replay_of_everything_after_the_resolve_changes_nothing() -> None:
    evaluations = [[finding()], *CLEARING]
    resolved = opened(*evaluations)

    assert steps(*evaluations, incident=resolved) == (resolved, [])


def test_an_older_window_than_the_last_one_read_is_ignored() -> None:
    incident = opened([finding()], [clear(end=10)])

    assert steps([clear(end=5)], incident=incident) == (incident, [])


def test_the_id_follows_from_cause_and_time_alone() -> None:
    assert opened([finding(subject="a")]).id == opened([finding(subject="b", low=0.9)]).id


def test_a_full_incident_counts_what_it_cannot_list() -> None:
    breaches = [finding(subject=f"f{n}") for n in range(7)]

    incident = opened(breaches, rules=Rules(members_max=5))

    assert (len(incident.members), incident.unlisted) == (5, 2)


def test_a_full_incident_makes_room_by_forgetting_what_cleared() -> None:
    rules = Rules(members_max=2, clear_evaluations=1)

    incident = opened(
        [finding(subject="a"), finding(subject="b")],
        [clear(end=5, subject="a")],
        [finding(end=10, subject="c")],
        rules=rules,
    )

    assert [member.subject for member in incident.members] == ["b", "c"]


def test_text_and_back_gives_the_same_incident() -> None:
    incident = opened([finding(), finding(subject="age", detector="ks")], *CLEARING)
    routed = replace(incident, route=owners().route(incident.stream, "income"), told=("credit-ds",), notices=2)

    assert Incident.from_json(routed.to_json()) == routed


def test_text_of_a_newer_version_is_refused_with_the_way_out() -> None:
    newer = opened([finding()]).to_json().replace('"version": 1', '"version": 2', 1)

    with pytest.raises(StoredStateError, match="run the one that wrote it"):
        Incident.from_json(newer)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "value": {"id": 3}}'])
def test_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(StoredStateError, match="damaged"):
        Incident.from_json(text)


def test_segments_are_members_of_their_own() -> None:
    norway = Stream("prediction", "credit-score", "31", "country=NO")

    incident = opened([finding(), finding(stream=norway)])

    assert [member.segment for member in incident.members] == ["", "country=NO"]
