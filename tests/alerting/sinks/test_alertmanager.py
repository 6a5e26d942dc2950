"""Alerts for Alertmanager: which ones there are, what stays the same over an incident, and what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from jsonschema import Draft202012Validator

from alerting.audit import Json
from alerting.outbox import Delivery
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.alertmanager import LIVES_SECONDS, AlertmanagerSink, alerts
from alerting.sinks.call import Call
from tests.alerting.examples import NOON, at
from tests.alerting.golden_file import golden
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import Step, changed, investigated, line, pages, remembering, risen

TARGET = Destination("alertmanager:credit-ds:0a1b2c3d", "alertmanager", "http://alertmanager.example:9093")
SCHEMA = json.loads((Path(__file__).parent / "alertmanager_alerts.json").read_text(encoding="utf-8"))
LATER = at(60)


@asynccontextmanager
async def sending(
    *answers: str | None, address: str = "", seconds: float = 5.0
) -> AsyncIterator[tuple[AlertmanagerSink, Receiver, list[Delivery]]]:
    """A sink, a receiver in Alertmanager's place, and a story bound for it."""
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        url = there.url.removesuffix("/hook")
        bound = line(risen(), replace(TARGET, address=address or f"{url}/prefix/"))
        call = Call(client, lambda: datetime.now(UTC), seconds)
        yield AlertmanagerSink(call, lambda name: secret_of(name, {"AM": url}), remembering(bound)), there, bound


def tiers(made: Sequence[dict[str, Json]], now: datetime = LATER) -> list[tuple[str, bool]]:
    """The tier of each alert, and whether it is open."""
    return [
        (str(labels["tier"]), datetime.fromisoformat(str(alert["endsAt"])) > now)
        for alert in made
        if isinstance(labels := alert["labels"], dict)
    ]


@pytest.mark.parametrize(("name", "steps"), [("investigate", investigated()), ("act", risen())])
def test_the_alerts_of_an_incident_are_those_of_the_golden_file(name: str, steps: list[Step]) -> None:
    text = pages(lambda delivery, earlier: list(alerts(delivery, earlier, LATER)), line(steps, TARGET))

    assert text == golden(f"alertmanager_{name}.json", text)


@pytest.mark.parametrize("steps", [investigated(), risen()], ids=["investigate", "act"])
def test_every_body_is_one_that_the_api_takes(steps: list[Step]) -> None:
    told = line(steps, TARGET)
    made = [alerts(delivery, told[:number], LATER) for number, delivery in enumerate(told)]

    assert [fault.message for body in made for fault in Draft202012Validator(SCHEMA).iter_errors(body)] == []


def test_a_rise_begins_an_alert_that_can_be_routed_and_ends_the_one_before() -> None:
    told = line(risen(), TARGET)

    states = [tiers(alerts(delivery, told[:number], LATER)) for number, delivery in enumerate(told)]

    assert states == [
        [("investigate", True)],
        [("act", True), ("investigate", False)],
        [("act", True)],
        [("act", True)],
        [("act", False)],
    ]


def test_labels_do_not_change_with_what_is_told_later() -> None:
    opened, acked, *_, over = line(investigated(), TARGET)
    moved = [changed(told, model="other", version="99", subject="age") for told in (acked, over)]

    labels = [alerts(told, [opened], LATER)[0]["labels"] for told in (opened, *moved)]

    assert labels == [labels[0]] * 3


def test_a_tier_that_failed_to_arrive_is_ended_as_well() -> None:
    opened, raised, *_, over = line(risen(), TARGET, state="dead")

    assert tiers(alerts(over, [opened, raised], LATER)) == [("act", False), ("investigate", False)]


def test_what_is_told_after_the_end_opens_nothing_again() -> None:
    *before, over = line(investigated(), TARGET)
    later = replace(before[2], seq=over.seq + 1)

    assert tiers(alerts(later, [*before, over], LATER)) == [("investigate", False)]


def test_an_incident_that_comes_back_to_a_party_is_open_there_again() -> None:
    *before, over = line(investigated(), TARGET)
    again = replace(before[0], seq=over.seq + 1)

    assert tiers(alerts(again, [*before, over], LATER)) == [("investigate", True)]


def test_an_open_alert_outlives_three_sends_that_are_missed() -> None:
    (alert,) = alerts(line(risen(), TARGET)[0], [], LATER)

    assert alert["endsAt"] == (LATER + timedelta(seconds=240)).isoformat()
    assert LIVES_SECONDS == 240


def test_event_time_that_is_ahead_of_the_clock_makes_no_alert_that_ends_before_it_begins() -> None:
    told = line(risen(), TARGET, begin=LATER + timedelta(minutes=5))

    for number, delivery in enumerate(told):
        for alert in alerts(delivery, told[:number], LATER):
            assert str(alert["startsAt"]) <= str(alert["endsAt"])


def test_what_is_empty_is_left_out_because_alertmanager_would_drop_it() -> None:
    (alert,) = alerts(changed(line(risen(), TARGET)[0], version="", links=[]), [], NOON)

    assert isinstance(alert["labels"], dict)
    assert isinstance(alert["annotations"], dict)
    assert ("version" in alert["labels"], "runbook_url" in alert["annotations"], "generatorURL" in alert) == (
        False,
    ) * 3


async def test_it_is_posted_below_the_address_given() -> None:
    async with sending("200 OK") as (sink, there, bound):
        assert (await sink.send(bound[0])).kind == "delivered"

    assert there.requests[0].line == "POST /prefix/api/v2/alerts HTTP/1.1"


async def test_an_address_may_be_a_secret() -> None:
    async with sending("200 OK", address="env:AM") as (sink, there, bound):
        assert (await sink.send(bound[0])).kind == "delivered"

    assert len(there.requests) == 1


@pytest.mark.parametrize(("answer", "kind"), [("400 Bad", "refused"), ("503 Later", "retry"), ("500 No", "retry")])
async def test_what_it_says_is_wrong_is_told(answer: str, kind: str) -> None:
    async with sending(f'{answer}\r\n\r\n"start time must be before end time"\n') as (sink, _, bound):
        outcome = await sink.send(bound[0])

    assert (outcome.kind, outcome.note.endswith(": start time must be before end time")) == (kind, True)


async def test_calls_of_one_destination_wait_for_each_other_and_not_for_ever() -> None:
    async with sending(seconds=0.2) as (sink, there, bound):
        async with sink.turn(bound[0].destination):
            waited = await sink.send(bound[0])
        after = await sink.send(bound[0])
        async with sink.turn("alertmanager:another"):
            beside = await sink.send(bound[0])

    assert [outcome.kind for outcome in (waited, after, beside)] == ["retry", "delivered", "delivered"]
    assert len(there.requests) == 2


async def test_a_call_that_waited_its_turn_is_made() -> None:
    async with sending() as (sink, there, bound):
        async with sink.turn(bound[0].destination):
            waiting = asyncio.create_task(sink.send(bound[0]))
        outcome = await waiting

    assert (outcome.kind, len(there.requests)) == ("delivered", 1)
