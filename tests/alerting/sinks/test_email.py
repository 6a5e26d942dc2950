"""Notices by mail, handed to a real mail server."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerting.incident import Incident
from alerting.outbox import Delivery, Outcome
from alerting.route import Destination
from alerting.secret import secret_of
from alerting.sinks.email import EmailSink, MailServer
from tests.alerting.sinks.mail_server import Mailbox, certificate, mailbox
from tests.alerting.sinks.notices import NOW, act, delivery, investigate, resolved

TEAM = Destination("email:credit-ds:1", "email", "credit@company.example")
ENVIRONMENT = {"GOOD": "s3cret-word", "BAD": "wr0ng-word"}
OPEN = delivery(act(), "open", TEAM)


def sink(port: int, *, seconds: float = 5.0) -> EmailSink:
    """A sink for a server on this machine, without encryption or login."""
    server = MailServer("127.0.0.1", port, "Driftwarden <drift@company.example>", tls="none", hello="drift.example")
    return EmailSink(server, lambda name: secret_of(name, ENVIRONMENT), lambda: NOW, seconds)


def with_login(sink: EmailSink, password: str) -> EmailSink:
    """The same with a login."""
    return replace(sink, server=replace(sink.server, username="drift", password=password))


@asynccontextmanager
async def sending(how: str = "", *, seconds: float = 5.0) -> AsyncIterator[tuple[EmailSink, Mailbox]]:
    """A sink and the plain server it hands mail to."""
    async with mailbox(how=how) as box:
        yield sink(box.port, seconds=seconds), box


async def outcome(*, rcpt: str = "", data: str = "", how: str = "", seconds: float = 5.0) -> Outcome:
    """What one attempt makes of a server that answers so."""
    async with sending(how, seconds=seconds) as (to, box):
        box.rcpt, box.data = [rcpt] if rcpt else [], [data] if data else []
        return await to.send(OPEN)


async def test_a_mail_is_handed_in_from_the_sender_to_the_contact() -> None:
    async with sending() as (to, box):
        result = await to.send(OPEN)

    assert (result.kind, box.senders, box.recipients) == (
        "delivered",
        ["drift@company.example"],
        [["credit@company.example"]],
    )


async def test_a_repeat_has_the_same_message_id_and_the_incident_one_thread() -> None:
    async with sending() as (to, box):
        for each in (OPEN, OPEN, delivery(act(), "raise", TEAM, seq=1)):
            await to.send(each)

    ids = [mail["message-id"] for mail in box.mails]
    assert (ids[0], len(set(ids)), len({mail["references"] for mail in box.mails})) == (
        f"<{OPEN.key}@company.example>",
        2,
        1,
    )


async def test_an_update_is_not_mailed() -> None:
    async with sending() as (to, box):
        result = await to.send(delivery(act(), "update", TEAM, handling="acked", by="anna"))

    assert (result.kind, box.mails, "not mailed" in result.note) == ("delivered", [], True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("450 greylisted, come back", "retry"),
        ("452 too many recipients", "retry"),
        ("550 no such user", "refused"),
        ("553 no", "refused"),
    ],
)
async def test_a_recipient_is_refused_for_good_by_5yz_only(answer: str, kind: str) -> None:
    result = await outcome(rcpt=answer)

    assert (result.kind, result.note) == (kind, f"the mail server refuses the recipient: {answer}")


@pytest.mark.parametrize(("answer", "kind"), [("451 try later", "retry"), ("554 spam", "refused")])
async def test_a_message_is_refused_for_good_by_5yz_only(answer: str, kind: str) -> None:
    result = await outcome(data=answer)

    assert (result.kind, result.note) == (kind, f"the mail server refuses the mail: {answer}")


async def test_a_server_that_hangs_is_given_up_in_time() -> None:
    result = await outcome(how="hang", seconds=0.3)

    assert (result.kind, result.note) == ("retry", "the mail server did not answer within 0.3 s")


async def test_a_connection_that_drops_in_the_middle_of_the_message_is_tried_again() -> None:
    result = await outcome(how="drop")

    assert (result.kind, "connection to the mail server broke" in result.note) == ("retry", True)


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({"rcpt": "550 no such user"}, True), ({"rcpt": "450 later"}, True), ({"data": "451 later"}, True),
        ({"data": "554 spam"}, True), ({"how": "drop"}, False), ({"how": "hang", "seconds": 0.3}, False), ({}, False),
    ],
)  # fmt: skip
async def test_a_mail_is_certainly_lost_when_the_server_said_that_it_does_not_take_it(
    said: dict[str, Any], lost: bool
) -> None:
    assert (await outcome(**said)).lost == lost


async def test_a_mail_that_was_taken_stays_delivered_when_the_goodbye_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerting.sinks.email.QUIT_SECONDS_MAX", 1.0)
    async with sending("hang on quit", seconds=0.5) as (to, box):
        result = await to.send(OPEN)

    assert (result.kind, len(box.mails)) == ("delivered", 1)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with sending() as (to, _):
        pass

    result = await to.send(OPEN)

    assert (result.kind, result.note.startswith("no connection to the mail server"), result.lost) == (
        "retry", True, True,
    )  # fmt: skip


async def test_without_a_server_the_mail_waits_for_one() -> None:
    result = await replace(sink(1), server=MailServer()).send(OPEN)

    assert (result.kind, result.note) == ("retry", "there is no mail server: set alerting.smtp.host")


async def logged_in(folder: Path, password: str) -> tuple[Outcome, Mailbox]:
    """One attempt at a server that insists on STARTTLS and a login."""
    shown, trust = certificate(folder)
    async with mailbox(tls=shown, login=True) as box:
        plain = with_login(sink(box.port), password)
        return await replace(plain, server=replace(plain.server, tls="starttls", trust=trust)).send(OPEN), box


async def test_starttls_with_a_login_hands_the_mail_in(tmp_path: Path) -> None:
    result, box = await logged_in(tmp_path, "env:GOOD")

    assert (result.kind, box.logins, len(box.mails)) == ("delivered", [True], 1)


async def test_a_wrong_password_is_tried_again_because_it_can_be_mended_and_is_not_told(tmp_path: Path) -> None:
    result, box = await logged_in(tmp_path, "env:BAD")

    assert (result.kind, box.mails, "535" in result.note, "wr0ng-word" in result.note) == ("retry", [], True, False)


async def test_tls_from_the_first_byte_hands_the_mail_in(tmp_path: Path) -> None:
    shown, trust = certificate(tmp_path)
    async with mailbox(tls=shown, wrapped=True) as box:
        plain = sink(box.port)
        result = await replace(plain, server=replace(plain.server, tls="tls", trust=trust)).send(OPEN)

    assert (result.kind, len(box.mails)) == ("delivered", 1)


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(tmp_path: Path, wrapped: bool) -> None:
    shown, _ = certificate(tmp_path)
    async with mailbox(tls=shown, wrapped=wrapped) as box:
        plain = sink(box.port)
        server = replace(plain.server, tls="tls" if wrapped else "starttls", trust=ssl.create_default_context())
        result = await replace(plain, server=server).send(OPEN)

    assert (result.kind, box.mails, "certificate verify failed" in result.note) == ("retry", [], True)


async def test_a_server_without_starttls_gets_neither_mail_nor_password() -> None:
    async with mailbox() as box:
        plain = with_login(sink(box.port), "env:GOOD")
        results = [
            await replace(plain, server=replace(plain.server, tls="starttls", username=name)).send(OPEN)
            for name in ("drift", "")
        ]

    assert ([result.kind for result in results], box.mails, box.logins) == (["retry", "retry"], [], [])


async def test_a_password_that_is_not_there_is_tried_again_without_connecting() -> None:
    result = await with_login(sink(1), "env:ABSENT").send(OPEN)

    assert (result.kind, "set the environment variable ABSENT" in result.note) == ("retry", True)


async def test_an_address_that_cannot_be_written_is_refused() -> None:
    async with sending() as (to, box):
        wrong = replace(OPEN, target=replace(TEAM, address="köpenick@company.example"))
        result = await to.send(wrong)

    assert (result.kind, box.mails) == ("refused", [])


@pytest.mark.parametrize("incident", [act(), investigate(), resolved()], ids=["act", "investigate", "resolve"])
async def test_what_arrives_reads_as_it_was_written(incident: Incident) -> None:
    sent: Delivery = delivery(incident, "resolve" if incident.resolved_at else "open", TEAM)
    async with sending() as (to, box):
        await to.send(sent)

    text = box.mails[0].get_body(("plain",))
    data = sent.payload["data"]
    assert text is not None
    assert isinstance(data, dict)
    assert text.get_content().replace("\r\n", "\n") == data["text"]
