"""Slack's Web API: one call, and what its answer means. HTTP 200 with `ok: false` is a failure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from alerting.audit import Json
from alerting.outbox import Outcome
from alerting.sinks.call import ANSWER_BYTES_MAX, Call

_ACCESS = "give the bot a token that is valid"
_CHANNEL = "check the channel's id in the ownership table, and invite the bot there"

PERMANENT = {
    "channel_not_found": _CHANNEL,
    "not_in_channel": _CHANNEL,
    "is_archived": "name a channel that is in use",
    "invalid_auth": _ACCESS,
    "not_authed": _ACCESS,
    "account_inactive": _ACCESS,
    "token_revoked": _ACCESS,
    "token_expired": _ACCESS,
    "not_allowed_token_type": "use the token of a bot (xoxb-...)",
    "missing_scope": "give the bot the scope chat:write",
    "no_permission": "let the bot post in this channel",
    "ekm_access_denied": "ask the workspace's administrators",
    "access_denied": "ask the workspace's administrators",
    "team_access_not_granted": "ask the workspace's administrators",
    "org_login_required": "ask the workspace's administrators",
    "restricted_action": "a workspace preference keeps the bot from posting",
    "restricted_action_read_only_channel": "name a channel that can be written to",
    "restricted_action_thread_only_channel": "name a channel that takes messages, not only threads",
    "restricted_action_non_threadable_channel": "name a channel with threads",
    "msg_too_long": "report this: it should have been cut",
    "msg_blocks_too_long": "report this: it should have been cut",
    "invalid_blocks": "report this",
    "invalid_blocks_format": "report this",
    "invalid_arguments": "report this",
    "no_text": "report this",
    "message_not_found": "somebody deleted the first message",
    "thread_not_found": "somebody deleted the first message",
    "cant_update_message": "the first message is not the bot's own",
    "edit_window_closed": "the workspace forbids to edit old messages",
}
"""Errors that no retry changes, and the way out. Any other may pass (ratelimited, internal_error, fatal_error ...)."""

NOTE_CHARS_MAX = 80

UNREADABLE = "unreadable"
"""Our own word for an answer that is no JSON object, or was longer than we read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call came to: `error` is Slack's word for what failed, "" when nothing did or nobody answered."""

    outcome: Outcome
    error: str = ""
    said: Mapping[str, Json] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when Slack did what was asked."""
        return self.outcome.kind == "delivered"


@dataclass(frozen=True, slots=True)
class SlackApi:
    """Calls methods of the API at `base_url` with one bot's token."""

    call: Call
    base_url: str
    token: str

    async def post(self, method: str, arguments: Mapping[str, Json]) -> Reply:
        """Call a method that takes JSON."""
        return await self._ask(method, json.dumps(arguments).encode(), "application/json; charset=utf-8")

    async def read(self, method: str, **arguments: str) -> Reply:
        """Call a method that reads, and takes a form."""
        return await self._ask(method, urlencode(arguments).encode(), "application/x-www-form-urlencoded")

    async def _ask(self, method: str, content: bytes, kind: str) -> Reply:
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        url = f"{self.base_url}/{method}"
        answered = await self.call.post(url, content, headers, read_bytes_max=ANSWER_BYTES_MAX)
        if isinstance(answered, Outcome):
            return Reply(answered)
        if not 200 <= answered.status < 300:
            return Reply(answered.outcome())
        said = _read(answered.body)
        if not said:
            return Reply(Outcome("retry", note="Slack's answer cannot be read"), UNREADABLE)
        if said.get("ok") is True:
            return Reply(Outcome("delivered", answered.status), said=said)
        return _failed(said, answered.retry_after_seconds)


def _failed(said: Mapping[str, Json], wait: float | None) -> Reply:
    error = str(said.get("error", ""))[:NOTE_CHARS_MAX]
    fix = PERMANENT.get(error)
    if fix is not None:
        return Reply(Outcome("refused", note=f"Slack answered {error}: {fix}"), error, said)
    return Reply(
        Outcome("retry", retry_after_seconds=wait, note=f"Slack answered {error}, which may pass"), error, said
    )


def _read(body: bytes) -> Mapping[str, Json]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
