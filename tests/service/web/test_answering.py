"""Acting on an incident by the forms of its page, as a browser sends them and as another site might."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import httpx2
import pytest

from alerting.incident import Incident
from service.store.records import put_incident
from service.store.remarks import erase_remark, remarks_of
from service.store.views import incidents_newest_first
from tests.service.api.seed import NOW, Seeded, seeded, tokens

OURS = {"Origin": "http://127.0.0.1:8350", "Sec-Fetch-Site": "same-origin"}


def newest(made: Seeded) -> Incident:
    return incidents_newest_first(made.store, limit=1)[0]


def with_link_key(made: Seeded, key: str) -> Seeded:
    """The same, with that key of links if it is not empty."""
    if key:
        made.settings = made.settings.model_copy(
            update={"api": made.settings.api.model_copy(update={"link_key": "env:LINK_KEY"})}
        )
        made.environment["LINK_KEY"] = key
    return made


def login(role: str) -> httpx2.BasicAuth | None:
    return httpx2.BasicAuth("anyone", role) if role else None


async def page(made: Seeded, role: str = "", path: str = "") -> str:
    async with made.client() as client:
        answer = await client.get(path or f"/incidents/{newest(made).id}", auth=login(role))
    return answer.text


async def send(
    made: Seeded, who: str = "", headers: dict[str, str] | None = None, token: str | None = None, **fields: str
) -> httpx2.Response:
    """Send a form of the page that this role is shown, with its token unless another is given."""
    if token is None:
        token = re.findall(r'name="token" value="([0-9a-f]+)"', await page(made, who))[0]
    async with made.client() as client:
        return await client.post(
            f"/incidents/{newest(made).id}/act", data={"token": token, **fields}, headers=headers or OURS,
            auth=login(who) or httpx2.USE_CLIENT_DEFAULT,
        )  # fmt: skip


async def test_a_form_acts_in_the_name_of_whoever_is_logged_in_and_shows_the_page_again() -> None:
    made = seeded(tokens())
    answer = await send(made, "respond", act="ack", hours="4", note="On it.")

    hold = newest(made).hold
    assert (answer.status_code, answer.headers["location"]) == (303, f"/incidents/{newest(made).id}")
    assert hold is not None
    assert (hold.by, hold.until) == ("respond-holder", NOW + timedelta(hours=4))
    assert "On it." in await page(made, "read")


async def test_whoever_only_reads_is_shown_no_form_and_cannot_send_one() -> None:
    made = seeded(tokens())
    token = re.findall(r'name="token" value="([0-9a-f]+)"', await page(made, "respond"))[0]

    assert "<form" not in await page(made, "read")
    assert (await send(made, "read", token=token, act="ack")).status_code == 403


async def test_a_form_without_the_token_of_its_page_does_nothing() -> None:
    made = seeded(tokens())
    for token in ("", "0" * 64, "ü", re.findall(r'"token" value="(\w+)"', await page(made, "admin"))[0]):
        answer = await send(made, "respond", token=token, act="ack")
        assert (answer.status_code, "load it again" in answer.json()["detail"]) == (403, True)
    assert newest(made).handling == "notified"


@pytest.mark.parametrize(("keys", "status"), [(("", ""), 403), (("a", "b"), 403), (("a", "a"), 303), (("a", ""), 403)])
async def test_the_form_of_one_process_is_taken_by_another_that_has_the_same_key_of_links(
    keys: tuple[str, str], status: int
) -> None:
    made, other = (with_link_key(seeded(), key * 32) for key in keys)
    token = re.findall(r'"token" value="(\w+)"', await page(other))[0]
    assert newest(made).id == newest(other).id
    assert (await send(made, token=token, act="ack")).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://["},
    ],
)  # fmt: skip
async def test_a_form_on_a_page_of_another_site_does_nothing(headers: dict[str, str]) -> None:
    made = seeded()
    answer = await send(made, headers=headers, act="ack")
    assert (answer.status_code, newest(made).handling) == (403, "notified")


async def test_a_page_behind_a_proxy_is_ours_under_its_public_name() -> None:
    made = seeded()
    made.settings = made.settings.model_copy(
        update={"api": made.settings.api.model_copy(update={"public_url": "https://drift.example/"})}
    )
    assert (await send(made, headers={"Origin": "https://drift.example"}, act="ack")).status_code == 303


async def test_what_is_refused_is_said_on_the_page_and_what_was_written_is_not_lost() -> None:
    made = seeded()
    answer = await send(made, act="close", note="It was <cents>.")

    assert answer.status_code == 409
    assert "cannot be closed without a disposition" in answer.text
    assert "It was &lt;cents&gt;.</textarea>" in answer.text


async def test_a_page_that_is_out_of_date_does_not_act() -> None:
    made = seeded()
    assert (await send(made, act="ack", seen="1")).status_code == 303
    late = await send(made, act="close", disposition="false_alarm", note="Nothing.", seen="1")

    assert (late.status_code, "you saw 1" in late.text, newest(made).handling) == (409, True, "acked")


async def test_the_forms_say_how_many_notices_they_were_made_after() -> None:
    made = seeded()
    assert set(re.findall(r'name="seen" value="(\d+)"', await page(made))) == {str(newest(made).notices)}


@pytest.mark.parametrize(
    ("fields", "handling"),
    [
        ({"act": "silence", "hours": "24", "note": "Planned."}, "silenced"),
        ({"act": "note", "kind": "findings", "note": "Cents."}, "notified"),
        ({"act": "reassign", "role": "owner", "party": "platform"}, "notified"),
        ({"act": "close", "disposition": "data_bug", "note": "Cents."}, "closed"),
    ],
)
async def test_every_form_does_what_it_says(fields: dict[str, Any], handling: str) -> None:
    made = seeded()
    assert ((await send(made, **fields)).status_code, newest(made).handling) == (303, handling)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"act": "dance"}, 400),
        ({"act": "silence", "hours": "24"}, 409),
        ({"act": "silence", "note": "Why."}, 422), ({"act": "note", "note": "x" * 10_001}, 422),
        ({"act": "silence", "hours": "336", "note": "Please."}, 409), ({"act": "ack", "seen": "x"}, 422),
    ],
)  # fmt: skip
async def test_a_form_that_lacks_something_does_nothing(fields: dict[str, Any], status: int) -> None:
    made = seeded()
    assert ((await send(made, **fields)).status_code, newest(made).handling) == (status, "notified")


async def test_the_page_offers_no_silence_that_would_be_refused() -> None:
    form = (await page(seeded())).split('value="silence"')[1].split("</form>")[0]
    assert re.findall(r'<option value="(\d+)">', form) == ["1", "4", "12", "24"]


async def test_the_browser_asks_for_a_disposition_and_a_note_at_act() -> None:
    form = (await page(seeded())).split('value="close"')[1].split("</form>")[0]
    assert re.search(r'<select name="disposition" required>', form)
    assert re.search(r'<textarea name="note"[^>]* required>', form)


async def test_the_page_says_what_is_due_who_has_it_and_what_was_done() -> None:
    made = seeded()
    await send(made, act="ack", note="On it.")
    html = unescape(re.sub(r"<[^>]+>", " ", await page(made)))

    assert re.search(r"acked by anonymous until\s+2025-11-24", html)
    assert re.search(r"met late\s+Acknowledge", html)
    assert re.search(r"owner\s+credit-risk\s+by rule credit, told", html)
    assert html.index("incident.acked") < html.index("incident.opened")


async def test_an_erased_remark_is_gone_from_the_page() -> None:
    made = seeded()
    await send(made, act="note", note="Ms Okafor called.")
    about = newest(made).id
    with made.store.read() as connection:
        (written,) = remarks_of(connection, about)
    erase_remark(made.store, written.id, actor="admin", why="asked", now=NOW)

    html = await page(made)
    assert ("Okafor" in html, "Erased by admin" in html) == (False, True)


async def test_a_closed_incident_has_no_form() -> None:
    made = seeded()
    await send(made, act="close", disposition="data_bug", note="Cents.")
    assert "<form" not in await page(made)


async def test_the_list_holds_what_waits_for_whoever_looks() -> None:
    made = seeded(tokens())
    link = f"/incidents/{newest(made).id}"
    await send(made, "respond", act="ack")

    assert link in await page(made, "respond", "/incidents")
    assert link not in await page(made, "admin", "/incidents")
    assert link in await page(made, "admin", "/incidents?show=all")
    assert "acked by respond-holder" in await page(made, "admin", "/incidents?show=open")


async def test_the_list_is_turned_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    made = many(5)
    monkeypatch.setattr("service.web.incidents_page.PAGE_INCIDENTS", 2)
    seen: list[str] = []
    path = "/incidents?show=all"
    while path:
        html = await page(made, "", path)
        seen += re.findall(r'href="/incidents/(inc_\w+)"', html)
        older = re.search(r'href="([^"]+)">Older', html)
        path = unescape(older[1]) if older else ""

    assert seen == [incident.id for incident in incidents_newest_first(made.store, limit=10)]
    assert len(seen) == 6


async def test_a_page_that_nobody_links_to_is_refused() -> None:
    made = seeded()
    async with made.client() as client:
        for after in ("x", "1-;", "1" * 40 + "-a"):
            assert (await client.get("/incidents", params={"after": after})).status_code == 422


def many(count: int) -> Seeded:
    """The seeded store with so many more incidents, which opened at the same moment."""
    made = seeded()
    known = newest(made)
    with made.store.write() as connection:
        for number in range(count):
            other = replace(known, id=f"inc_{number:016x}", cause=f"{known.cause}/{number}")
            put_incident(connection, other, 1)
    return made
