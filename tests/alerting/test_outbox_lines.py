"""What holds on every line, whatever is told on it and however its destination behaves."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.incident import Intent
from alerting.outbox import RINGS, Delivery, Outcome, RetryRules, after, coalesce, due, in_vain
from tests.alerting.examples import at
from tests.alerting.test_outbox import delivery

OUTCOMES = (
    Outcome("delivered", 204),
    Outcome("retry", 503, note="may have arrived"),
    Outcome("retry", 429, note="has not arrived", lost=True),
    Outcome("refused", 410, note="gone", lost=True),
)
"""Everything that one attempt can come to."""


def waiting(*intents: Intent, tried: int = 0) -> list[Delivery]:
    """A line of deliveries of which the first `tried` were attempted once."""
    return [replace(delivery(seq=n, intent=intent), attempts=int(n < tried)) for n, intent in enumerate(intents)]


def kept(*intents: Intent, tried: int = 0) -> list[tuple[int, Intent]]:
    """What of such a line is left to send."""
    return [(one.seq, one.intent) for one in coalesce(waiting(*intents, tried=tried)).keep]


def test_an_update_gives_way_to_a_newer_one_and_to_the_end() -> None:
    assert kept("open", "update", "update") == [(0, "open"), (2, "update")]
    assert kept("open", "update", "resolve", tried=1) == [(0, "open"), (2, "resolve")]


def test_an_update_does_not_give_way_to_what_says_something_else() -> None:
    assert kept("open", "update", "raise") == [(0, "open"), (1, "update"), (2, "raise")]
    assert kept("open", "remind", "update", tried=1) == [(0, "open"), (1, "remind"), (2, "update")]


@pytest.mark.parametrize("newer", ["remind", "raise", "resolve"])
def test_nobody_is_reminded_of_what_something_newer_says(newer: Intent) -> None:
    assert kept("open", "remind", newer, tried=1) == [(0, "open"), (2, newer)]


def test_what_was_tried_once_may_have_arrived_and_stays() -> None:
    assert kept("open", "update", "update", tried=2) == [(0, "open"), (1, "update"), (2, "update")]


def test_an_open_after_the_end_of_what_nobody_saw_carries_on() -> None:
    assert kept("open", "resolve", "open") == [(2, "open")]


def test_an_open_that_may_have_arrived_keeps_its_end_whatever_follows() -> None:
    assert kept("open", "resolve", "open", tried=1) == [(0, "open"), (1, "resolve"), (2, "open")]


def test_a_reminder_after_the_end_is_about_what_is_still_owed_and_stays() -> None:
    assert kept("open", "resolve", "remind", tried=1) == [(0, "open"), (1, "resolve"), (2, "remind")]


def test_there_is_no_end_for_an_open_that_certainly_did_not_arrive() -> None:
    end = delivery(seq=1, intent="resolve")
    dead = replace(delivery(), state="dead", attempts=1)

    assert in_vain(end, [replace(dead, lost=True)])
    assert not in_vain(end, [dead])
    assert not in_vain(end, [])


def test_a_raise_is_told_although_the_open_did_not_arrive() -> None:
    assert not in_vain(delivery(seq=1, intent="raise"), [replace(delivery(), state="dead", attempts=1, lost=True)])


def test_an_earlier_episode_does_not_speak_for_a_later_one() -> None:
    past = [
        replace(delivery(), state="sent", attempts=1),
        replace(delivery(seq=1, intent="resolve"), state="sent", attempts=1),
        replace(delivery(seq=2), state="dead", attempts=1, lost=True),
    ]

    assert in_vain(delivery(seq=3, intent="resolve"), past)


def test_one_attempt_that_may_have_arrived_is_enough_for_doubt() -> None:
    once = after(delivery(), OUTCOMES[1], at(0), random.Random(1), RetryRules())
    twice = after(once, OUTCOMES[2], at(1), random.Random(1), RetryRules())

    assert (once.lost, twice.lost, after(delivery(), OUTCOMES[2], at(0), random.Random(1), RetryRules()).lost) == (
        False, False, True,
    )  # fmt: skip


def test_an_act_goes_before_what_has_waited_for_longer() -> None:
    grave = replace(delivery(next_at=-1), payload={"data": {"tier": "act"}})
    old = replace(delivery(incident="inc_2", next_at=-60), payload={"data": {"tier": "investigate"}})

    assert due([old, grave], at(0)) == [grave, old]


def test_what_disturbs_goes_before_what_ends() -> None:
    end = delivery(intent="resolve", next_at=-60)
    begin = delivery(incident="inc_2", next_at=-1)

    assert due([end, begin], at(0)) == [begin, end]


_BETWEEN: tuple[Intent, ...] = ("raise", "remind", "update")
_MIDDLE = st.lists(st.sampled_from(_BETWEEN), max_size=4)


@st.composite
def stories(draw: st.DrawFn) -> list[Intent]:
    """What is told of an incident at one destination: episodes with one open and one end each."""
    told: list[Intent] = []
    for _ in range(draw(st.integers(1, 3))):
        told += ["open", *draw(_MIDDLE), "resolve"]
    return told


@given(stories(), st.lists(st.integers(0, 3), max_size=40), st.integers(0, 2**30))
@settings(max_examples=300, deadline=None)
def test_every_line_is_told_in_order_and_ends_once_for_whoever_may_have_heard_of_it(
    told: list[Intent], answers: list[int], seed: int
) -> None:
    sent = _played(told, [OUTCOMES[answer] for answer in answers], random.Random(seed))

    numbers = [seq for seq, _, _ in sent]
    assert numbers == sorted(numbers), "a later one overtook an earlier one"
    for episode in _episodes(told):
        mine = [(intent, outcome) for seq, intent, outcome in sent if seq in episode]
        ends = [outcome for intent, outcome in mine if intent == "resolve" and outcome.kind == "delivered"]
        heard = any(intent in RINGS and not outcome.lost for intent, outcome in mine)
        refused = any(intent == "resolve" and outcome.kind == "refused" for intent, outcome in mine)
        assert len(ends) == int(heard and not refused), (told, sent)
        assert heard or not any(intent == "resolve" for intent, _ in mine), "an end without a beginning"


def _played(
    told: list[Intent], answers: list[Outcome], rng: random.Random
) -> list[tuple[int, Intent, Outcome]]:  # fmt: skip
    """Tell it bit by bit to a destination that answers like this and then takes everything."""
    line: dict[int, Delivery] = {}
    sent: list[tuple[int, Intent, Outcome]] = []
    now: datetime = at(0)
    while len(line) < len(told) or any(one.state == "pending" for one in line.values()):
        for seq in range(len(line), min(len(told), len(line) + rng.randrange(3))):
            line[seq] = replace(delivery(seq=seq, intent=told[seq]), next_at=now)
        found = coalesce(list(line.values()))
        for gone in (*found.dropped, *found.superseded):
            assert gone.attempts == 0, "something was taken out that may have arrived"
            line[gone.seq] = replace(gone, state="dead")
        for head in due(found.keep, now):
            past = [one for one in line.values() if one.seq < head.seq and one.attempts]
            if in_vain(head, past):
                line[head.seq] = replace(head, state="dead")
                continue
            outcome = answers.pop(0) if answers else OUTCOMES[0]
            sent.append((head.seq, head.intent, outcome))
            line[head.seq] = after(head, outcome, now, rng, RetryRules())
        now += timedelta(minutes=20)
    return sent


def _episodes(told: list[Intent]) -> list[set[int]]:
    found: list[set[int]] = [set()]
    for seq, intent in enumerate(told):
        found[-1].add(seq)
        if intent == "resolve":
            found.append(set())
    return found[:-1]
