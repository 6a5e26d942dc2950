"""PagerDuty's webhooks: what people do there is done here once, and what we did there ourselves never comes back."""

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from alerting.remark import Remark
from service.store.pagerduty import KEPT_DAYS
from service.store.remarks import remarks_of
from tests.alerting.examples import clear
from tests.service.linked import PD, URL, Desk, desk, later

ANNA = {
    "html_url": "https://acme.pagerduty.com/users/PLH1HKV", "id": "PLH1HKV",
    "self": "https://api.pagerduty.com/users/PLH1HKV", "summary": "Anna Engineer", "type": "user_reference",
}  # fmt: skip
OTTO = {**ANNA, "id": "PTUXL6G", "summary": "Otto Operator"}
INTEGRATION = {
    "html_url": "https://acme.pagerduty.com/services/PF9KMXH/integrations/PXMQRWJ", "id": "PXMQRWJ",
    "self": "https://api.pagerduty.com/services/PF9KMXH/integrations/PXMQRWJ", "summary": "Events API V2",
    "type": "inbound_integration_reference",
}  # fmt: skip
SERVICE = {**INTEGRATION, "id": "PF9KMXH", "summary": "Credit", "type": "service_reference"}


def event(
    at: Desk, what: str, *, id: str = "", agent: object = ANNA, key: object = None, client: object = None
) -> dict[str, Any]:
    """A payload as PagerDuty documents it; the key is null unless said otherwise, as it is for Events API v2."""
    about = {
        "id": "PGR0VU2", "type": "incident", "self": "https://api.pagerduty.com/incidents/PGR0VU2",
        "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2", "number": 2, "status": "triggered",
        "incident_key": key, "created_at": "2025-11-24T16:00:00Z", "title": "[ACT] credit-score 31: income",
        "service": {**SERVICE}, "assignees": [OTTO], "teams": [], "priority": None, "urgency": "high",
        "conference_bridge": None, "resolve_reason": None, "incident_type": {"name": "incident_default"},
    }  # fmt: skip
    return {
        "event": {
            "id": id or f"01-{what}", "event_type": f"incident.{what}", "resource_type": "incident",
            "occurred_at": "2025-11-24T16:00:00.169Z", "agent": agent, "client": client or {"name": "PagerDuty"},
            "data": about,
        }
    }  # fmt: skip


def triggered(at: Desk) -> dict[str, Any]:
    """How our own event comes back first."""
    client = {"name": "Driftwarden", "url": f"{URL}/incidents/{at.incident}"}
    return event(at, "triggered", agent=INTEGRATION, client=client)


async def post(at: Desk, payload: object, *, secret: str = PD, header: str = "") -> httpx2.Response:
    """Send it as PagerDuty does."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    mine = f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    headers = {"content-type": "application/json", "x-pagerduty-signature": header or mine}
    async with at.made.client() as client:
        return await client.post("/v1/hooks/pagerduty", content=body, headers=headers)


async def told(at: Desk, *payloads: dict[str, Any]) -> list[str]:
    """Send them in turn; gives what became of each."""
    return [(await post(at, payload)).json()["outcome"] for payload in payloads]


def remarks(at: Desk) -> list[str]:
    """What was written, oldest first."""
    with at.made.store.read() as connection:
        rows = [row.remark() for row in remarks_of(connection, at.incident)]
    return [row.text for row in rows if isinstance(row, Remark)]


async def test_acknowledged_there_is_acknowledged_here_by_whoever_did_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        outcomes = await told(at, triggered(at), event(at, "acknowledged"))
        incident = at.now()

    assert outcomes == ["known", "done"]
    assert incident is not None
    assert incident.hold is not None
    assert (incident.handling, incident.hold.by, incident.hold.at) == ("acked", "pagerduty:PLH1HKV", at.at)
    assert remarks(at) == ["Acknowledged in PagerDuty by Anna Engineer."]


async def test_the_name_of_a_person_is_in_the_remark_alone_and_not_in_the_audit(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await told(at, triggered(at), event(at, "acknowledged"), event(at, "resolved"))

        assert [entry for entry in at.audited() if "Anna" in str(entry)] == []
        assert ("pagerduty:PLH1HKV", "incident.acked") in [(who, what) for who, what, _ in at.audited()]


@pytest.mark.parametrize("tier", ["act", "act/0a1b2c3d/4"])
async def test_the_key_names_the_incident_where_pagerduty_tells_it(tmp_path: Path, tier: str) -> None:
    async with desk(tmp_path) as at:
        assert await told(at, event(at, "acknowledged", key=f"{at.incident}/{tier}")) == ["done"]


async def test_given_back_there_the_clocks_go_on_here(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await told(at, triggered(at), event(at, "acknowledged"))
        outcomes = await told(at, event(at, "unacknowledged", agent=SERVICE))

        assert (outcomes, at.handling()) == (["done"], "notified")


async def test_what_somebody_holds_here_is_not_given_back_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.ask("POST", (await at.mailed())["Acknowledge"])
        outcomes = await told(at, triggered(at), event(at, "unacknowledged", agent=SERVICE))

        assert (outcomes, at.handling()) == (["known", "known"], "acked")


async def test_resolved_there_is_a_note_here_and_stays_owed_with_its_clocks(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        before = at.now()
        outcomes = await told(at, triggered(at), event(at, "resolved"))
        after = at.now()

    assert (outcomes, after) == (["known", "noted"], before)
    assert before is not None
    assert before.timers
    assert remarks(at) == [
        "Resolved in PagerDuty by Anna Engineer. Here it is open until somebody closes it: say what it was."
    ]


async def test_escalated_and_reassigned_there_is_noted_here(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        payloads = [event(at, "escalated", agent=None), event(at, "reassigned"), event(at, "delegated")]
        outcomes = await told(at, triggered(at), *payloads)

    assert (outcomes, at.handling()) == (["known", "noted", "noted", "noted"], "notified")
    assert sorted(set(remarks(at))) == [
        "Escalated in PagerDuty by PagerDuty itself, to Otto Operator.",
        "Reassigned in PagerDuty by Anna Engineer, to Otto Operator.",
    ]


@pytest.mark.parametrize("what", ["acknowledged", "unacknowledged", "resolved"])
async def test_what_we_did_there_ourselves_does_nothing_here(tmp_path: Path, what: str) -> None:
    async with desk(tmp_path) as at:
        before = at.now()
        outcomes = await told(at, triggered(at), event(at, what, agent=INTEGRATION))

        assert (outcomes, at.now(), remarks(at)) == (["known", "echo"], before, [])


async def test_a_repeat_changes_nothing_even_after_it_was_given_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        acknowledged = event(at, "acknowledged")
        await told(at, triggered(at), acknowledged, event(at, "unacknowledged"))
        outcomes = await told(at, acknowledged)

        assert (outcomes, at.handling()) == (["repeat"], "notified")


async def test_acknowledged_twice_by_the_same_person_tells_nobody_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await told(at, triggered(at), event(at, "acknowledged"))
        before = at.audited()
        outcomes = await told(at, event(at, "acknowledged", id="02"))

        assert (outcomes, at.audited()) == (["known"], before)


async def test_what_is_none_of_ours_is_answered_and_counted(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        elsewhere = {"name": "Driftwarden", "url": f"{URL}/incidents/inc_{'0' * 16}"}
        payloads = [
            event(at, "acknowledged"), event(at, "triggered", client=elsewhere),
            {"event": {"id": "p", "event_type": "pagey.ping", "agent": None, "client": None, "data": {"type": "ping"}}},
            event(at, "priority_updated"),
        ]  # fmt: skip

        assert await told(at, *payloads) == ["unknown", "unknown", "ignored", "ignored"]
        assert at.made.progress.hooks == {"unknown": 2, "ignored": 2}


async def test_what_has_recovered_is_not_acknowledged_and_pagerduty_need_not_try_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await told(at, triggered(at))
        for minutes in (5, 10, 15):
            at.found(clear(end=minutes))
        answer = await post(at, event(at, "acknowledged"))

        assert (answer.status_code, answer.json()["outcome"], remarks(at)) == (200, "refused", [])


async def test_a_signature_that_is_not_ours_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        wrong = [
            await post(at, b"{", secret="guessed"), await post(at, triggered(at), header="v1=" + "0" * 64),
            await post(at, triggered(at), header="v2=x,"), await post(at, b"", header=" "),
        ]  # fmt: skip

        assert [answer.status_code for answer in wrong] == [403] * 4
        assert at.made.progress.hooks == {"forged": 4}
        assert PD not in wrong[0].text


async def test_while_a_secret_is_changed_either_signature_is_taken(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        body = json.dumps(triggered(at)).encode()
        made = [f"v1={hmac.new(s.encode(), body, hashlib.sha256).hexdigest()}" for s in ("old", PD)]
        both = await post(at, body, header=",".join(made))
        second = await post(at, event(at, "acknowledged"), secret="another")

        assert (both.status_code, second.json()["outcome"]) == (200, "done")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"event": {}}', b'{"event": {"id": "", "event_type": "x"}}', b"\xff", b"[" * 9_000],
)
async def test_what_is_no_webhook_is_refused_for_good(tmp_path: Path, body: bytes) -> None:
    async with desk(tmp_path) as at:
        answer = await post(at, body)

        assert (answer.status_code, "no webhook of PagerDuty" in answer.json()["detail"]) == (400, True)


async def test_a_body_that_is_too_long_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert (await post(at, b" " * 262_145)).status_code == 413


async def test_a_secret_that_cannot_be_had_asks_pagerduty_to_try_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        del at.made.environment["PD"]

        assert (await post(at, triggered(at))).status_code == 503


async def test_events_are_let_go_of_when_they_are_old(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await told(at, triggered(at))
        at.at += timedelta(days=KEPT_DAYS, minutes=1)
        await told(at, event(at, "triggered", id="02", key=f"{at.incident}/act/x"))
        with at.made.store.read() as connection:
            kept = connection.exec_driver_sql("select id from pagerduty_event").scalars().all()

    assert kept == ["02"]


async def test_an_acknowledgement_there_is_noted_and_ends_nobody_s_silence_here(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        made = await told(at, triggered(at))
        until = later(at.at, 20).isoformat()
        async with at.made.client("respond") as client:
            await client.post(f"/v1/incidents/{at.incident}/silence", json={"until": until, "note": "migration"})

        assert made + await told(at, event(at, "acknowledged")) == ["known", "noted"]
        assert at.handling() == "silenced"
