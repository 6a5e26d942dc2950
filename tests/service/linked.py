"""An incident whose owner is mailed with signed links, the app those lead to, and clocks that tests hold."""

import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import httpx2

from alerting.decide import decide
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.outbox import RetryRules
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy
from alerting.secret import secret_of
from alerting.sinks.email import EmailSink, MailServer
from alerting.sinks.log import LogSink
from alerting.sinks.sink import Sink
from service.deliver import Deliver
from service.links import Links
from service.settings import AlertingSettings, ApiSettings, Settings
from service.store.decisions import put_decisions
from service.store.records import audit_rows, incident_now
from tests.alerting.examples import finding
from tests.alerting.sinks.mail_server import Mailbox, mailbox
from tests.service.api.seed import NOW, Seeded, empty, tokens

KEY = "0123456789abcdef0123456789abcdef"
PD = "GReB2C1vtqWBFMiRS9e6bFDyGjxqFNL8KFBU9"
URL = "http://127.0.0.1:8350"
OWNERS = """\
version: 1
parties:
  credit-ds: {contacts: [{email: credit@company.example}, log]}
fallback: {owner: credit-ds, responder: credit-ds}
rules:
  - {id: credit, match: {model: "*"}, assign: {owner: credit-ds}}
"""


@dataclass(slots=True)
class Desk:
    """A store with an app behind tokens, none of which a link's reader has, and a mailbox."""

    made: Seeded
    box: Mailbox
    at: datetime = NOW
    incident: str = ""

    def found(self, *findings: Finding) -> None:
        """Let the data show something, of which the owner is to be told."""
        held = self.now()
        before = {held.cause: held} if held is not None else {}
        decisions = decide(findings, before, parse_ownership(OWNERS, "o.yaml"), Policy(public_url=URL), self.at)
        (changed,) = decisions.incidents
        self.incident = changed.id
        with self.made.store.write() as connection:
            put_decisions(connection, decisions, self.at)

    def now(self) -> Incident | None:
        """The incident as it stands."""
        with self.made.store.read() as connection:
            return incident_now(connection, self.incident)

    def handling(self) -> str:
        """How people have handled it."""
        held = self.now()
        assert held is not None, "there is an incident"
        return held.handling

    def audited(self) -> list[tuple[str, str, str]]:
        """Who did what and why, oldest first."""
        with self.made.store.read() as connection:
            return [(row.entry.actor, row.entry.action, row.entry.reason) for row in audit_rows(connection)]

    async def mailed(self) -> dict[str, str]:
        """Send what is due; gives the signed links of the last mail by their words, as paths."""
        server = MailServer("127.0.0.1", self.box.port, "d@company.example", tls="none")
        sink = EmailSink(server, lambda _: "", self.clock)
        await self.worker({"email": sink, "log": LogSink()}).once()
        return links(self.box)

    def worker(self, sinks: Mapping[str, Sink]) -> Deliver:
        """Whoever sends."""
        return Deliver(
            self.made.store, sinks, RetryRules(), "w", self.clock, random.Random(5), self.made.progress,
            linked=Links(self.made.settings.api, self.secret),
        )  # fmt: skip

    def clock(self) -> datetime:
        """The time."""
        return self.at

    def secret(self, reference: str) -> str:
        """A secret of the environment."""
        return secret_of(reference, self.made.environment)

    async def ask(self, method: str, path: str, **form: str) -> httpx2.Response:
        """What a browser, a preview or a mail scanner does, with no token."""
        async with self.made.client() as client:
            return await client.request(method, path, data=form or None)


def links(box: Mailbox) -> dict[str, str]:
    """The buttons of the newest mail."""
    page = box.mails[-1].get_body(("html",))
    assert page is not None, "the mail has a page"
    found = re.findall(r'href="([^"]*/respond/[^"]*)"[^>]*>([^<]*)<', page.get_content())
    return {word: unescape(url).removeprefix(URL) for url, word in found}


@asynccontextmanager
async def desk(folder: Path, *, key: str = "env:LINK_KEY", first: Finding | None = None) -> AsyncIterator[Desk]:
    """A desk in a folder, with an incident at act found, or another."""
    api = ApiSettings(public_url=URL, link_key=key or None, tokens=tokens().api.tokens)
    async with mailbox() as box:
        made = empty(
            Settings(api=api, alerting=AlertingSettings(pagerduty_webhook_secrets=("env:PD", "env:PD_2"))),
            f"sqlite:///{folder}/s.db",
        )
        made.environment |= {"LINK_KEY": KEY, "PD": PD, "PD_2": "another"}
        found = Desk(made, box)
        made.wall = found.clock
        found.found(first or finding())
        yield found
        made.store.close()


def later(at: datetime, hours: float) -> datetime:
    """Some hours after."""
    return at + timedelta(hours=hours)
