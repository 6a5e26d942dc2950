"""PagerDuty events: what is opened, acknowledged and resolved, held against the facts of its API and a real server."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from jsonschema import Draft202012Validator

from alerting.audit import Json
from alerting.outbox import PERMANENT, Delivery
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.call import Call
from alerting.sinks.pagerduty import PagerDutySink, events
from tests.alerting.golden_file import golden
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import Step, changed, investigated, line, pages, remembering, risen

KEY = "R0UT1NGKEY0000000000000000000000"
TARGET = Destination("pagerduty:credit-ds:0a1b2c3d", "pagerduty", "https://events.pagerduty.example", "env:PD")
SCHEMA = json.loads((Path(__file__).parent / "pagerduty_event.json").read_text(encoding="utf-8"))
ACCEPTED = "202 Accepted"


@asynccontextmanager
async def sending(
    deliveries: Sequence[Delivery], *answers: str | None, seconds: float = 5.0
) -> AsyncIterator[tuple[PagerDutySink, Receiver, list[Delivery]]]:
    """A sink, a receiver in PagerDuty's place, and the deliveries bound for it."""
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        target = replace(TARGET, address=there.url.removesuffix("/hook"))
        bound = [replace(delivery, target=target) for delivery in deliveries]
        call = Call(client, lambda: datetime.now(UTC), seconds)
        yield PagerDutySink(call, lambda name: secret_of(name, {"PD": KEY}), remembering(bound)), there, bound


async def bodies(steps: Sequence[Step]) -> list[dict[str, Json]]:
    """Every body that a story makes, as it arrives."""
    made = line(steps, TARGET)
    async with sending(made, *[ACCEPTED] * 20) as (sink, there, bound):
        for delivery in bound:
            assert (await sink.send(delivery)).kind == "delivered"
        return [json.loads(request.body) for request in there.requests]


@pytest.mark.parametrize("steps", [investigated(), risen()], ids=["investigate", "act"])
async def test_every_body_is_one_that_the_api_takes(steps: list[Step]) -> None:
    validator = Draft202012Validator(SCHEMA)

    found = [fault.message for made in await bodies(steps) for fault in validator.iter_errors(made)]

    assert found == []


@pytest.mark.parametrize(("name", "steps"), [("investigate", investigated()), ("act", risen())])
def test_the_events_of_an_incident_are_those_of_the_golden_file(name: str, steps: list[Step]) -> None:
    text = pages(lambda delivery, earlier: list(events(delivery, earlier)), line(steps, TARGET))

    assert text == golden(f"pagerduty_{name}.json", text)


async def test_each_thing_told_does_what_it_should_there() -> None:
    done = [(body["event_action"], str(body["dedup_key"])[21:].split("/")[0]) for body in await bodies(risen())]

    assert done == [
        ("trigger", "investigate"),
        ("trigger", "act"), ("resolve", "investigate"),
        ("acknowledge", "act"),
        ("trigger", "act"), ("resolve", "act"),
        ("resolve", "act"),
    ]  # fmt: skip


@pytest.mark.parametrize("steps", [investigated(), risen()], ids=["investigate", "act"])
async def test_every_alert_that_was_opened_is_resolved_in_the_end_and_no_other(steps: list[Step]) -> None:
    made = await bodies(steps)

    opened = {body["dedup_key"] for body in made if body["event_action"] == "trigger"}
    resolved = {body["dedup_key"] for body in made if body["event_action"] == "resolve"}
    assert opened == resolved


async def test_what_rings_has_a_key_that_nobody_can_have_acknowledged_before() -> None:
    made = await bodies(risen())

    rung = [body["dedup_key"] for body in made if body["event_action"] == "trigger"]
    assert len(set(rung)) == len(rung) == 3


def test_a_second_attempt_uses_the_keys_of_the_first() -> None:
    opened, raised = line(risen(), TARGET)[:2]
    again = replace(raised, attempts=3, next_at=datetime(2027, 1, 1, tzinfo=UTC))

    assert events(again, [opened]) == events(raised, [opened])


def test_two_parties_on_one_service_do_not_close_each_others_alerts() -> None:
    mine = line(risen(), TARGET)[0]
    theirs = replace(mine, destination="pagerduty:on-call:0a1b2c3d")

    assert events(mine, [])[0]["dedup_key"] != events(theirs, [])[0]["dedup_key"]


def test_an_open_that_failed_is_resolved_too_because_it_may_have_arrived() -> None:
    opened, raised, *_, over = line(risen(), TARGET)
    dead = [replace(opened, state="dead"), replace(raised, state="dead")]

    assert len(events(over, dead)) == 2


def test_an_end_that_was_told_is_not_told_again_when_the_incident_comes_back_and_ends() -> None:
    opened, acked, reminded, over = line(investigated(), TARGET)
    again = replace(opened, seq=over.seq + 1)
    actions = [event["event_action"] for event in events(again, [opened, acked, reminded, over])]

    assert actions == ["trigger"]


def test_an_incident_that_somebody_holds_is_acknowledged_and_another_change_of_facts_is_not_told() -> None:
    opened, acked = line(investigated(), TARGET)[:2]
    silenced, freed = (changed(acked, standing=standing(acked, handling)) for handling in ("silenced", "notified"))

    actions = [[event["event_action"] for event in events(told, [opened])] for told in (acked, silenced, freed)]

    assert actions == [["acknowledge"], ["acknowledge"], []]


def standing(delivery: Delivery, handling: str) -> Json:
    """How a delivery's incident stands, under another handling."""
    told = delivery.payload["data"]
    assert isinstance(told, dict)
    assert isinstance(told["standing"], dict)
    return {**told["standing"], "handling": handling}


@pytest.mark.parametrize(
    ("tier", "severity"), [("act", "critical"), ("investigate", "warning"), ("observe", "info"), ("blind", "error")]
)
def test_the_severity_follows_the_tier(tier: str, severity: str) -> None:
    (event,) = events(changed(line(risen(), TARGET)[0], tier=tier), [])

    assert isinstance(event["payload"], dict)
    assert event["payload"]["severity"] == severity


def test_a_link_that_no_browser_opens_does_not_cost_the_page() -> None:
    links: Json = [{"text": "Runbook", "url": "see the wiki"}, {"text": "Incident", "url": "https://drift.example/1"}]
    (event,) = events(changed(line(risen(), TARGET)[0], links=links), [])

    assert event["links"] == [{"href": "https://drift.example/1", "text": "Incident"}]
    assert event["client_url"] == "https://drift.example/1"


def test_the_largest_notice_there_can_be_fits_into_an_event() -> None:
    item: Json = {"subject": "ü" * 5_000, "moves": [{"label": "ü" * 5_000}] * 50}
    (event,) = events(changed(line(risen(), TARGET)[0], title="ü" * 9_000, evidence=[item] * 10), [])

    body = json.dumps({"routing_key": KEY, **event}, ensure_ascii=False).encode()
    assert isinstance(event["payload"], dict)
    assert (len(body) < 500_000, len(str(event["payload"]["summary"]))) == (True, 1_024)


@pytest.mark.parametrize("status", sorted(PERMANENT))
async def test_what_no_retry_changes_is_refused(status: int) -> None:
    async with sending(line(risen(), TARGET), f"{status} No") as (sink, _, bound):
        outcome = await sink.send(bound[0])

    assert (outcome.kind, outcome.status) == ("refused", status)


@pytest.mark.parametrize("answer", ["429 Slow\r\nretry-after: 30", "503 Later\r\nretry-after: 30"])
async def test_a_busy_pagerduty_is_left_alone_as_long_as_it_asks_for(answer: str) -> None:
    async with sending(line(risen(), TARGET), answer) as (sink, _, bound):
        outcome = await sink.send(bound[0])

    assert (outcome.kind, outcome.retry_after_seconds) == ("retry", 30.0)


async def test_an_answer_that_pagerduty_does_not_give_is_no_acceptance() -> None:
    async with sending(line(risen(), TARGET), "200 Welcome to this hotel") as (sink, _, bound):
        assert (await sink.send(bound[0])).kind == "retry"


async def test_the_lower_alert_stays_open_until_the_higher_one_is_accepted() -> None:
    async with sending(line(risen(), TARGET), "500 No") as (sink, there, bound):
        outcome = await sink.send(bound[1])

    assert (outcome.kind, len(there.requests)) == ("retry", 1)


async def test_all_events_of_a_notice_together_take_no_longer_than_one_attempt_may() -> None:
    async with sending(line(risen(), TARGET), ACCEPTED, None, seconds=0.3) as (sink, _, bound):
        outcome = await sink.send(bound[1])

    assert (outcome.kind, outcome.note) == ("retry", "no answer within 0.3 s")


async def test_the_reason_of_a_refusal_is_told_without_the_key() -> None:
    said = json.dumps({"status": "invalid event", "errors": [f"'{KEY}' is not a routing key"]})
    async with sending(line(risen(), TARGET), f"400 Bad Request\r\n\r\n{said}") as (sink, _, bound):
        note = (await sink.send(bound[0])).note

    assert (KEY in note, note.endswith(": '(the key)' is not a routing key")) == (False, True)


async def test_a_key_that_is_not_there_is_looked_for_again_later() -> None:
    async with sending(line(risen(), TARGET)) as (sink, there, bound):
        lost = replace(bound[0], target=replace(bound[0].target, secret="env:ABSENT"))
        outcome = await sink.send(lost)

    assert (outcome.kind, there.requests) == ("retry", [])
