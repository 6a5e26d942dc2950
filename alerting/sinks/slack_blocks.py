"""A notice in Slack's blocks: cut until it is small enough, and escaped so that no name mentions anybody."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote

from alerting.audit import Json
from alerting.sinks.told import Moved, Told, utc

Block: TypeAlias = dict[str, Json]

CHARS_MAX = 8_000
"""Slack refuses messages of some 13,000 characters and documents no limit for them."""

HEADER_CHARS_MAX = 150
SECTION_CHARS_MAX = 3_000
TEXT_CHARS_MAX = 1_000
ROWS = (5, 3, 1, 0)

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def mrkdwn(text: str, chars_max: int = SECTION_CHARS_MAX) -> str:
    """Escape a text, and cut it between two characters so that it is at most `chars_max` long when it is escaped.

    >>> mrkdwn("<!channel> & <@U1>"), mrkdwn("a & b", 7)
    ('&lt;!channel&gt; &amp; &lt;@U1&gt;', 'a …')
    """
    parts, size = [], 0
    for character in text:
        part = _ENTITIES.get(character, character)
        size += len(part)
        parts.append(part)
        if size > chars_max:
            break
    else:
        return "".join(parts)
    while size > chars_max - 1:
        size -= len(parts.pop())
    return "".join(parts) + "…"


def first(about: Told) -> list[Block]:
    """Set out the message that stands in the channel and is edited as things change."""
    return _fitting(about, _whole)


def reply(about: Told) -> list[Block]:
    """Set out what is said in the thread: the whole notice at a higher tier, else only what is new."""
    return _fitting(about, _whole if about.intent == "raise" else _short)


def summary(about: Told) -> str:
    """Give the one line for notifications and for whoever sees no blocks."""
    return mrkdwn(f"{'Raised: ' if about.intent == 'raise' else ''}{about.title}", TEXT_CHARS_MAX)


def _fitting(about: Told, made: Callable[[Told, int], list[Block]]) -> list[Block]:
    """Show fewer rows until it fits; without any it does, since every other text is bounded."""
    for rows in ROWS:
        blocks = made(about, rows)
        if len(json.dumps(blocks, ensure_ascii=False)) < CHARS_MAX:
            break
    return blocks


def _whole(about: Told, rows: int) -> list[Block]:
    blocks: list[Block] = [_header(about.title), _section(mrkdwn(about.lead, 600)), _facts(about)]
    blocks += [_section(_row(rank, row)) for rank, row in enumerate(about.moved[:rows], start=1)]
    return [*blocks, *_asked(about), *_offered(about), _foot(about, len(about.moved[:rows]))]


def _short(about: Told, rows: int) -> list[Block]:
    return [
        _section(f"*{summary(about)}*"),
        _section(mrkdwn(about.lead, 600)),
        *_asked(about),
        *_offered(about),
        _foot(about, None),
    ]


def _header(title: str) -> Block:
    cut = title if len(title) <= HEADER_CHARS_MAX else title[: HEADER_CHARS_MAX - 1] + "…"
    return {"type": "header", "text": {"type": "plain_text", "text": cut or "Driftwarden", "emoji": False}}


def _facts(about: Told) -> Block:
    until = f" until {_date(about.until)}" if about.until and not about.over else ""
    facts = [
        ("State", f"{mrkdwn(about.standing, 300)}{until}"),
        ("Tier", mrkdwn(about.tier, 30)),
        ("Told", mrkdwn(f"{about.party}, as {about.role}", 300)),
        ("Since", _date(about.opened_at) if about.opened_at else "not known"),
    ]
    return {"type": "section", "fields": [_text(f"*{name}*\n{value}") for name, value in facts]}


def _row(rank: int, row: Moved) -> str:
    lines = [f"*{rank}. {mrkdwn(row.place, 500)}*", f"{mrkdwn(row.effect, 200)} · {mrkdwn(row.counts, 300)}"]
    lines += [mrkdwn(text, 700) for text in (row.reason, row.shares) if text]
    lines += [f"*{mrkdwn(row.cleared, 100)}*"] if row.cleared else []
    return "\n".join(lines)


def _asked(about: Told) -> Sequence[Block]:
    if not about.asks:
        return ()
    lines = [f"• {mrkdwn(ask.what, 300)} by {_date(ask.by)}" for ask in about.asks[:5]]
    return (_section("*What is expected*\n" + "\n".join(lines)),)


def _offered(about: Told) -> Sequence[Block]:
    """Show signed links as plain ones: a button of Slack's own would need an app that receives its clicks."""
    if not about.actions:
        return ()
    return (_section(" · ".join(f"*{_link(text, url)}*" for text, url in about.actions[:3])),)


def _foot(about: Told, rows: int | None) -> Block:
    """Say what was left out, and where to read on; `rows` is None where evidence is not meant to be shown."""
    parts = [_link(text, url) for text, url in about.links[:3]]
    hidden = about.others + len(about.moved) - rows if rows is not None else 0
    if hidden:
        parts.append(f"{hidden:,} more monitors are not shown here")
    parts.append(f"{mrkdwn(about.incident, 100)}, episode {about.episode}")
    return {"type": "context", "elements": [_text(" · ".join(parts))]}


def _link(text: str, url: str) -> str:
    # An address may hold what ends a link in this markup.
    return f"<{mrkdwn(quote(url, safe=':/?#[]@!$&()*+,;=%~'), 2_500)}|{mrkdwn(text, 60)}>"


def _date(at: datetime) -> str:
    """Name a time in the zone of whoever reads it, with UTC for programs that cannot."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc(at)}>"


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    # Verbatim: names that look like an address, a channel or a person stay plain text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
