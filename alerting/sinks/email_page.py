"""The HTML of a mail: one page that needs nothing from elsewhere, with styles where mail programs look for them."""

from collections.abc import Iterator
from html import escape

from alerting.sinks.told import Moved, Told
from alerting.wording import EVIDENCE_HEADINGS, EXPECTED

_COLORS = {"act": "#b3261e", "blind": "#5b3b8c", "investigate": "#9a5b00", "observe": "#1f5f99"}
_RESOLVED = "#1b6e3c"
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5"
_CELL = "padding:8px 10px;border-top:1px solid #d9dde3;vertical-align:top;text-align:left"
_HEAD = "padding:4px 10px;text-align:left;color:#5a6472;font-weight:600;font-size:12px"
ACTIONS_HEADING = "Answer from here, once and without a password; the page asks before it does anything"

_SMALL = "color:#5a6472;font-size:12px"


def page(about: Told, late: str, *, pictured: bool) -> str:
    """Set a notice out; everything that came from elsewhere is escaped. `late` is said first where it is not empty."""
    return "\n".join(_lines(about, late, pictured)) + "\n"


def _lines(about: Told, late: str, pictured: bool) -> Iterator[str]:
    color = _RESOLVED if about.over else _COLORS.get(about.tier, "#444444")
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(about.title)}</title></head>"
    yield f'<body style="margin:0;background:#ffffff;color:#1c2430;{_FONT}">'
    yield '<div style="max-width:680px;margin:0 auto;padding:16px">'
    yield f'<h1 style="margin:0 0 12px;padding:12px 14px;background:{color};color:#ffffff;font-size:17px;'
    yield f'line-height:1.35;border-radius:4px;overflow-wrap:anywhere">{escape(about.title)}</h1>'
    if late:
        yield f'<p style="margin:0 0 12px;padding:8px 12px;background:#fff4d6">{escape(late)}</p>'
    sections = _sections(about)
    yield from _section(*sections[0])
    # What is expected comes before evidence that may be long: a phone shows the first lines.
    for heading, lines in sections[1:]:
        if heading == EXPECTED:
            yield from _section(heading, lines)
    yield from _buttons(about)
    if about.moved:
        yield from _table(about)
    if pictured:
        yield f'<p style="margin:0 0 12px;{_SMALL}">The attached drift.svg shows it.</p>'
    for heading, lines in sections[1:]:
        if heading != EXPECTED and not (about.moved and heading in EVIDENCE_HEADINGS):
            yield from _section(heading, lines)
    yield from _links(about)
    yield "</div></body></html>"


def _sections(about: Told) -> list[tuple[str, list[str]]]:
    """Read the text's sections: a heading ("" for none) with the lines below it; links are set out apart."""
    linked = {f"{text}: {url}" for text, url in about.links}
    sections = []
    for block in about.text.strip("\n").split("\n\n"):
        lines = [line for line in block.split("\n") if line not in linked]
        headed = len(lines) > 1 and lines[1].startswith("  ") and not lines[0].startswith(" ")
        sections.append((lines[0], lines[1:]) if headed else ("", lines))
    return sections


def _section(heading: str, lines: list[str]) -> Iterator[str]:
    if heading:
        yield f'<h2 style="margin:16px 0 4px;font-size:14px">{escape(heading)}</h2>'
    shown = "<br>".join(_indented(line) for line in lines)
    yield f'<p style="margin:0 0 12px;overflow-wrap:anywhere">{shown}</p>'


def _indented(line: str) -> str:
    bare = line.removeprefix("  ")
    return "&nbsp;" * (len(bare) - len(bare.lstrip(" "))) + escape(bare.lstrip(" "))


def _table(about: Told) -> Iterator[str]:
    yield '<table role="presentation" style="width:100%;border-collapse:collapse;margin:4px 0 8px">'
    yield f'<tr><th style="{_HEAD}">{"What had moved" if about.over else "What moved"}</th>'
    yield f'<th style="{_HEAD}">How far</th></tr>'
    for row in about.moved:
        yield from _row(row)
    yield "</table>"
    if about.others:
        yield f'<p style="margin:0 0 12px;{_SMALL}">And {about.others:,} more monitors with the same cause.</p>'


def _row(row: Moved) -> Iterator[str]:
    reason = f'<br><span style="{_SMALL}">{escape(row.reason)}</span>' if row.reason else ""
    shares = f"<br>Share of events, reference → now: {escape(row.shares)}" if row.shares else ""
    cleared = f"<br><b>{escape(row.cleared)}</b>" if row.cleared else ""
    evidence = f"<br>{escape(row.evidence)}" if row.evidence else ""
    yield f'<tr><td style="{_CELL};overflow-wrap:anywhere"><b>{escape(row.place)}</b>{reason}</td>'
    yield f'<td style="{_CELL};overflow-wrap:anywhere">{escape(row.effect)}{cleared}'
    yield f'<br><span style="{_SMALL}">{escape(row.counts)}{evidence}{shares}</span></td></tr>'


def _buttons(about: Told) -> Iterator[str]:
    if not about.actions:
        return
    style = (
        "display:inline-block;margin:0 8px 8px 0;padding:8px 16px;background:#0b57a4;color:#ffffff;border-radius:4px"
    )
    yield f'<p style="margin:16px 0 4px;{_SMALL}">{escape(ACTIONS_HEADING)}:</p>'
    shown = "".join(
        f'<a href="{escape(url)}" style="{style};font-weight:600;text-decoration:none">{escape(text)}</a>'
        for text, url in about.actions
    )
    yield f'<p style="margin:0 0 12px">{shown}</p>'


def _links(about: Told) -> Iterator[str]:
    if about.links:
        shown = " &nbsp; ".join(
            f'<a href="{escape(url)}" style="color:#0b57a4;font-weight:600">{escape(text)}</a>'
            for text, url in about.links
        )
        yield f'<p style="margin:16px 0 0">{shown}</p>'
