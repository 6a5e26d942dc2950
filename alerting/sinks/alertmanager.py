"""Notices as alerts of an Alertmanager, which routes, groups, silences and repeats them by its own rules."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerting.audit import Json
from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome
from alerting.route import Destination
from alerting.sinks.call import Answer, Call, address_of
from alerting.sinks.message import Message, cut, message_of
from alerting.sinks.ringing import Earlier, still_open
from alerting.wording import clean

PERIOD_SECONDS = 60.0
"""How often an open alert is sent again. Alertmanager ends an alert by itself when nobody does."""

LIVES_SECONDS = 4 * PERIOD_SECONDS
"""How long an alert stays open after it was last sent: three sends may be missed before that looks like an end."""

DESCRIPTION_CHARS_MAX = 8_000

BEGINS = frozenset({"open", "raise"})
"""Intents that begin an alert; a reminder is Alertmanager's own business, which repeats what is open."""

_REASON_BYTES_MAX = 2_048


@dataclass(frozen=True, slots=True)
class AlertmanagerSink:
    """POSTs to the server at a destination's address, one destination per replica; `earlier` says what it has.

    Calls of one destination are made in turn, so that what is sent again never overtakes what is new.
    """

    call: Call
    secret_of: Callable[[str], str]
    earlier: Earlier
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt, waiting for one's turn included."""
        try:
            async with asyncio.timeout(self.call.seconds_max), self.turn(delivery.destination):
                earlier = await self.earlier(delivery)
                return await self.post(delivery.target, alerts(delivery, earlier, self.call.wall()))
        except TimeoutError:
            return Outcome("retry", note=f"no answer within {self.call.seconds_max:g} s")

    @asynccontextmanager
    async def turn(self, destination: str) -> AsyncIterator[None]:
        """Keep all others from calling this destination meanwhile."""
        async with self._turns.setdefault(destination, asyncio.Lock()):
            yield

    async def post(self, target: Destination, made: Sequence[dict[str, Json]]) -> Outcome:
        """Send alerts in one request (Alertmanager, API v2, `POST /api/v2/alerts`)."""
        try:
            url = f"{address_of(target.address, self.secret_of).rstrip('/')}/api/v2/alerts"
        except SecretError as fault:
            return Outcome("retry", note=str(fault))
        content = json.dumps(list(made), ensure_ascii=False).encode()
        sent = {"content-type": "application/json"}
        answer = await self.call.post(url, content, sent, read_bytes_max=_REASON_BYTES_MAX)
        if isinstance(answer, Outcome):
            # An alert that failed is sent again with the others once the server is back: it is never certainly lost.
            return replace(answer, lost=False)
        outcome = answer.outcome()
        if outcome.kind == "delivered":
            return outcome
        # It keeps the good alerts of a request that it refuses; ours are made so that none of them can be bad.
        return Outcome(
            outcome.kind, outcome.status, outcome.retry_after_seconds, f"{outcome.note}{_reason(answer)}"
        )  # fmt: skip


def alerts(delivery: Delivery, earlier: Sequence[Delivery], now: datetime) -> list[dict[str, Json]]:
    """Give the alert that says how an incident stands after a notice, then those that the notice ends.

    An alert is its labels: one that changes makes another alert. They are those of the open or the raise that began the
    tier, and never change with what is told later. They hold the tier, since Alertmanager routes by labels alone: when
    it rises, a new alert begins and that of the tier before ends at the same time. What may change is in annotations.
    """
    line = [*earlier, delivery]
    begun = [told for told in line if told.intent in BEGINS]
    current = begun[-1] if begun else delivery
    message = message_of(delivery)
    # What is told after the end (that somebody has still to say what it was) opens nothing again.
    turns = [told for told in line if told.intent in BEGINS or told.intent == "resolve"]
    over = message_of(turns[-1]).at if turns and turns[-1].intent == "resolve" else None
    made = {json.dumps(_labels(current)): _alert(_labels(current), message, over, now)}
    for past in still_open(begun[:-1] if current is delivery else begun):
        made.setdefault(json.dumps(_labels(past)), _alert(_labels(past), message_of(past), message.at, now))
    return list(made.values())


def _labels(told: Delivery) -> dict[str, str]:
    message = message_of(told)
    labels = {
        "alertname": "ModelDrift",
        "model": clean(message.model),
        "version": clean(message.version),
        "tier": str(message.tier),
        "party": message.party,
        "incident": message.incident,
    }
    return _given(labels)


def _alert(labels: dict[str, str], message: Message, over: datetime | None, now: datetime) -> dict[str, Json]:
    ends = over or now + timedelta(seconds=LIVES_SECONDS)
    # Event time may be ahead of the wall clock, and an alert that ends before it begins is refused.
    begins = min(message.opened_at, over or now)
    alert: dict[str, Json] = {
        "labels": dict(labels),
        "annotations": dict(_given(_annotations(message))),
        "startsAt": begins.isoformat(),
        "endsAt": ends.isoformat(),
    }
    return alert | ({"generatorURL": message.page} if message.page else {})


def _annotations(message: Message) -> dict[str, str]:
    return {
        "summary": message.title,
        "description": cut(message.text, DESCRIPTION_CHARS_MAX),
        "runbook_url": message.runbook,
        "role": message.role,
        "subject": clean(message.subject),
        "expected": "; ".join(f"{what} by {by}" for what, by in message.asks),
        "held": message.held_by,
    }


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is empty: Alertmanager takes an empty label for one that is not there."""
    return {name: value for name, value in fields.items() if value}


def _reason(answer: Answer) -> str:
    said = clean(answer.body.decode("utf-8", "replace").strip().strip('"'), 200)
    return f": {said}" if said else ""
