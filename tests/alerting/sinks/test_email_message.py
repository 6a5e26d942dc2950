"""What a mail looks like, word for word, and what no name can do to it."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from alerting.audit import Json
from alerting.finding import Stream
from alerting.incident import Incident
from alerting.outbox import Delivery
from alerting.route import Destination
from alerting.sinks.email_message import PICTURE_BYTES_MAX, message
from tests.alerting.examples import finding, opened
from tests.alerting.golden_file import golden
from tests.alerting.sinks.notices import NOW, act, delivery, investigate, many, resolved

TEAM = Destination("email:credit-ds:1", "email", "credit@company.example")
EVIL = 'a\r\nBcc: all@company.example\r\n\r\n<img src=x onerror="alert(1)">\u2028\x00'


def mailed(sent: Delivery, minutes_late: float = 0) -> EmailMessage:
    """What a mail program reads of a delivery."""
    written = message(sent, "Driftwarden <drift@company.example>", NOW + timedelta(minutes=minutes_late))
    return message_from_bytes(written.as_bytes(), _class=EmailMessage, policy=policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail."""
    found = mail.get_body((kind,))
    assert found is not None, f"the mail has no {kind}"
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def with_data(sent: Delivery, **changes: Json) -> Delivery:
    """The same delivery with other data."""
    about = sent.payload["data"]
    assert isinstance(about, dict), "a payload has data"
    return replace(sent, payload={**sent.payload, "data": {**about, **changes}})


class Tags(HTMLParser):
    """Keeps which tags a page has, and which addresses it would fetch from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.tags.append(tag)
        self.fetched += [str(value) for name, value in attrs if name in ("src", "background", "srcset")]
        self.fetched += [str(value) for name, value in attrs if tag == "link" and name == "href"]


CASES = {"open_act": (act(), "open"), "open_investigate": (investigate(), "open"), "resolve": (resolved(), "resolve")}


@pytest.mark.parametrize("name", CASES)
def test_the_mail_as_it_is_read(name: str) -> None:
    incident, intent = CASES[name]
    mail = mailed(delivery(incident, "resolve" if intent == "resolve" else "open", TEAM))
    headers = "".join(f"{key}: {value}\n" for key, value in mail.items() if key != "Content-Type")
    text = f"{headers}\n{part(mail, 'plain')}"

    assert text == golden(f"mail_{name}.txt", text)


@pytest.mark.parametrize("name", CASES)
def test_the_page_of_the_mail(name: str) -> None:
    incident, intent = CASES[name]
    page = part(mailed(delivery(incident, "resolve" if intent == "resolve" else "open", TEAM)), "html")

    assert page == golden(f"mail_{name}.html", page)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = Tags(part(mailed(delivery(act(), "open", TEAM)), "html"))

    assert (page.fetched, {"script", "link", "img", "style"} & set(page.tags)) == ([], set())


@pytest.mark.parametrize("field", ["subject", "model", "segment", "reason"])
def test_no_name_forges_a_header_or_a_tag(field: str) -> None:
    stream = Stream("prediction", EVIL if field == "model" else "m", "1", EVIL if field == "segment" else "")
    forged = finding(stream=stream, subject=EVIL if field == "subject" else "s", reason=EVIL)

    mail = mailed(delivery(opened([forged]), "open", TEAM))

    assert (mail["bcc"], mail["to"], "img" in Tags(part(mail, "html")).tags) == (None, "credit@company.example", False)


@pytest.mark.parametrize("field", ["title", "party", "role", "tier", "text"])
def test_nothing_in_a_payload_forges_a_header(field: str) -> None:
    mail = mailed(with_data(delivery(act(), "open", TEAM), **{field: EVIL}))

    assert (mail["bcc"], "img" in Tags(part(mail, "html")).tags) == (None, False)


def test_a_link_that_is_none_is_left_out() -> None:
    links: list[Json] = [{"text": "Runbook", "url": "javascript:alert(1)"}, {"text": "Page", "url": 'https://a/"><b>'}]

    page = part(mailed(with_data(delivery(act(), "open", TEAM), links=links)), "html")

    assert re.findall(r'href="([^"]*)"', page) == ["https://a/&quot;&gt;&lt;b&gt;"]


def test_long_names_in_many_scripts_keep_the_lines_of_the_mail_short() -> None:
    stream = Stream("prediction", "Überprüfung" * 20, "版" * 200)
    written = message(delivery(opened([finding(stream=stream)]), "open", TEAM), "drift@company.example", NOW)

    assert max(len(line) for line in written.as_bytes().split(b"\r\n")) <= 998


def test_a_mail_that_comes_late_says_so_in_both_parts() -> None:
    mail = mailed(delivery(act(), "open", TEAM), minutes_late=200)
    said = "Late: written at 2026-11-20 12:02 UTC, and sent 3 h 20 min after that."

    assert (said in part(mail, "plain"), said in part(mail, "html"), mail["date"]) == (
        True,
        True,
        "Fri, 20 Nov 2026 12:02:00 +0000",
    )


def test_a_picture_is_attached_and_named() -> None:
    mail = mailed(with_data(delivery(act(), "open", TEAM), picture_svg="<svg xmlns='http://www.w3.org/2000/svg'/>"))
    (picture,) = mail.iter_attachments()

    assert (picture.get_filename(), picture.get_content_type(), "drift.svg shows it" in part(mail, "html")) == (
        "drift.svg",
        "image/svg+xml",
        True,
    )


def test_a_picture_that_is_too_large_stays_behind() -> None:
    mail = mailed(with_data(delivery(act(), "open", TEAM), picture_svg="x" * (PICTURE_BYTES_MAX + 1)))

    assert (list(mail.iter_attachments()), "drift.svg" in part(mail, "html")) == ([], False)


def test_what_needs_action_now_is_important_until_it_is_over() -> None:
    marks = [
        mailed(sent)["importance"]
        for sent in (
            delivery(act(), "open", TEAM), delivery(investigate(), "open", TEAM), delivery(resolved(), "resolve", TEAM)
        )
    ]  # fmt: skip

    assert marks == ["high", "normal", "normal"]


def test_what_an_older_version_wrote_is_still_mailed() -> None:
    old = replace(delivery(act(), "open", TEAM), payload={"type": "incident.open", "data": {"title": "t", "text": "x"}})

    assert (mailed(old)["subject"], part(mailed(old), "plain")) == ("t", "x\n")


@pytest.mark.parametrize("incident", [many(500), many(30, name="\U0001f4a9" * 200)], ids=["500", "wide"])
def test_a_mail_stays_small(incident: Incident) -> None:
    assert len(message(delivery(incident, "open", TEAM), "drift@company.example", NOW).as_bytes()) < 200_000
