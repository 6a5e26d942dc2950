"""GoAlert's generic API: what is opened and closed, against a server that answers as GoAlert does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx2
import pytest

from alerting.outbox import Delivery
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.call import Call
from alerting.sinks.goalert import GoAlertSink, forms
from tests.alerting.golden_file import golden
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import Step, changed, investigated, line, pages, remembering, risen

TOKEN = "b9d4e2c1-4a62-4a0e-9d0f-30c1f1c2b7aa"
TARGET = Destination("goalert:credit-ds:0a1b2c3d", "goalert", "https://goalert.example", "env:TOKEN")
CREATED = '200 OK\r\ncontent-type: application/json\r\n\r\n{"AlertID": 17, "ServiceID": "b1", "IsNew": true}'


@asynccontextmanager
async def sending(
    deliveries: Sequence[Delivery], *answers: str | None, path: str = ""
) -> AsyncIterator[tuple[GoAlertSink, Receiver, list[Delivery]]]:
    """A sink, a receiver in GoAlert's place, and the deliveries bound for it."""
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        target = replace(TARGET, address=there.url.removesuffix("/hook") + path)
        bound = [replace(delivery, target=target) for delivery in deliveries]
        call = Call(client, lambda: datetime.now(UTC), 5.0)
        yield GoAlertSink(call, lambda name: secret_of(name, {"TOKEN": TOKEN}), remembering(bound)), there, bound


async def arrived(steps: Sequence[Step]) -> list[dict[str, str]]:
    """Every form that a story makes, as it arrives."""
    async with sending(line(steps, TARGET)) as (sink, there, bound):
        for delivery in bound:
            assert (await sink.send(delivery)).kind == "delivered"
        return [dict(parse_qsl(request.body.decode())) for request in there.requests]


@pytest.mark.parametrize(("name", "steps"), [("investigate", investigated()), ("act", risen())])
def test_the_forms_of_an_incident_are_those_of_the_golden_file(name: str, steps: list[Step]) -> None:
    text = pages(lambda delivery, earlier: [dict(form) for form in forms(delivery, earlier)], line(steps, TARGET))

    assert text == golden(f"goalert_{name}.json", text)


@pytest.mark.parametrize("steps", [investigated(), risen()], ids=["investigate", "act"])
async def test_every_alert_that_was_opened_is_closed_in_the_end_and_no_other(steps: list[Step]) -> None:
    made = await arrived(steps)

    assert {form["dedup"] for form in made if "action" not in form} == {
        form["dedup"] for form in made if form.get("action") == "close"
    }


async def test_what_rings_has_a_key_of_its_own() -> None:
    rung = [form["dedup"] for form in await arrived(risen()) if "action" not in form]

    assert len(set(rung)) == len(rung) == 3


async def test_a_change_of_facts_sends_nothing() -> None:
    opened, acked = line(investigated(), TARGET)[:2]

    assert forms(acked, [opened]) == []


async def test_the_token_travels_in_the_form_and_not_in_the_address() -> None:
    async with sending(line(risen(), TARGET), path="/ops/") as (sink, there, bound):
        await sink.send(bound[0])

    (request,) = there.requests
    assert (request.line, dict(parse_qsl(request.body.decode()))["token"]) == (
        "POST /ops/api/v2/generic/incoming HTTP/1.1",
        TOKEN,
    )


async def test_goalerts_number_of_the_alert_is_kept_where_it_is_told() -> None:
    async with sending(line(risen(), TARGET), CREATED) as (sink, there, bound):
        outcomes = [await sink.send(bound[0]) for _ in range(2)]

    assert [(outcome.kind, outcome.receipt) for outcome in outcomes] == [("delivered", "17"), ("delivered", "")]
    assert there.requests[0].headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("401 Unauthorized", "refused"), ("400 Bad", "refused"), ("429 Slow", "retry"), ("502 Gone", "retry")],
)
async def test_a_failure_tells_neither_token_nor_address(answer: str, kind: str) -> None:
    async with sending(line(risen(), TARGET), answer) as (sink, _, bound):
        outcome = await sink.send(bound[0])

    assert (outcome.kind, TOKEN in outcome.note, "127.0.0.1" in outcome.note) == (kind, False, False)


def test_the_longest_notice_is_cut_to_what_goalert_keeps_and_its_links_stay() -> None:
    (form,) = forms(changed(line(risen(), TARGET)[0], text="x ``` y\n" * 2_000, title="t" * 3_000), [])

    assert (len(form["details"]) <= 6_144, len(form["summary"])) == (True, 1_024)
    assert form["details"].startswith("- [Runbook](https://wiki.example/drift)")
    assert form["details"].count("```") == 2
