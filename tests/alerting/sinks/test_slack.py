"""Notices in Slack, against a stand-in that keeps a channel as Slack does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from alerting.incident import Intent
from alerting.outbox import Delivery, Outcome
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.call import Call
from alerting.sinks.slack import SlackSink
from tests.alerting.sinks.notices import NOW, act, delivery, resolved
from tests.alerting.sinks.slack_workspace import DROP, Workspace, workspace

CHANNEL = Destination("slack:ops:1", "slack", "C0123ABCD", "env:TOKEN")
ENVIRONMENT = {"TOKEN": "xoxb-s3cret", "BROKEN": "xoxb\nevil: 1", "FOREIGN": "xöxb"}
FIRST = "C0123ABCD 1700000000.000000"
OPEN = delivery(act(), "open", CHANNEL)


@asynccontextmanager
async def sending() -> AsyncIterator[tuple[SlackSink, Workspace]]:
    """A sink and the workspace it posts to."""
    async with workspace() as there, httpx2.AsyncClient(trust_env=False) as client:
        yield SlackSink(Call(client, lambda: NOW, 5.0), lambda name: secret_of(name, ENVIRONMENT), there.url), there


def later(intent: Intent, *, thread: str = FIRST) -> Delivery:
    """A later notice of the same incident."""
    incident = resolved() if intent == "resolve" else act()
    return replace(delivery(incident, intent, CHANNEL, seq=1, handling="acked", by="anna"), thread=thread)


async def outcome(answer: str) -> Outcome:
    """What a first post comes to when Slack answers so."""
    async with sending() as (sink, there):
        there.answers["chat.postMessage"] = [answer]
        return await sink.send(OPEN)


async def test_an_open_posts_and_its_receipt_names_the_message() -> None:
    async with sending() as (sink, there):
        result = await sink.send(OPEN)

    assert (result.kind, result.receipt, there.methods, there.tokens) == (
        "delivered",
        FIRST,
        ["chat.postMessage"],
        ["Bearer xoxb-s3cret"],
    )


@pytest.mark.parametrize(("intent", "aloud"), [("raise", True), ("remind", False), ("resolve", False)])
async def test_what_follows_edits_the_first_message_and_answers_in_its_thread(intent: Intent, aloud: bool) -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)
        result = await sink.send(later(intent))

    assert (result.kind, result.receipt, len(there.channel)) == ("delivered", FIRST, 1)
    assert there.methods == ["chat.postMessage", "chat.update", "chat.postMessage"]
    assert [message["reply_broadcast"] for message in there.thread] == [aloud]


async def test_an_update_only_edits() -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)
        result = await sink.send(later("update"))

    assert (result.kind, there.methods) == ("delivered", ["chat.postMessage", "chat.update"])
    assert "acknowledged by anna" in str(there.channel[0]["blocks"])


async def test_an_update_without_a_first_message_posts_nothing() -> None:
    async with sending() as (sink, there):
        result = await sink.send(later("update", thread=""))

    assert (result.kind, there.calls) == ("delivered", [])


async def test_a_resolve_whose_open_is_not_known_is_posted_by_itself() -> None:
    async with sending() as (sink, there):
        result = await sink.send(later("resolve", thread=""))

    assert (result.kind, result.receipt, len(there.channel)) == ("delivered", FIRST, 1)


@pytest.mark.parametrize(
    "error",
    ["channel_not_found", "invalid_auth", "not_in_channel", "is_archived", "token_revoked", "missing_scope"],
)
async def test_what_no_retry_changes_is_refused_with_the_way_out(error: str) -> None:
    result = await outcome(error)

    assert (result.kind, result.note.startswith(f"Slack answered {error}: ")) == ("refused", True)


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "new_one"])
async def test_what_may_pass_is_tried_again(error: str) -> None:
    result = await outcome(error)

    assert (result.kind, result.note) == ("retry", f"Slack answered {error}, which may pass")


async def test_too_many_messages_wait_as_long_as_slack_asks() -> None:
    result = await outcome("429 Too Many Requests\r\nretry-after: 37")

    assert (result.kind, result.retry_after_seconds) == ("retry", 37.0)


@pytest.mark.parametrize("answer", ["500 Oops", "200 OK", "302 Found\r\nlocation: http://127.0.0.1:1/"])
async def test_an_answer_that_is_not_slacks_is_tried_again(answer: str) -> None:
    assert (await outcome(answer)).kind == "retry"


@pytest.mark.parametrize("error", ["msg_too_long", "msg_blocks_too_long", "invalid_blocks"])
async def test_blocks_that_slack_does_not_take_leave_one_line(error: str) -> None:
    async with sending() as (sink, there):
        there.answers["chat.postMessage"] = [error]
        result = await sink.send(OPEN)

    assert (result.kind, there.channel[0]["text"]) == (
        "delivered",
        "[ACT] credit-score 31: age (missing) and 2 more",
    )
    assert "blocks" not in there.channel[0]


@pytest.mark.parametrize("intent", ["open", "remind"])
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(intent: Intent) -> None:
    sent = OPEN if intent == "open" else later(intent)
    async with sending() as (sink, there):
        if intent != "open":
            await sink.send(OPEN)
        there.answers["chat.postMessage"] = [DROP]
        lost = await sink.send(sent)
        count = len(there.messages)
        again = await sink.send(replace(sent, attempts=1, tried_at=NOW))

    assert (lost.kind, again.kind, again.receipt, len(there.messages)) == ("retry", "delivered", FIRST, count)


async def test_a_post_that_was_not_made_is_made_the_second_time() -> None:
    async with sending() as (sink, there):
        there.answers["chat.postMessage"] = ["internal_error"]
        await sink.send(OPEN)
        again = await sink.send(replace(OPEN, attempts=1, tried_at=NOW))

    assert (again.kind, len(there.messages)) == ("delivered", 1)


@pytest.mark.parametrize("answer", ["missing_scope", "200 OK"])
async def test_a_bot_that_cannot_look_posts_again_rather_than_not_at_all(answer: str) -> None:
    async with sending() as (sink, there):
        there.answers["conversations.history"] = [answer]
        result = await sink.send(replace(OPEN, attempts=1, tried_at=NOW))

    assert (result.kind, len(there.messages)) == ("delivered", 1)


async def test_looking_too_often_waits_instead_of_posting_twice() -> None:
    async with sending() as (sink, there):
        there.answers["conversations.history"] = ["429 Slow\r\nretry-after: 60"]
        result = await sink.send(replace(OPEN, attempts=1, tried_at=NOW))

    assert (result.kind, result.retry_after_seconds, there.messages) == ("retry", 60.0, [])


async def test_a_first_message_that_somebody_deleted_is_replaced_by_a_new_one() -> None:
    async with sending() as (sink, there):
        result = await sink.send(later("raise"))

    assert (result.kind, len(there.channel), len(there.thread)) == ("delivered", 1, 0)


async def test_a_message_that_may_not_be_edited_any_more_is_answered_aloud() -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)
        there.answers["chat.update"] = ["edit_window_closed"]
        result = await sink.send(later("resolve"))

    assert (result.kind, [message["reply_broadcast"] for message in there.thread]) == ("delivered", [True])


@pytest.mark.parametrize(("error", "kind"), [("internal_error", "retry"), ("invalid_auth", "refused")])
async def test_an_edit_that_fails_otherwise_posts_nothing_yet(error: str, kind: str) -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)
        there.answers["chat.update"] = [error]
        result = await sink.send(later("raise"))

    assert (result.kind, len(there.messages)) == (kind, 1)


@pytest.mark.parametrize("reference", ["env:ABSENT", "env:BROKEN", "env:FOREIGN"])
async def test_a_token_that_cannot_be_used_is_tried_again_without_calling(reference: str) -> None:
    async with sending() as (sink, there):
        result = await sink.send(replace(OPEN, target=replace(CHANNEL, secret=reference)))

    assert (result.kind, there.calls, "xoxb" in result.note) == ("retry", [], False)


async def test_all_calls_of_an_attempt_together_keep_to_its_time() -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)
        there.seconds = 0.3
        result = await replace(sink, call=replace(sink.call, seconds_max=0.4)).send(later("raise"))

    assert (result.kind, result.note) == ("retry", "Slack did not answer within 0.4 s")


async def test_no_note_tells_the_token() -> None:
    answers = ["invalid_auth", "500 No", "internal_error"]
    notes = [(await outcome(answer)).note for answer in answers]

    assert [note for note in notes if "s3cret" in note] == []


async def test_no_name_is_read_as_a_person_a_channel_or_a_link() -> None:
    async with sending() as (sink, there):
        await sink.send(OPEN)

    posted = there.channel[0]
    assert (posted["parse"], posted["link_names"], posted["unfurl_links"]) == ("none", False, False)
