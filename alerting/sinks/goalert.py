"""Notices as GoAlert alerts, by its generic API: open and close them; it does the ringing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from alerting.errors import SecretError
from alerting.outbox import RINGS, Delivery, Outcome
from alerting.sinks.call import Answer, Call, address_of
from alerting.sinks.message import Message, cut, message_of
from alerting.sinks.ringing import Earlier, alert_key, in_turn, still_open
from alerting.wording import clean

SUMMARY_CHARS_MAX = 1_024
DETAILS_CHARS_MAX = 6_000
"""GoAlert keeps 6 KiB of details and drops what is over without saying so."""

_ANSWER_BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class GoAlertSink:
    """Sends to the service whose token `secret_of` finds; `earlier` says what it was told before.

    The token travels in the form, not in the address, so that no proxy on the way logs it.
    """

    call: Call
    secret_of: Callable[[str], str]
    earlier: Earlier

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt: first what rings, then the end of what it replaces."""
        try:
            token = self.secret_of(delivery.target.secret).strip()
            address = address_of(delivery.target.address, self.secret_of)
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        url = f"{address.rstrip('/')}/api/v2/generic/incoming"
        made = forms(delivery, await self.earlier(delivery))
        return await in_turn([partial(self._post, url, token, form) for form in made], self.call.seconds_max)

    async def _post(self, url: str, token: str, form: dict[str, str]) -> Outcome:
        sent = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        content = urlencode({"token": token, **form}).encode()
        answer = await self.call.post(url, content, sent, read_bytes_max=_ANSWER_BYTES_MAX)
        return answer if isinstance(answer, Outcome) else replace(answer.outcome(), receipt=_number(answer))


def forms(delivery: Delivery, earlier: Sequence[Delivery]) -> list[dict[str, str]]:
    """Give the forms of one notice, without the token (GoAlert, generic API).

    An open alert with the same key swallows a second one, so that a raise and a reminder open an alert of their own and
    close the one before. The API knows no acknowledgement: a change of facts sends nothing.
    """
    before = list(dict.fromkeys(alert_key(past) for past in still_open(earlier)))
    if delivery.intent in RINGS:
        mine = alert_key(delivery)
        return [_opened(delivery, mine), *(_closed(delivery, key) for key in before if key != mine)]
    return [_closed(delivery, key) for key in before] if delivery.intent == "resolve" else []


def _opened(delivery: Delivery, key: str) -> dict[str, str]:
    message = message_of(delivery)
    return {
        "summary": clean(message.title, SUMMARY_CHARS_MAX),
        "details": _details(message),
        "dedup": key,
    }


def _closed(delivery: Delivery, key: str) -> dict[str, str]:
    return {"summary": clean(message_of(delivery).title, SUMMARY_CHARS_MAX), "dedup": key, "action": "close"}


def _details(message: Message) -> str:
    """Write the notice as Markdown that shows it as it stands; links come first, since what is over is cut."""
    links = "".join(f"- [{text}]({url})\n" for text, url in message.links)
    fence = "```"
    left = DETAILS_CHARS_MAX - len(links) - 2 * len(fence) - 8
    return f"{links}\n{fence}\n{cut(message.text.replace(fence, ''), max(left, 1))}\n{fence}\n"


def _number(answer: Answer) -> str:
    """GoAlert's own number of the alert, "" when it does not say."""
    try:
        return str(json.loads(answer.body)["AlertID"])
    except (ValueError, KeyError, TypeError):
        return ""
