"""When a party is out of reach, by what became of all it was to be told of one incident."""

from dataclasses import replace
from datetime import timedelta

from alerting.incident import Intent
from alerting.outbox import Delivery, DeliveryState
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.reroute import party_of, passed_on, patience, unreached
from alerting.route import SinkName
from alerting.tell import Telling
from alerting.tiers import Tier
from tests.alerting.examples import at, finding
from tests.alerting.responding import decisions
from tests.alerting.test_outbox import delivery

WAIT = timedelta(minutes=15)


def told(
    to: str, state: DeliveryState, *, seq: int = 0, intent: Intent = "open", tried: float | None = 0.0
) -> Delivery:  # fmt: skip
    """A delivery that is due at noon and was first tried some minutes after that."""
    made = delivery(seq=seq, intent=intent, to=to)
    sink: SinkName = "log" if to.startswith("log") else "webhook"
    since = None if tried is None else at(tried)
    return replace(
        made, state=state, tried_at=since, attempts=int(tried is not None), target=replace(made.target, sink=sink),
        last_error="503" if state != "sent" and tried is not None else "",
    )  # fmt: skip


def lost(*deliveries: Delivery, minutes: float, watched: float = 0.0) -> bool:
    """Whether that makes the party one that cannot be reached."""
    return unreached(deliveries, at(minutes), WAIT, at(watched)) is not None


def test_all_dead_is_out_of_reach_at_once() -> None:
    assert lost(told("a", "dead"), told("b", "dead"), minutes=0)


def test_one_that_arrived_is_enough() -> None:
    assert not lost(told("a", "dead"), told("b", "sent"), minutes=60)


def test_one_that_is_still_tried_is_waited_for() -> None:
    assert not lost(told("a", "dead"), told("b", "pending"), minutes=14)
    assert lost(told("a", "dead"), told("b", "pending"), minutes=15)


def test_a_line_in_a_log_reaches_nobody_who_has_another_destination() -> None:
    assert lost(told("log:a", "sent"), told("b", "dead"), minutes=0)
    assert not lost(told("log:a", "sent"), minutes=60)


def test_what_arrived_later_counts_for_what_did_not() -> None:
    assert not lost(told("a", "dead"), told("a", "sent", seq=1, intent="raise"), minutes=60)


def test_what_failed_after_something_arrived_counts_anew() -> None:
    later = told("a", "pending", seq=1, intent="remind", tried=30)

    assert not lost(told("a", "sent"), later, minutes=44)
    assert lost(told("a", "sent"), later, minutes=45)


def test_an_end_that_does_not_arrive_puts_nobody_out_of_reach() -> None:
    assert not lost(told("a", "sent"), told("a", "dead", seq=1, intent="resolve"), minutes=60)


def test_what_was_never_tried_counts_from_when_somebody_could_have() -> None:
    waiting = told("a", "pending", tried=None)

    assert not lost(waiting, minutes=100, watched=90)
    assert lost(waiting, minutes=105, watched=90)


def test_what_is_held_back_over_quiet_hours_has_not_failed() -> None:
    assert not lost(replace(told("a", "pending", tried=None), next_at=at(480)), minutes=60)


def test_at_act_and_blind_nobody_waits_as_long_as_elsewhere() -> None:
    waits = {str(tier): patience(tier, 15) / timedelta(minutes=1) for tier in Tier}

    assert waits == {"act": 15, "blind": 15, "investigate": 60, "observe": 60}


def test_whoever_is_left_is_told_once_for_a_party_however_often_it_fails() -> None:
    made = decisions([finding()])
    failing = next(one for one in made.deliveries if party_of(one) == "credit-ds")
    telling = Telling(Policy(), at(1))

    once = passed_on(made.incidents[0], failing, telling)

    assert once is not None
    assert [(notice.intent, notice.party) for notice in telling.notices] == [("open", "platform")]
    assert passed_on(once, failing, telling) is None


def test_at_act_only_what_may_ring_reaches_a_party_that_has_it() -> None:
    made = decisions([finding()], table=parse_ownership(BOTH)).deliveries
    pager, mail = (next(d for d in made if d.target.sink == sink) for sink in ("pagerduty", "email"))
    dead, sent = replace(pager, state="dead", attempts=1), replace(mail, state="sent", attempts=1)

    assert unreached([dead, sent], at(0), WAIT, at(0)) == dead
    assert unreached([replace(pager, state="sent"), replace(mail, state="dead")], at(60), WAIT, at(0)) is None


BOTH = """\
version: 1
parties: {ds: {contacts: [{pagerduty: "env:DS"}, {email: ds@company.example}]}}
fallback: {owner: ds}
rules: [{id: all, match: {model: "*"}, assign: {owner: ds, responder: ds}}]
"""
