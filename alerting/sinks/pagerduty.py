"""Notices as PagerDuty events (Events API v2): open, acknowledge and resolve its alerts; it does the ringing."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from alerting.audit import Json
from alerting.errors import SecretError
from alerting.outbox import RINGS, Delivery, Outcome
from alerting.sinks.body import body
from alerting.sinks.call import Answer, Call, address_of
from alerting.sinks.message import Message, cut, message_of
from alerting.sinks.ringing import Earlier, alert_key, in_turn, still_open
from alerting.tiers import Tier
from alerting.wording import clean

ACCEPTED = 202
SUMMARY_CHARS_MAX = 1_024
DETAILS_BYTES_MAX = 480_000
"""PagerDuty refuses events over 512 KB; what is not details takes less than the rest."""

SEVERITIES = {Tier.ACT: "critical", Tier.INVESTIGATE: "warning", Tier.OBSERVE: "info", Tier.BLIND: "error"}
_REASON_BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class PagerDutySink:
    """Sends to the service whose integration key `secret_of` finds; `earlier` says what it was told before.

    202 says that PagerDuty has the event, not that anybody was called. All other answers are failures.
    """

    call: Call
    secret_of: Callable[[str], str]
    earlier: Earlier

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt: first what rings, then the end of what it replaces."""
        try:
            key = self.secret_of(delivery.target.secret).strip()
            url = f"{address_of(delivery.target.address, self.secret_of).rstrip('/')}/v2/enqueue"
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        made = events(delivery, await self.earlier(delivery))
        return await in_turn([partial(self._enqueue, url, key, event) for event in made], self.call.seconds_max)

    async def _enqueue(self, url: str, key: str, event: dict[str, Json]) -> Outcome:
        content = json.dumps({"routing_key": key, **event}, ensure_ascii=False).encode()
        sent = {"content-type": "application/json"}
        answer = await self.call.post(url, content, sent, read_bytes_max=_REASON_BYTES_MAX)
        if isinstance(answer, Outcome):
            return answer
        if answer.status == ACCEPTED:
            return Outcome("delivered", ACCEPTED)
        if 200 <= answer.status < 300:
            return Outcome("retry", answer.status, note=f"the receiver answered {answer.status}, PagerDuty says 202")
        outcome = answer.outcome()
        return Outcome(
            outcome.kind, outcome.status, outcome.retry_after_seconds, f"{outcome.note}{_reason(answer, key)}"
        )


def events(delivery: Delivery, earlier: Sequence[Delivery]) -> list[dict[str, Json]]:
    """Give the events of one notice, without the routing key (PagerDuty, Events API v2, "Send an event").

    A trigger with the key of an alert that is acknowledged rings no bell, so that a raise and a reminder open an alert
    of their own and resolve the one before. A change of facts acknowledges the open alert once somebody holds the
    incident, which stops the escalation there, and does nothing else.
    """
    before = list(dict.fromkeys(alert_key(past) for past in still_open(earlier)))
    if delivery.intent in RINGS:
        mine = alert_key(delivery)
        return [_trigger(delivery, mine), *_each("resolve", (key for key in before if key != mine))]
    if delivery.intent == "resolve":
        return list(_each("resolve", before))
    return list(_each("acknowledge", before[:1])) if message_of(delivery).held_by else []


def _each(action: str, keys: Iterable[str]) -> Iterable[dict[str, Json]]:
    return ({"event_action": action, "dedup_key": key} for key in keys)


def _trigger(delivery: Delivery, key: str) -> dict[str, Json]:
    message = message_of(delivery)
    event: dict[str, Json] = {
        "event_action": "trigger",
        "dedup_key": key,
        "payload": {
            "summary": cut(message.title, SUMMARY_CHARS_MAX),
            "source": clean(f"{message.model} {message.version}"),
            "severity": SEVERITIES[message.tier],
            "timestamp": message.at.isoformat(),
            "component": clean(message.subject),
            "group": clean(message.model),
            "class": message.detector,
            "custom_details": _details(message),
        },
        "client": "Driftwarden",
        "links": [{"href": url, "text": text} for text, url in message.links],
    }
    return event | ({"client_url": message.page} if message.page else {})


def _details(message: Message) -> dict[str, Json]:
    details: dict[str, Json] = {
        "told": f"{message.party} as {message.role.replace('_', ' ')}",
        "incident": message.incident,
        "episode": message.episode,
        "opened_at": message.opened_at.isoformat(),
        "monitors": message.members,
        "expected": dict(message.asks),
        "text": message.text,
        "evidence": list(message.evidence),
    }
    fitted = json.loads(body({"data": details}, DETAILS_BYTES_MAX))["data"]
    assert isinstance(fitted, dict), "a body holds what it was made of"
    return fitted


def _reason(answer: Answer, key: str) -> str:
    """What PagerDuty says is wrong with an event; it may repeat the key, which is not ours to tell."""
    try:
        errors = json.loads(answer.body)["errors"]
    except (ValueError, KeyError, TypeError):
        return ""
    said = "; ".join(str(error) for error in errors[:3]) if isinstance(errors, list) else ""
    return f": {clean(said.replace(key, '(the key)'), 300)}" if said and key else ""
