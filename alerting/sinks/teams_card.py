"""A notice as an Adaptive Card: cut step by step until Teams takes it, with names where no markup is read."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import TypeAlias

from alerting.audit import Json
from alerting.sinks.told import Ask, Moved, Told, utc

Element: TypeAlias = dict[str, Json]

BYTES_MAX = 20_000
"""Teams takes about 28 KB and refuses the rest with 413; other clients have measured 21 KB."""

VERSION = "1.4"
LEAD_CHARS_MAX = 1_000

_COLORS = {"act": "attention", "blind": "attention", "investigate": "warning", "observe": "accent"}
_CUTS = ((10, True), (10, False), (5, False), (3, False), (1, False), (0, False))
"""How many rows of evidence are shown, and whether with their reasons and shares."""


def message(about: Told) -> bytes:
    """Write the message that a workflow posts: one card of less than 20,000 bytes; it says what was left out."""
    for rows, details in _CUTS:
        written = json.dumps(_message(about, rows, details), ensure_ascii=False).encode()
        if len(written) < BYTES_MAX:
            break
    return written


def _message(about: Told, rows: int, details: bool) -> Element:
    card: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "msteams": {"width": "full"},
        "fallbackText": about.title,
        "body": list(_body(about, rows, details)),
        "actions": [
            {"type": "Action.OpenUrl", "title": text, "url": url}
            for text, url in (*about.actions[:3], *about.links[:3])
        ],
    }
    attachment: Element = {
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card,
    }  # fmt: skip
    return {"type": "message", "summary": about.title, "attachments": [attachment]}


def _body(about: Told, rows: int, details: bool) -> Iterator[Element]:
    color = "good" if about.over else _COLORS.get(about.tier, "default")
    raised = "Raised: " if about.intent == "raise" else ""
    yield _plain(_run(f"{raised}{about.title}", weight="bolder", size="medium", color=color))
    yield _plain(_run(about.lead[:LEAD_CHARS_MAX]))
    held = f" until {utc(about.until)}" if about.until and not about.over else ""
    yield _plain(
        _run(f"{about.standing}{held}", weight="bolder"), _run(f" · told: {about.party}, as {about.role}", subtle=True)
    )
    if about.asks:
        yield {"type": "TextBlock", "text": "What is expected", "weight": "bolder", "wrap": True}
        yield from (_ask(ask) for ask in about.asks[:5])
    for rank, row in enumerate(about.moved[:rows], start=1):
        yield _row(rank, row, details)
    yield from _left_out(about, rows, details)


def _row(rank: int, row: Moved, details: bool) -> Element:
    extra = [row.reason, row.shares] if details else []
    below = [_plain(_run(text, subtle=True)) for text in (row.counts, *extra, row.cleared) if text]
    items: list[Json] = [_plain(_run(f"{rank}. {row.place}: ", weight="bolder"), _run(row.effect))]
    items += [{**line, "spacing": "none"} for line in below]
    return {"type": "Container", "spacing": "medium", "separator": rank == 1, "items": items}


def _left_out(about: Told, rows: int, details: bool) -> Sequence[Element]:
    hidden = about.others + max(0, len(about.moved) - rows)
    said = [f"{hidden:,} more monitors with the same cause are not shown here."] if hidden else []
    said += ["Reasons were left out, to keep this small enough."] if not details and about.moved else []
    said += [f"Incident {about.incident}, episode {about.episode}."]
    return [_plain(_run(" ".join(said), subtle=True, size="small"))]


def _ask(ask: Ask) -> Element:
    """Name a time in the zone of whoever reads it, and in UTC; no name is in this text, which is read as Markdown."""
    at = f"{ask.by.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    local = f"{{{{DATE({at}, SHORT)}}}} {{{{TIME({at})}}}}"
    return {"type": "TextBlock", "text": f"{ask.what} by {local} ({utc(ask.by)})", "wrap": True, "spacing": "none"}


def _plain(*runs: Element) -> Element:
    """Set out text in which nothing is markup: a TextBlock would read Markdown, and make links of names."""
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(
    text: str, *, weight: str = "default", size: str = "default", color: str = "default", subtle: bool = False
) -> Element:
    styles = {"weight": weight, "size": size, "color": color}
    run: Element = {"type": "TextRun", "text": text or "-"}
    run |= {name: value for name, value in styles.items() if value != "default"}
    return run | ({"isSubtle": True} if subtle else {})
