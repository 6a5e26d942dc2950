"""Signed links as their reader meets them: in a real mail, behind a page that asks first, and working once."""

import asyncio
import base64
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.links import read
from alerting.outbox import Delivery, Outcome
from service.store.records import put_incident
from tests.alerting.examples import clear, finding
from tests.service.linked import KEY, desk, later
from tests.service.web.test_pages import Reader

FOUND = "income was scaled twice upstream; fixed in 2.4"


async def test_a_mails_link_is_looked_at_by_scanners_and_followed_once_to_an_acknowledgement(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        looks = [await at.ask(method, links["Acknowledge"]) for method in ("HEAD", "GET", "GET", "GET")]
        untouched = at.handling()
        done = await at.ask("POST", links["Acknowledge"], hours="2", note="looking into it")
        incident = at.now()
        again = await at.ask("POST", links["Acknowledge"])
        look = await at.ask("GET", links["Acknowledge"])

    assert ([answer.status_code for answer in looks], untouched) == ([200] * 4, "notified")
    assert (done.status_code, "link:credit-ds has it in hand until" in done.text) == (200, True)
    assert incident is not None
    assert incident.hold is not None
    assert (incident.handling, incident.hold.by, incident.hold.until) == ("acked", "link:credit-ds", later(at.at, 2))
    assert [(answer.status_code, "was used already" in answer.text) for answer in (again, look)] == [(410, True)] * 2
    assert at.made.progress.link_uses == {"done": 1, "used": 1}


async def test_the_audit_says_who_at_which_destination_and_keeps_the_note_beside_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        await at.ask("POST", links["Acknowledge"], note="looking into it")
        told = [entry for entry in at.audited() if entry[0] == "link:credit-ds"]

    assert [action for _, action, _ in told] == ["link.used", "notice.composed", "incident.acked"]
    assert told[0][2].startswith("by the link in notice 0 at email:credit-ds:")


async def test_the_page_says_what_the_click_will_do_and_for_whom_and_fetches_nothing_else(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        pages = {word: await at.ask("GET", path) for word, path in links.items()}

    assert sorted(pages) == ["Acknowledge", "Close"]
    for page in pages.values():
        read_page = Reader(page.text)
        assert (read_page.open, read_page.misplaced) == ([], [])
        assert [address for address in read_page.addresses if not address.startswith("/")] == []
        assert ("<b>credit-ds</b>" in page.text, at.incident in page.text) == (True, True)
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "has it in hand" in pages["Acknowledge"].text
    assert "closes the incident" in pages["Close"].text


async def test_what_is_not_sent_as_a_form_is_refused_and_leaves_the_link_unused(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        async with at.made.client() as client:
            answer = await client.post(links["Acknowledge"], json={"note": "on it", "hours": 2})

        assert (answer.status_code, at.handling()) == (415, "notified")


async def test_closing_needs_what_it_was_and_a_note_and_a_refusal_leaves_the_link_unused(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        close = (await at.mailed())["Close"]
        refused = [
            await at.ask("POST", close), await at.ask("POST", close, disposition="real_drift"),
            await at.ask("POST", close, disposition="nothing", note=FOUND),
        ]  # fmt: skip
        untouched = at.handling()
        done = await at.ask("POST", close, disposition="data_bug", note=FOUND)

    assert ([answer.status_code for answer in refused], untouched) == ([409] * 3, "notified")
    assert ["cannot be closed without" in answer.text for answer in refused] == [True, True, False]
    assert "is no disposition: choose real_drift" in refused[2].text
    assert (done.status_code, at.made.progress.link_uses) == (200, {"refused": 3, "done": 1})


async def test_closed_by_a_link_is_closed_and_the_other_link_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        await at.ask("POST", links["Close"], disposition="data_bug", note=FOUND)
        after = await at.ask("POST", links["Acknowledge"])

        assert (at.handling(), after.status_code) == ("closed", 409)
        assert "link:credit-ds has closed the incident since this notice was written" in after.text


@pytest.mark.parametrize("hours", ["0", "169", "nan", "inf", "two"])
async def test_hours_that_cannot_be_are_refused_in_words(tmp_path: Path, hours: str) -> None:
    async with desk(tmp_path) as at:
        answer = await at.ask("POST", (await at.mailed())["Acknowledge"], hours=hours)

        assert (answer.status_code, "above 0 and up to 168" in answer.text, at.handling()) == (409, True, "notified")


async def test_the_token_of_one_action_cannot_be_turned_into_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        prefix, _, token = links["Acknowledge"].rpartition("/")
        content, _, signature = token.partition(".")
        fields = json.loads(base64.urlsafe_b64decode(content + "=="))
        turned = base64.urlsafe_b64encode(json.dumps([*fields[:2], "close", *fields[3:]]).encode()).decode().rstrip("=")
        form = {"disposition": "data_bug", "note": FOUND}
        answers = [
            await at.ask("POST", path, **form)
            for path in (
                f"{prefix}/{turned}.{signature}", f"{prefix}/{content}.{links['Close'].rpartition('.')[2]}",
                f"{prefix}/{content}", f"{prefix}/x", links["Acknowledge"][:-1], f"{prefix}/é.é",
                f"{prefix}/{'x' * 5000}",
            )
        ]  # fmt: skip

        assert ([answer.status_code for answer in answers], at.handling()) == ([403] * 7, "notified")
        assert at.made.progress.link_uses == {"forged": 7}
        assert at.incident not in "".join(answer.text for answer in answers)


async def test_a_link_expires_by_the_clock_and_the_page_leads_on(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        path = (await at.mailed())["Acknowledge"]
        at.at += timedelta(hours=24) - timedelta(seconds=1)
        fresh = await at.ask("GET", path)
        at.at += timedelta(seconds=1)
        answers = [await at.ask(method, path) for method in ("GET", "POST")]

        assert (fresh.status_code, [answer.status_code for answer in answers]) == (200, [410, 410])
        assert all("has expired" in a.text and f"/incidents/{at.incident}" in a.text for a in answers)
        assert at.handling() == "notified"


async def test_a_notice_that_was_held_back_for_days_has_links_that_work(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.at += timedelta(days=3)
        path = (await at.mailed())["Close"]
        answer = await at.ask("POST", path, disposition="data_bug", note=FOUND)

        assert (answer.status_code, at.handling()) == (200, "closed")


async def test_a_link_from_before_a_raise_does_nothing_and_the_one_from_after_does(tmp_path: Path) -> None:
    async with desk(tmp_path, first=finding(subject="age", low=0.12, high=0.15)) as at:
        first = (await at.mailed())["Acknowledge"]
        at.found(finding(subject="age", low=0.5, high=0.6, end=5))
        answer = await at.ask("POST", first)
        second = (await at.mailed())["Acknowledge"]
        done = await at.ask("POST", second)

        assert (answer.status_code, done.status_code, at.handling()) == (409, 200, "acked")
        assert "has been raised to act since this notice was written, at investigate" in answer.text


async def test_what_has_recovered_cannot_be_acknowledged_by_an_old_link(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        path = (await at.mailed())["Acknowledge"]
        for minutes in (5, 10, 15):
            at.found(clear(end=minutes))
        answer = await at.ask("POST", path)

        assert (answer.status_code, "has recovered and cannot be acknowledged" in answer.text) == (409, True)


async def test_a_retry_carries_the_same_links(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        failing = _Failing()
        for _ in range(3):
            await at.worker({"email": failing, "log": failing}).once()
            at.at += timedelta(minutes=20)
        sent = [links for links in failing.links if links]

    assert (len(sent), sent[1:]) == (3, sent[:1] * 2)
    assert len(failing.links) == 6
    offer = read(sent[0][0].rpartition("/")[2], KEY.encode(), at.at)
    assert (offer.action, offer.party, offer.expires) == ("ack", "credit-ds", later(at.at, 23))


@dataclass(slots=True)
class _Failing:
    """Cannot be reached; keeps the signed links of what it was to send."""

    links: list[list[str]] = field(default_factory=list)

    async def send(self, delivery: Delivery) -> Outcome:
        """Fail."""
        about = delivery.payload["data"]
        assert isinstance(about, dict)
        assert isinstance(about["links"], list)
        found = [link for link in about["links"] if isinstance(link, dict) and "action" in link]
        self.links.append([str(link["url"]) for link in found])
        return Outcome("retry", note="away")


async def test_no_token_is_left_in_the_store_the_audit_or_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    async with desk(tmp_path) as at:
        links = await at.mailed()
        await at.ask("POST", links["Acknowledge"])
        await at.ask("POST", links["Acknowledge"])
        pieces = [piece for path in links.values() for piece in path.rpartition("/")[2].split(".")]
        files = await asyncio.to_thread(lambda: [file.read_bytes() for file in tmp_path.glob("s.db*")])

    assert (len(pieces), len(files) >= 1) == (4, True)
    assert [piece for piece in pieces if any(piece.encode() in content for content in files)] == []
    # What the mail server and the client of the test themselves say is not ours.
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("mail.log", "httpx2"))]
    assert [piece for piece in pieces if any(piece in line for line in ours)] == []


async def test_without_a_key_there_are_no_links_and_nothing_to_follow(tmp_path: Path) -> None:
    async with desk(tmp_path, key="") as at:
        assert await at.mailed() == {}
        assert (await at.ask("POST", "/respond/a.b")).status_code == 403


async def test_a_key_that_cannot_be_had_costs_the_links_and_not_the_alert(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(tmp_path) as at:
        at.made.environment["LINK_KEY"] = "short"
        links = await at.mailed()
        answer = await at.ask("GET", "/respond/a.b")

    assert (links, len(at.box.mails), answer.status_code) == ({}, 1, 503)
    assert "notices go out without links to acknowledge by: the key of links has 5 bytes and needs 32" in caplog.text


async def test_a_store_that_cannot_be_read_is_logged_without_the_token(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(tmp_path) as at:
        path = (await at.mailed())["Acknowledge"]
        with at.made.store.write() as connection:
            connection.exec_driver_sql("DROP TABLE used_link")
        answer = await at.ask("GET", path)

    said = [record.getMessage() for record in caplog.records if record.name == "service.api.app"]
    assert answer.status_code == 503
    assert [line.startswith("the store could not be read for /respond/{token}: ") for line in said] == [True]
    assert path.rpartition("/")[2] not in "".join(said)


async def test_whoever_has_no_part_in_it_any_more_does_nothing_by_an_old_link(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        held = at.now()
        assert held is not None
        with at.made.store.write() as connection:
            put_incident(connection, replace(held, ended=held.told), 1)
        answers = [await at.ask("POST", path, note=FOUND, disposition="data_bug") for path in links.values()]

        assert [answer.status_code for answer in answers] == [409, 409]
        assert "credit-ds has no part in this incident, or none any more" in answers[0].text
        assert at.handling() == "notified"


async def test_whoever_was_only_informed_does_not_close_by_a_link(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        links = await at.mailed()
        held = at.now()
        assert held is not None
        assert held.route is not None
        other = replace(held.route.responder, party="another")
        route = replace(
            held.route, informed=(held.route.owner,), owner=other, data_steward=other, responder=other,
            technical_lead=other, compliance=other, executive=other, fallback=other,
        )  # fmt: skip
        with at.made.store.write() as connection:
            put_incident(connection, replace(held, route=route), 1)

        assert (await at.ask("POST", links["Close"], note=FOUND, disposition="data_bug")).status_code == 409
        assert at.handling() == "notified"
