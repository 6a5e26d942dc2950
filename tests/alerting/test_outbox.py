"""The outbox: retried until it is delivered, refused or too old, and in order."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.incident import Intent
from alerting.outbox import PERMANENT, Delivery, Outcome, RetryRules, after, coalesce, due, key_of
from alerting.route import Destination
from tests.alerting.examples import at

RULES = RetryRules()
RETRY = Outcome("retry", 503, note="the receiver answered 503")


def delivery(
    *, seq: int = 0, intent: Intent = "open", incident: str = "inc_1", to: str = "log:ops", next_at: float = 0.0
) -> Delivery:
    """A delivery that is due at noon."""
    return Delivery(
        key=key_of(incident, to, seq), incident_id=incident, destination=to, seq=seq, intent=intent,
        target=Destination(to, "log", "ops"), payload={"type": "incident.open", "data": {"title": "x"}},
        next_at=at(next_at),
    )  # fmt: skip


def tried(outcome: Outcome, *, minutes: float = 0.0, before: Delivery | None = None, seed: int = 1) -> Delivery:
    """What one more attempt makes of a delivery."""
    return after(before or delivery(), outcome, at(minutes), random.Random(seed), RULES)


def test_delivered_is_sent() -> None:
    assert tried(Outcome("delivered", 204)).state == "sent"


def test_refused_is_dead_at_once() -> None:
    assert tried(Outcome("refused", note="no such address")).state == "dead"


@pytest.mark.parametrize("status", sorted(PERMANENT))
def test_a_permanent_status_is_dead_at_once(status: int) -> None:
    assert tried(Outcome("retry", status)).state == "dead"


@pytest.mark.parametrize("status", [None, 302, 408, 429, 500, 503])
def test_anything_else_is_tried_again(status: int | None) -> None:
    assert tried(Outcome("retry", status)).state == "pending"


def test_the_first_wait_is_at_most_a_second() -> None:
    waits = [(tried(RETRY, seed=seed).next_at - at(0)).total_seconds() for seed in range(200)]

    assert (min(waits) >= 0, max(waits) <= 1, max(waits) > 0.9) == (True, True, True)


def test_waits_grow_to_a_quarter_of_an_hour_and_not_further() -> None:
    worn = replace(delivery(), attempts=40, tried_at=at(0))
    waits = [(tried(RETRY, before=worn, seed=seed).next_at - at(0)).total_seconds() for seed in range(200)]

    assert (max(waits) <= 900, max(waits) > 850) == (True, True)


def test_a_thousand_attempts_do_not_overflow() -> None:
    assert tried(RETRY, before=replace(delivery(), attempts=5_000)).state == "pending"


def test_retry_after_is_honoured() -> None:
    assert tried(Outcome("retry", 429, 3_600.0)).next_at == at(60)


def test_a_short_retry_after_does_not_undercut_the_backoff() -> None:
    worn = replace(delivery(), attempts=10, tried_at=at(0))

    assert tried(Outcome("retry", 429, 0.0), before=worn).next_at > at(0.5)


def test_after_a_day_of_trying_it_is_given_up() -> None:
    first = tried(RETRY)

    assert tried(RETRY, before=first, minutes=24 * 60).state == "dead"


def test_giving_up_says_so_with_the_last_error() -> None:
    last = tried(RETRY, before=tried(RETRY), minutes=24 * 60).last_error

    assert last == "gave up after 24 h: the receiver answered 503"


def test_hours_before_the_first_attempt_do_not_count() -> None:
    assert tried(RETRY, minutes=10 * 24 * 60).state == "pending"


def test_a_retry_after_beyond_the_end_leaves_one_last_attempt() -> None:
    assert tried(Outcome("retry", 429, 90 * 3_600.0)).next_at == at(24 * 60)


def test_attempts_are_counted_and_the_last_error_kept() -> None:
    again = tried(RETRY, before=tried(RETRY))

    assert (again.attempts, again.last_error) == (2, "the receiver answered 503")


def test_the_key_does_not_change_over_attempts() -> None:
    assert tried(RETRY).key == delivery().key


def test_the_key_depends_on_incident_destination_and_number_alone() -> None:
    keys = {key_of(i, d, n) for i in ("a", "b") for d in ("x", "y") for n in (0, 1)}

    assert (len(keys), key_of("a", "x", 0) in keys) == (8, True)


def test_a_later_notice_waits_for_an_earlier_one_at_the_same_destination() -> None:
    first, second = delivery(next_at=30), delivery(seq=1, intent="resolve")

    assert due([second, first], at(0)) == []


def test_a_dead_notice_holds_nothing_up() -> None:
    first, second = replace(delivery(), state="dead"), delivery(seq=1)

    assert due([first, second], at(0)) == [second]


def test_other_destinations_are_not_held_up() -> None:
    stuck, free = delivery(next_at=30), delivery(to="log:other")

    assert due([stuck, free], at(0)) == [free]


def test_other_incidents_are_not_held_up() -> None:
    stuck, free = delivery(next_at=30), delivery(incident="inc_2")

    assert due([stuck, free], at(0)) == [free]


def test_the_longest_overdue_goes_first() -> None:
    late, later = delivery(incident="inc_2", next_at=-5), delivery(next_at=-1)

    assert due([later, late], at(0)) == [late, later]


def test_no_more_are_given_than_asked_for() -> None:
    assert len(due([delivery(incident=f"inc_{n}") for n in range(9)], at(0), limit=4)) == 4


def test_an_open_never_tried_and_its_resolve_cancel_out() -> None:
    line = [delivery(), delivery(seq=1, intent="raise"), delivery(seq=2, intent="resolve")]

    assert (coalesce(line).keep, len(coalesce(line).dropped)) == ((), 3)


def test_an_open_that_was_tried_may_have_arrived_so_its_resolve_stays() -> None:
    line = [replace(delivery(), attempts=1), delivery(seq=1, intent="resolve")]

    assert coalesce(line).keep == tuple(line)


def test_an_open_that_was_sent_keeps_its_resolve() -> None:
    line = [replace(delivery(), state="sent"), delivery(seq=1, intent="resolve")]

    assert coalesce(line).keep == tuple(line)


def test_an_open_without_a_resolve_stays() -> None:
    line = [delivery(), delivery(seq=1, intent="raise")]

    assert coalesce(line).keep == tuple(line)


def test_only_the_destination_that_saw_nothing_is_spared() -> None:
    seen = [replace(delivery(to="log:a"), state="sent"), delivery(to="log:a", seq=1, intent="resolve")]
    unseen = [delivery(to="log:b"), delivery(to="log:b", seq=1, intent="resolve")]

    assert coalesce([*seen, *unseen]).keep == tuple(seen)


def test_text_and_back_gives_the_same_delivery() -> None:
    worn = replace(tried(RETRY), next_at=at(0) + timedelta(microseconds=1))

    assert Delivery.from_json(worn.to_json()) == worn
