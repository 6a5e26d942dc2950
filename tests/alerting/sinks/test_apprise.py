"""Messages through the real Apprise to a real server: what is sent, how it fails, and what is never told."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.errors import OwnershipError
from alerting.incident import Intent
from alerting.outbox import Delivery
from alerting.ownership_file import parse_ownership
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks import apprise as sink_module
from alerting.sinks.apprise import THREADS_MAX, AppriseSink
from tests.alerting.golden_file import golden
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.alerting.sinks.story import Step, changed, investigated, line, risen

# One of its plugins still imports a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TARGET = Destination("apprise:credit-ds:0a1b2c3d", "apprise", "env:CHAT")
SECRET = "s3cr3t-t0k3n"


@asynccontextmanager
async def sending(
    *answers: str | None, url: str = "", seconds: float = 10.0
) -> AsyncIterator[tuple[AppriseSink, Receiver, list[Delivery]]]:
    """A sink whose Apprise URL leads to a receiver, and a story bound for it."""
    async with receiver(*answers) as there:
        chat = url or there.url.replace("http://", "json://") + f"/{SECRET}"
        yield AppriseSink(lambda name: secret_of(name, {"CHAT": chat}), seconds), there, line(risen(), TARGET)


@pytest.mark.parametrize(("name", "steps"), [("investigate", investigated()), ("act", risen())])
async def test_the_messages_of_an_incident_are_those_of_the_golden_file(name: str, steps: list[Step]) -> None:
    pages = []
    async with sending() as (sink, there, _):
        for delivery in line(steps, TARGET):
            assert (await sink.send(delivery)).kind == "delivered"
            pages.append({"intent": delivery.intent, "becomes": [json.loads(r.body) for r in there.requests]})
            there.requests.clear()
    text = json.dumps(pages, indent=1, ensure_ascii=False) + "\n"

    assert text == golden(f"apprise_{name}.json", text)


async def test_a_change_of_facts_sends_nothing() -> None:
    async with sending() as (sink, there, told):
        outcome = await sink.send(told[2])

    assert (outcome.kind, there.requests) == ("delivered", [])


@pytest.mark.parametrize("answer", ["500 No", "400 Bad", "401 No", "429 Slow", "302 Found\r\nlocation: /x"])
async def test_every_failure_is_tried_again_because_apprise_does_not_say_which_it_was(answer: str) -> None:
    async with sending(answer) as (sink, there, told):
        outcome = await sink.send(told[0])

    assert (outcome.kind, len(there.requests)) == ("retry", 1)


async def test_neither_notes_nor_logs_tell_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with sending("500 No", "200 OK") as (sink, _, told):
        notes = [(await sink.send(told[0])).note for _ in range(2)]
    async with sending(url=f"nonsense://{SECRET}") as (sink, _, told):
        notes.append((await sink.send(told[0])).note)
    async with sending(url=f"json://127.0.0.1:1/{SECRET}") as (sink, _, told):
        notes.append((await sink.send(told[0])).note)

    assert (SECRET in "".join(notes), SECRET in caplog.text, "127.0.0.1" in caplog.text) == (False, False, False)


async def test_nothing_is_stored_and_nothing_else_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    async with sending() as (sink, there, told):
        await sink.send(told[0])

    assert (os.listdir(tmp_path), json.loads(there.requests[0].body)["attachments"]) == ([], [])


async def test_a_service_that_hangs_is_given_up_in_time() -> None:
    async with sending(None, seconds=0.3) as (sink, _, told):
        begin = time.monotonic()
        outcome = await sink.send(told[0])

    assert (outcome.kind, time.monotonic() - begin < 5) == ("retry", True)


async def test_services_that_hang_leave_the_threads_of_others_alone() -> None:
    async with sending(*[None] * 2 * THREADS_MAX, seconds=0.3) as (sink, _, told):
        hanging = [asyncio.create_task(sink.send(told[0])) for _ in range(2 * THREADS_MAX)]
        assert await asyncio.to_thread(lambda: "free") == "free"
        kinds = {outcome.kind for outcome in await asyncio.gather(*hanging)}

    assert kinds == {"retry"}


async def test_a_long_text_is_cut_and_says_where_the_whole_is() -> None:
    async with sending() as (sink, there, told):
        await sink.send(changed(told[0], text="ü" * 50_000))
        body = json.loads(there.requests[0].body)

    assert (len(body["message"]), body["title"]) == (10_000, "[INVESTIGATE] credit-score 31: income (psi)")
    assert body["message"].endswith("…\nhttps://drift.example/incidents/inc_0123456789abcdef")


@pytest.mark.parametrize(
    ("intent", "tier", "kind"),
    [
        ("open", "act", "failure"), ("open", "blind", "failure"), ("raise", "investigate", "warning"),
        ("open", "observe", "info"), ("resolve", "act", "success"), ("remind", "act", "failure"),
    ],
)  # fmt: skip
async def test_the_kind_of_message_follows_the_tier(intent: Intent, tier: str, kind: str) -> None:
    async with sending() as (sink, there, told):
        await sink.send(replace(changed(told[0], tier=tier), intent=intent))

    assert json.loads(there.requests[0].body)["type"] == kind


async def test_a_url_that_is_not_there_is_looked_for_again_later() -> None:
    sink = AppriseSink(lambda name: secret_of(name, {}))

    assert (await sink.send(line(risen(), TARGET)[0])).kind == "retry"


OWNERS = """\
version: 1
parties:
  ops: {contacts: [log, {apprise: "env:CHAT"}]}
fallback: {owner: ops, responder: ops}
rules: []
"""


def test_a_table_that_needs_apprise_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(OwnershipError, match=r'not installed. Run: pip install "driftwarden\[apprise\]"'):
        parse_ownership(OWNERS, "owners.yaml")


async def test_a_message_waits_while_apprise_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    async with sending() as (sink, there, told):
        outcome = await sink.send(told[0])

    assert (outcome.kind, sink_module.INSTALL in outcome.note, there.requests) == ("retry", True, [])
