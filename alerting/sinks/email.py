"""Notices by mail: one message per notice, in one thread per incident, to the mail server that the settings name."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Literal, TypeAlias

import aiosmtplib

from alerting.errors import SecretError
from alerting.mail_address import is_mail_address
from alerting.outbox import Delivery, Outcome
from alerting.sinks.email_message import message
from alerting.wording import clean

Tls: TypeAlias = Literal["starttls", "tls", "none"]

SAID_CHARS_MAX = 200
"""How much of what the mail server said is told."""

QUIT_SECONDS_MAX = 2.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in and who sends it: `password` is a reference, `hello` the name we greet with.

    `trust` judges the server's certificate; None trusts what the system trusts. An empty `host` means there is none.
    """

    host: str = ""
    port: int = 587
    sender: str = ""
    username: str = ""
    password: str = ""
    tls: Tls = "starttls"
    hello: str = ""
    trust: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class EmailSink:
    """Hands in one mail per attempt, on a connection of its own, within `seconds_max`.

    What the server says for good (5yz) about this sender, recipient or message is refused. What it says before it has
    seen them (its greeting, our password) concerns all mail alike and may be mended, so it is tried again, as are 4yz
    and broken connections. A repeat has the same Message-ID. Sources: RFC 5321 4.2.1, RFC 3834, RFC 5322 3.6.4.
    """

    server: MailServer
    secret_of: Callable[[str], str]
    wall: Callable[[], datetime]
    seconds_max: float = 15.0

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt; an update is not mailed, since a mail cannot be changed and nobody need be disturbed."""
        if delivery.intent == "update":
            return Outcome("delivered", note="not mailed: an update disturbs nobody, and a mail cannot be changed")
        if not is_mail_address(delivery.target.address):
            return Outcome(
                "refused", note="the address is not one that a mail can be written to: mend it in the table", lost=True
            )
        if not self.server.host:
            return Outcome("retry", note="there is no mail server: set alerting.smtp.host", lost=True)
        try:
            password = self.secret_of(self.server.password) if self.server.username else None
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        mail = message(delivery, self.server.sender, self.wall())
        client = _client(self.server, password, self.seconds_max)
        try:
            async with asyncio.timeout(self.seconds_max):
                outcome = await _hand_in(client, mail, delivery.target.address)
            if outcome.kind == "delivered":
                await _leave(client)
            return outcome
        except TimeoutError:
            return Outcome("retry", note=f"the mail server did not answer within {self.seconds_max:g} s")
        finally:
            client.close()


async def _hand_in(client: aiosmtplib.SMTP, mail: EmailMessage, recipient: str) -> Outcome:
    try:
        await client.connect()
    except aiosmtplib.SMTPResponseException as said:
        return Outcome(
            "retry", note=_note("the mail server does not take our mail", said.code, said.message), lost=True
        )
    except (aiosmtplib.SMTPException, OSError) as fault:
        return replace(_broken("no connection to the mail server", fault), lost=True)
    try:
        await client.send_message(mail, sender=str(mail["from"].addresses[0].addr_spec), recipients=[recipient])
    except aiosmtplib.SMTPRecipientsRefused as refused:
        first = refused.recipients[0]
        return _refused("the mail server refuses the recipient", first.code, first.message)
    except aiosmtplib.SMTPResponseException as said:
        return _refused("the mail server refuses the mail", said.code, said.message)
    except aiosmtplib.SMTPNotSupported as fault:
        return Outcome(
            "refused", note=f"the mail server cannot take it: {clean(str(fault), SAID_CHARS_MAX)}", lost=True
        )
    except (aiosmtplib.SMTPException, OSError) as fault:
        return _broken("the connection to the mail server broke", fault)
    return Outcome("delivered", note="the mail server took it")


def _client(server: MailServer, password: str | None, seconds_max: float) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username or None,
        password=password,
        local_hostname=server.hello or None,
        timeout=seconds_max,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=server.trust if server.tls != "none" else None,
    )


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye: the mail is taken, so whatever goes wrong now must not send it again."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=QUIT_SECONDS_MAX)


def _refused(what: str, code: int, said: str) -> Outcome:
    return Outcome("refused" if code >= 500 else "retry", note=_note(what, code, said), lost=True)


def _broken(what: str, fault: Exception) -> Outcome:
    if isinstance(fault, TimeoutError):
        return Outcome("retry", note="the mail server did not answer in time")
    return Outcome("retry", note=f"{what}: {clean(str(fault), SAID_CHARS_MAX)}")


def _note(what: str, code: int, said: str) -> str:
    return f"{what}: {code} {clean(said, SAID_CHARS_MAX)}"
