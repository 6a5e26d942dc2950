"""Signed webhooks, against a real server and the reference library's own verification."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alerting.audit import Json
from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome, key_of
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.call import Call
from alerting.sinks.signing import signed_headers
from alerting.sinks.webhook import WebhookSink
from tests.alerting.sinks.receiver import Receiver, receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ENVIRONMENT = {"SECRET": SECRET, "SHORT": "whsec_YWJj", "NOISE": "not base64!"}


def delivery(url: str, secret: str = "env:SECRET") -> Delivery:
    """A delivery to a receiver."""
    target = Destination("webhook:ops:1", "webhook", url, secret)
    payload: dict[str, Json] = {
        "type": "incident.open",
        "timestamp": "t",
        "data": {"title": "Überall", "text": "x", "evidence": []},
    }
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return Delivery(key_of("inc_1", target.name, 0), "inc_1", target.name, 0, "open", target, payload, at)


@asynccontextmanager
async def sending(*answers: str | None, seconds: float = 5.0) -> AsyncIterator[tuple[WebhookSink, Receiver]]:
    """A sink with its client, and a receiver that gives these answers."""
    async with receiver(*answers) as there, httpx2.AsyncClient(trust_env=False) as client:
        yield (
            WebhookSink(Call(client, lambda: datetime.now(UTC), seconds), lambda name: secret_of(name, ENVIRONMENT)),
            there,
        )


async def outcome(answer: str | None, *, seconds: float = 5.0) -> Outcome:
    """What one attempt makes of an answer."""
    async with sending(answer, seconds=seconds) as (sink, there):
        return await sink.send(delivery(there.url))


async def test_the_reference_library_accepts_the_signature() -> None:
    async with sending() as (sink, there):
        await sink.send(delivery(there.url))

        request = there.requests[0]

    assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(request.body)


async def test_the_reference_library_refuses_a_changed_body() -> None:
    async with sending() as (sink, there):
        await sink.send(delivery(there.url))

        request = there.requests[0]

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body.replace(b"open", b"none"), request.headers)


async def test_the_id_stays_the_same_over_retries() -> None:
    async with sending("503 Busy") as (sink, there):
        for _ in range(2):
            await sink.send(delivery(there.url))

        ids = {request.headers["webhook-id"] for request in there.requests}

    assert (len(ids), all(name.startswith("msg_") and "." not in name for name in ids)) == (1, True)


def test_the_signature_is_of_the_attempts_own_time() -> None:
    first, second = (signed_headers("msg_1", datetime.fromtimestamp(at, UTC), b"{}", SECRET) for at in (1, 2))

    assert first["webhook-signature"] != second["webhook-signature"]


def test_the_example_of_the_specification_is_reproduced() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )  # fmt: skip

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("answer", ["200 OK", "202 Accepted", "204 No Content"])
async def test_only_two_hundreds_are_delivered(answer: str) -> None:
    assert (await outcome(answer)).kind == "delivered"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
async def test_what_no_retry_changes_is_refused(status: int) -> None:
    result = await outcome(f"{status} No")

    assert (result.kind, result.status) == ("refused", status)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
async def test_what_may_pass_is_tried_again(status: int) -> None:
    result = await outcome(f"{status} Later")

    assert (result.kind, result.status) == ("retry", status)


async def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    async with receiver() as elsewhere, sending(f"307 Moved\r\nlocation: {elsewhere.url}") as (sink, there):
        result = await sink.send(delivery(there.url))

        assert (result.kind, len(elsewhere.requests)) == ("retry", 0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("-3", 0.0), ("1e9", 86_400.0), ("soon", None), ("nan", None), ("", None)]
)
async def test_retry_after_in_seconds_is_read_and_bounded(text: str, seconds: float | None) -> None:
    assert (await outcome(f"429 Slow\r\nretry-after: {text}")).retry_after_seconds == seconds


async def test_retry_after_as_a_date_is_read() -> None:
    result = await outcome("503 Later\r\nretry-after: Fri, 31 Dec 2100 23:59:59 GMT")

    assert result.retry_after_seconds == 86_400.0


async def test_silence_is_tried_again_after_the_timeout() -> None:
    result = await outcome(None, seconds=0.2)

    assert (result.kind, result.note) == ("retry", "no answer within 0.2 s")


async def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    async with sending() as (sink, there):
        gone = delivery(there.url)
    async with httpx2.AsyncClient(trust_env=False) as client:
        result = await replace(sink, call=replace(sink.call, client=client)).send(gone)

    assert (result.kind, result.status) == ("retry", None)


@pytest.mark.parametrize("answer", ["", "nonsense"])
async def test_an_answer_that_is_not_http_is_tried_again(answer: str) -> None:
    assert (await outcome(answer)).kind == "retry"


@pytest.mark.parametrize("reference", ["env:ABSENT", "env:SHORT", "env:NOISE", "file:/nowhere"])
async def test_a_secret_that_cannot_be_used_is_tried_again_without_sending(reference: str) -> None:
    async with sending() as (sink, there):
        result = await sink.send(delivery(there.url, reference))

        assert (result.kind, there.requests) == ("retry", [])


async def test_an_address_that_is_a_secret_is_looked_up_and_not_told() -> None:
    async with sending() as (sink, there):
        hidden = replace(sink, secret_of=lambda name: there.url if name == "env:URL" else SECRET)

        assert (await hidden.send(delivery("env:URL"))).kind == "delivered"


async def test_an_address_that_cannot_be_called_is_refused_without_telling_it() -> None:
    async with sending() as (sink, _):
        result = await sink.send(delivery("ftp://token@host/private"))

    assert (result.kind, "token" in result.note) == ("refused", False)


async def test_notes_tell_neither_secret_nor_address() -> None:
    async with sending("500 No", "401 No", None, seconds=0.2) as (sink, there):
        notes = [(await sink.send(delivery(there.url))).note for _ in range(3)]

    assert [note for note in notes if SECRET in note or "127.0.0.1" in note] == []


async def test_a_huge_notice_arrives_cut_and_says_so() -> None:
    big: dict[str, Json] = {"type": "incident.open", "data": {"title": "t", "text": "line\n" * 9_000, "evidence": []}}
    async with sending() as (sink, there):
        await sink.send(replace(delivery(there.url), payload=big))

        body = there.requests[0].body

    assert (len(body) < 20_000, json.loads(body)["data"]["truncated"][-1]) == (True, "text after 4,000 characters")


@pytest.mark.parametrize("count", [23, 65])
def test_a_secret_of_the_wrong_length_is_refused(count: int) -> None:
    with pytest.raises(SecretError, match=f"has {count} bytes"):
        signed_headers("msg_1", datetime.now(UTC), b"", base64.b64encode(bytes(count)).decode())


@pytest.mark.parametrize("text", ["Mon, 20 Nov 2026 00:00:00 +99999999999999", "Mon, 20 Nov 99999999 00:00:00 GMT"])
async def test_a_date_that_no_calendar_has_is_as_good_as_none(text: str) -> None:
    assert (await outcome(f"503 Later\r\nretry-after: {text}")).retry_after_seconds is None
