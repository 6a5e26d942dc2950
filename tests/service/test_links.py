"""Which messages carry signed links, and which never do."""

import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from alerting.audit import Json
from alerting.incident import Intent
from alerting.outbox import Delivery
from alerting.route import LINKED, Destination, SinkName
from alerting.sinks.email_message import message as mail_of
from alerting.sinks.slack_blocks import first, reply
from alerting.sinks.teams_card import message as card_of
from alerting.sinks.told import told
from service.links import Links
from service.settings import ApiSettings
from tests.alerting.sinks.notices import NOW, act, delivery
from tests.service.linked import KEY

API = ApiSettings(public_url="https://drift.example/", link_key="env:KEY")
MAKE = Links(API, lambda _: KEY)


def sent(sink: SinkName, intent: Intent = "open", **standing: Json) -> Delivery:
    """A delivery as its sink gets it."""
    made = delivery(act(), intent, Destination(f"{sink}:x:1", sink, "credit@company.example"), seq=0, **standing)
    return MAKE(replace(made, intent=intent))


def actions(of: Delivery) -> list[str]:
    """What its signed links do."""
    about: Any = of.payload["data"]
    return [link["action"] for link in about["links"] if "action" in link]


@pytest.mark.parametrize("sink", get_args(SinkName))
def test_mail_chat_and_webhooks_have_links_and_no_sink_that_many_read(sink: SinkName) -> None:
    wanted = ["ack", "close"] if sink in ("email", "slack", "teams", "webhook") else []

    assert actions(sent(sink)) == wanted
    assert (sink in LINKED) is bool(wanted)


@pytest.mark.parametrize("intent", ["open", "raise", "remind"])
def test_what_asks_for_something_has_links(intent: Intent) -> None:
    assert actions(sent("email", intent)) == ["ack", "close"]


@pytest.mark.parametrize("intent", ["update", "resolve"])
def test_what_asks_for_nothing_has_none(intent: Intent) -> None:
    assert actions(sent("email", intent)) == []


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        ({"handling": "acked"}, ["release", "close"]),
        ({"handling": "silenced"}, ["release", "close"]),
        ({"condition": "ok"}, ["close"]),
    ],
)
def test_what_is_offered_is_what_can_be_done(standing: dict[str, Json], wanted: list[str]) -> None:
    assert actions(sent("email", "remind", **standing)) == wanted


def test_the_delivery_itself_is_not_changed() -> None:
    made = delivery(act(), "open", Destination("email:x:1", "email", "credit@company.example"))
    before = made.to_json()

    assert (actions(MAKE(made)), made.to_json()) == (["ack", "close"], before)


@pytest.mark.parametrize("api", [ApiSettings(link_key="env:KEY"), ApiSettings(public_url="https://drift.example")])
def test_without_a_key_or_an_address_there_are_none(api: ApiSettings) -> None:
    made = delivery(act(), "open", Destination("email:x:1", "email", "credit@company.example"))

    assert Links(api, lambda _: KEY)(made) is made


def test_a_mail_shows_them_as_buttons_and_as_plain_addresses() -> None:
    mail = mail_of(sent("email"), "drift@company.example", NOW)
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None

    assert "\n  Acknowledge: https://drift.example/respond/" in text.get_content()
    assert page.get_content().count('href="https://drift.example/respond/') == 2


def test_slack_shows_them_as_links_in_the_message_and_in_its_thread() -> None:
    for blocks in (first(told(sent("slack"))), reply(told(sent("slack", "remind")))):
        assert json.dumps(blocks).count("<https://drift.example/respond/") == 2


def test_teams_shows_them_first_as_actions_that_open_an_address() -> None:
    card = json.loads(card_of(told(sent("teams"))))["attachments"][0]["content"]

    assert [action["title"] for action in card["actions"]][:3] == ["Acknowledge", "Close", "Runbook"]
    assert {action["type"] for action in card["actions"]} == {"Action.OpenUrl"}
