"""What a notice looks like in Slack, and the limits it keeps."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.outbox import Delivery
from alerting.route import Destination
from alerting.sinks import slack_blocks
from alerting.sinks.slack_blocks import CHARS_MAX, Block, mrkdwn
from alerting.sinks.told import told
from tests.alerting.examples import finding, opened
from tests.alerting.golden_file import golden
from tests.alerting.sinks.notices import act, delivery, investigate, many, resolved

CHANNEL = Destination("slack:ops:1", "slack", "C0123ABCD", "env:TOKEN")
EVIL = "<!channel> <@U123> <https://evil.example|Runbook> & @here #general"
WIDE = "&" * 120

CASES: dict[str, tuple[Incident, Intent]] = {
    "open_act": (act(), "open"),
    "open_investigate": (investigate(), "open"),
    "raise": (act(), "raise"),
    "resolve": (resolved(), "resolve"),
}


def texts(blocks: list[Block]) -> Iterator[dict[str, Any]]:
    """Every text in some blocks."""
    for block in blocks:
        places: list[Any] = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]  # type: ignore[misc]
        yield from (place for place in places if place)


def shown(sent: Delivery) -> str:
    """The message in the channel, and what is said in the thread."""
    about = told(sent)
    written = {"text": slack_blocks.summary(about), "blocks": slack_blocks.first(about)}
    if sent.intent != "open":
        written["in the thread"] = slack_blocks.reply(about)
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_blocks_as_they_are_posted(name: str) -> None:
    incident, intent = CASES[name]
    written = shown(delivery(incident, intent, CHANNEL))

    assert written == golden(f"slack_{name}.json", written)


@pytest.mark.parametrize(
    "incident",
    [
        many(1),
        many(500),
        many(10, name=WIDE),
        opened([finding(subject=WIDE, reason="&" * 900, stream=Stream("prediction", WIDE, WIDE, WIDE))]),
        opened([finding(subject="\U0001f4a9" * 300, stream=Stream("prediction", "x" * 500, "y" * 500))]),
    ],
    ids=["one", "500", "escaped", "long", "wide"],
)
@pytest.mark.parametrize("intent", ["open", "raise", "remind"])
def test_every_limit_of_slack_is_kept(incident: Incident, intent: Intent) -> None:
    about = told(delivery(incident, intent, CHANNEL))

    for blocks in (slack_blocks.first(about), slack_blocks.reply(about)):
        lengths = [len(text["text"]) for block in blocks if block["type"] == "section" for text in texts([block])]
        fields = [len(text["text"]) for block in blocks if "fields" in block for text in texts([block])]
        headers = [len(text["text"]) for block in blocks if block["type"] == "header" for text in texts([block])]
        assert (len(blocks) <= 50, max(lengths) <= 3_000, max([*fields, 0]) <= 2_000) == (True, True, True)
        assert max([*headers, 0]) <= 150
        assert len(json.dumps(blocks, ensure_ascii=False)) < CHARS_MAX


def test_what_is_not_shown_is_counted() -> None:
    foot = slack_blocks.first(told(delivery(many(500), "open", CHANNEL)))[-1]

    assert "495 more monitors are not shown here" in json.dumps(foot)


def test_fewer_rows_are_shown_where_they_are_long() -> None:
    long = opened([finding(subject=f"{n}{WIDE}", reason="&" * 290) for n in range(5)])
    blocks = slack_blocks.first(told(delivery(long, "open", CHANNEL)))

    assert "more monitors are not shown here" in json.dumps(blocks[-1])


@pytest.mark.parametrize("intent", ["open", "raise", "resolve"])
def test_no_name_mentions_anybody_or_makes_a_link(intent: Intent) -> None:
    evil = finding(subject=EVIL, reason=EVIL, stream=Stream("prediction", EVIL, EVIL, EVIL))
    about = told(delivery(opened([evil]) if intent != "resolve" else resolved(), intent, CHANNEL, by=EVIL))
    blocks = [*slack_blocks.first(about), *slack_blocks.reply(about)]

    marked = [text for text in texts(blocks) if text["type"] == "mrkdwn"]
    assert all(text["verbatim"] for text in marked)
    whole = json.dumps([text["text"] for text in marked]) + slack_blocks.summary(about)
    assert ("<!channel>" in whole, "<@U" in whole, "<https://evil" in whole) == (False, False, False)


def test_a_cut_never_falls_within_an_escaped_character() -> None:
    assert {mrkdwn("<<<<", length) for length in range(1, 17)} == {
        "…", "&lt;…", "&lt;&lt;…", "&lt;&lt;&lt;…", "&lt;&lt;&lt;&lt;"
    }  # fmt: skip


def test_who_holds_it_and_until_when_is_shown() -> None:
    until = "2026-11-20T16:00:00+00:00"
    about = told(delivery(act(), "update", CHANNEL, handling="acked", by="anna", until=until))

    assert (
        "acknowledged by anna until <!date^1795190400^{date_short_pretty} {time}|2026-11-20 16:00 UTC>"
        in json.dumps(slack_blocks.first(about))
    )
