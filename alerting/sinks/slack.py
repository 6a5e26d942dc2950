"""Notices in Slack: one message per incident in the channel, edited as things change, with the rest in its thread."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from alerting.audit import Json
from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome
from alerting.sinks import slack_blocks
from alerting.sinks.call import Call
from alerting.sinks.slack_api import UNREADABLE, Reply, SlackApi
from alerting.sinks.told import Told, told

BASE_URL = "https://slack.com/api"
EVENT_TYPE = "driftwarden_notice"

LOOKED_BACK = timedelta(minutes=5)
"""How much earlier than the first attempt a message is looked for: the clocks may differ."""

MESSAGES_MAX = 30

_GONE = frozenset({"message_not_found", "thread_not_found"})
_FROZEN = frozenset({"edit_window_closed", "cant_update_message"})
_TOO_MUCH = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format"})


@dataclass(frozen=True, slots=True)
class SlackSink:
    """Posts by chat.postMessage and edits by chat.update, as the bot whose token `delivery.target.secret` names.

    `Outcome.receipt` is "channel ts" of the first message of the incident. Slack cannot tell a repeat from a new
    message, so each carries our key as metadata, and after a failure it is looked for before it is posted again; a bot
    that may not read the channel posts again. Source: docs.slack.dev, chat.postMessage, chat.update, conversations.*.
    """

    call: Call
    secret_of: Callable[[str], str]
    base_url: str = BASE_URL

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt: an open posts, a raise or reminder or resolve edits and answers, an update only edits.

        All its calls together take no longer than one may: whoever else may send waits for just that long.
        """
        try:
            async with asyncio.timeout(self.call.seconds_max):
                return await self._send(delivery)
        except TimeoutError:
            return Outcome("retry", note=f"Slack did not answer within {self.call.seconds_max:g} s")

    async def _send(self, delivery: Delivery) -> Outcome:
        try:
            token = self.secret_of(delivery.target.secret)
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        if not (token.isascii() and token.isprintable()):
            return Outcome("retry", note=f"{delivery.target.secret} does not hold the token of a Slack bot")
        api, about = SlackApi(self.call, self.base_url, token), told(delivery)
        channel, _, thread = delivery.thread.partition(" ")
        if not thread:
            if delivery.intent == "update":
                return Outcome("delivered", note="nothing to edit: no message of this incident was posted here")
            return await _post(api, delivery, about, delivery.target.address, "")
        where: dict[str, Json] = {"channel": channel, "ts": thread}
        edited = await api.post("chat.update", {**_message(about), **where})
        if edited.error in _TOO_MUCH:
            edited = await api.post("chat.update", {**_plain(about), "blocks": [], **where})
        if not edited.ok and edited.error not in _GONE | _FROZEN:
            return edited.outcome
        if delivery.intent == "update":
            return Outcome("delivered", note="edited in place" if edited.ok else f"not shown: {edited.outcome.note}")
        aloud = delivery.intent == "raise" or not edited.ok
        return await _post(api, delivery, about, channel, "" if edited.error in _GONE else thread, aloud=aloud)


async def _post(
    api: SlackApi, delivery: Delivery, about: Told, channel: str, thread: str, *, aloud: bool = False
) -> Outcome:
    """Post in the thread, or in the channel when it is "", unless an earlier attempt did.

    `aloud` shows it in the channel too, where nobody may be following the thread.
    """
    if delivery.attempts:
        found = await _find(api, delivery, channel, thread)
        if isinstance(found, Outcome):
            return found
        if found:
            receipt = f"{channel} {thread or found}"
            return Outcome("delivered", note="an earlier attempt had posted it", receipt=receipt)
    where: dict[str, Json] = {"channel": channel, "metadata": _metadata(delivery)}
    if thread:
        where |= {"thread_ts": thread, "reply_broadcast": aloud}
    posted = await api.post("chat.postMessage", {**_message(about, reply=bool(thread)), **where})
    if posted.error in _TOO_MUCH:
        posted = await api.post("chat.postMessage", {**_plain(about), **where})
    if not posted.ok:
        return posted.outcome
    return replace(posted.outcome, receipt=f"{channel} {thread}" if thread else _receipt(posted, channel))


async def _find(api: SlackApi, delivery: Delivery, channel: str, thread: str) -> str | Outcome:
    """Look for a message with this delivery's key; "" when there is none, or when the bot may not look."""
    since = (delivery.tried_at or delivery.next_at) - LOOKED_BACK
    window = {
        "channel": channel, "oldest": f"{since.timestamp():.6f}", "limit": str(MESSAGES_MAX),
        "include_all_metadata": "true",
    }  # fmt: skip
    if thread:
        reply = await api.read("conversations.replies", ts=thread, **window)
    else:
        reply = await api.read("conversations.history", **window)
    if reply.outcome.kind == "retry" and reply.error != UNREADABLE:
        return reply.outcome
    messages = reply.said.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and _key(message) == delivery.key:
            return str(message.get("ts", ""))
    return ""


def _message(about: Told, *, reply: bool = False) -> dict[str, Json]:
    blocks = slack_blocks.reply(about) if reply else slack_blocks.first(about)
    return {**_plain(about), "blocks": list(blocks)}


def _plain(about: Told) -> dict[str, Json]:
    """Give the message of one line: it is all there is where Slack takes no blocks."""
    return {
        "text": slack_blocks.summary(about), "parse": "none", "link_names": False,
        "unfurl_links": False, "unfurl_media": False,
    }  # fmt: skip


def _metadata(delivery: Delivery) -> dict[str, Json]:
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {"key": delivery.key, "incident": delivery.incident_id, "seq": delivery.seq},
    }


def _key(message: Mapping[str, Json]) -> str:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("key", "")) if isinstance(payload, dict) else ""


def _receipt(posted: Reply, channel: str) -> str:
    """Name the message as Slack does: its channel may be another than was asked, as for a person's id."""
    return f"{posted.said.get('channel') or channel} {posted.said.get('ts', '')}"
