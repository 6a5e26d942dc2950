"""Notices in Teams: what a workflow is sent, what its answers mean, and what no name can do to a card."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.outbox import Delivery, Outcome
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.call import Call
from alerting.sinks.teams import TeamsSink
from alerting.sinks.teams_card import BYTES_MAX, message
from alerting.sinks.told import told
from tests.alerting.examples import finding, opened
from tests.alerting.golden_file import golden
from tests.alerting.sinks.notices import NOW, act, delivery, investigate, many, resolved
from tests.alerting.sinks.receiver import Receiver, receiver

TEAM = Destination("teams:credit-ds:1", "teams", "env:WORKFLOW")
EVIL = "[Runbook](https://evil.example) **x** <at>everyone</at> {{DATE(2026-01-01T00:00:00Z)}}"
OPEN = delivery(act(), "open", TEAM)

CASES: dict[str, tuple[Incident, Intent]] = {
    "open_act": (act(), "open"),
    "open_investigate": (investigate(), "open"),
    "resolve": (resolved(), "resolve"),
}


@asynccontextmanager
async def sending(*answers: str | None) -> AsyncIterator[tuple[TeamsSink, Receiver]]:
    """A sink, and a workflow that gives these answers."""
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        environment = {"WORKFLOW": f"{there.url}?sig=s3cret", "FTP": "ftp://s3cret"}
        yield TeamsSink(Call(client, lambda: NOW, 0.5), lambda name: secret_of(name, environment)), there


async def outcome(answer: str | None) -> Outcome:
    """What one attempt makes of an answer."""
    async with sending(answer) as (sink, _):
        return await sink.send(OPEN)


def card(sent: Delivery) -> dict[str, Any]:
    """The card of a delivery."""
    found: dict[str, Any] = json.loads(message(told(sent)))["attachments"][0]["content"]
    return found


def elements(place: Any) -> Iterator[dict[str, Any]]:
    """Every element in a card."""
    if isinstance(place, dict):
        yield place
        for value in place.values():
            yield from elements(value)
    elif isinstance(place, list):
        for value in place:
            yield from elements(value)


@pytest.mark.parametrize("name", CASES)
def test_the_card_as_it_is_posted(name: str) -> None:
    incident, intent = CASES[name]
    written = json.dumps(json.loads(message(told(delivery(incident, intent, TEAM)))), indent=1, ensure_ascii=False)

    assert f"{written}\n" == golden(f"teams_{name}.json", f"{written}\n")


async def test_the_card_goes_to_the_address_that_the_reference_names() -> None:
    async with sending("202 Accepted") as (sink, there):
        result = await sink.send(OPEN)

    (request,) = there.requests
    assert (result.kind, request.line, request.headers["content-type"]) == (
        "delivered",
        "POST /hook?sig=s3cret HTTP/1.1",
        "application/json",
    )
    assert json.loads(request.body) == json.loads(message(told(OPEN)))


async def test_an_update_is_not_posted() -> None:
    async with sending() as (sink, there):
        result = await sink.send(delivery(act(), "update", TEAM))

    assert (result.kind, there.requests) == ("delivered", [])


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        ("429 Slow\r\nretry-after: 9", "retry", 9.0), ("500 Oops", "retry", None), ("502 Bad", "retry", None),
        ("307 Moved\r\nlocation: http://127.0.0.1:1/", "retry", None), (None, "retry", None),
    ],
)  # fmt: skip
async def test_what_may_pass_is_tried_again(answer: str | None, kind: str, wait: float | None) -> None:
    result = await outcome(answer)

    assert (result.kind, result.retry_after_seconds) == (kind, wait)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
async def test_a_workflow_that_is_gone_is_refused_with_the_way_out(status: int) -> None:
    result = await outcome(f"{status} No")

    assert (result.kind, "who owns it" in result.note) == ("refused", True)


async def test_no_note_tells_the_address() -> None:
    async with sending("500 No", "404 No", None) as (sink, _):
        notes = [(await sink.send(OPEN)).note for _ in range(3)]
        notes.append((await sink.send(replace(OPEN, target=replace(TEAM, address="env:FTP")))).note)

    assert [note for note in notes if "s3cret" in note or "127.0.0.1" in note] == []


async def test_an_address_that_is_not_there_is_tried_again() -> None:
    async with sending() as (sink, there):
        result = await sink.send(replace(OPEN, target=replace(TEAM, address="env:ABSENT")))

    assert (result.kind, there.requests) == ("retry", [])


def test_names_are_only_where_no_markup_is_read() -> None:
    evil = finding(subject=EVIL, reason=EVIL, stream=Stream("prediction", EVIL, EVIL, EVIL))
    made = card(delivery(opened([evil]), "open", TEAM, by=EVIL))

    marked = [each["text"] for each in elements(made) if each.get("type") == "TextBlock"]
    assert [text for text in marked if "evil" in text or "everyone" in text] == []
    assert "entities" not in made["msteams"]


@pytest.mark.parametrize(
    "incident",
    [many(500), many(10, name="版" * 120), many(12, name='"\\' * 60), many(10, name="\U0001f4a9" * 120)],
    ids=["500", "wide", "escaped", "widest"],
)
def test_a_card_is_small_enough_and_says_what_it_left_out(incident: Incident) -> None:
    long = replace(
        incident, members=tuple(replace(m, peak=replace(m.peak, reason=m.subject * 9)) for m in incident.members)
    )
    sent = delivery(long, "open", TEAM)

    assert len(message(told(sent))) < BYTES_MAX
    said = json.dumps(card(sent), ensure_ascii=False)
    assert "not shown here" in said or "Reasons were left out" in said


def test_a_card_without_links_has_no_actions_that_lead_nowhere() -> None:
    bare = replace(OPEN, payload={"type": "incident.open", "data": {"title": "t", "text": "x", "links": []}})

    assert card(bare)["actions"] == []
