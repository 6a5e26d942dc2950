"""An incident before and after, as SVG: the bins that moved, how surely, since when, and what the tiers take."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import pairwise

from alerting.audit import Json
from alerting.evidence import DRAWN, MOVES_MAX, Evidence
from alerting.finding import Move
from alerting.svg import STYLE, Block, at, bar, fitted, stacked, text, wide, wrapped
from alerting.wording import clean

WIDTH, WIDTH_MIN, WIDTH_MAX = 600, 300, 1_200
NARROW = 480
"""Below this width the labels of bins stand above their bars, not beside them."""

PAD = 16.0
LINES_MAX = 3
"""Lines of a heading; what comes after them is cut."""

BOLD_BINS = 3
"""Bins that moved most, set in bold."""

_ZONES = ("no tier", "observe", "investigate", "act")
_OTHERS = "all other bins"
_BOLD = 1.15


def picture(evidence: Sequence[Evidence], title: str, width: int = WIDTH) -> str:
    """Draw the most telling members, at most three: the lead's subject with all bins, others with what moved most.

    A second detector on a subject is drawn where it shows more bins than the first.

    `width` in pixels, 300 to 1,200. The result is a whole SVG document of less than 30 KB that loads nothing, with a
    title and a description for people who cannot see it.
    """
    inner = min(max(width, WIDTH_MIN), WIDTH_MAX) - 2 * PAD
    drawn = _chosen(evidence)
    blocks = [_head(title, inner)]
    for item in drawn:
        bins_max = None if _place(item) == _place(drawn[0]) else MOVES_MAX
        blocks += [_facts(item, inner), _ladder(item, inner), _bins(item, inner, bins_max)]
    whole = stacked(blocks)
    w, h = at(inner + 2 * PAD), at(whole.height + 2 * PAD)
    told = " ".join(_told(item) for item in drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="dw-title dw-desc"><title id="dw-title">{escape(clean(title))}</title>'
        f'<desc id="dw-desc">{escape(told)}</desc><style>{STYLE}</style>'
        f'<rect class="paper" width="{w}" height="{h}" rx="8"/>'
        f'<g transform="translate({at(PAD)} {at(PAD)})">{"".join(whole.parts)}</g></svg>\n'
    )


def picture_of(about: Mapping[str, Json], width: int = WIDTH) -> str:
    """Draw what a message's `data` tells; raises pydantic's ValidationError where it is not what we compose."""
    listed = about.get("evidence")
    evidence = [Evidence.from_json_object(item) for item in (listed if isinstance(listed, list) else [])]
    return picture(evidence, titled(str(about.get("model", "")), str(about.get("version", ""))), width)


def titled(model: str, version: str) -> str:
    """Name what a picture is of."""
    return f"What moved in {clean(model)} {clean(version)}"


def _chosen(evidence: Sequence[Evidence]) -> list[Evidence]:
    most: dict[tuple[str, str], int] = {}
    chosen = []
    for item in evidence:
        if len(item.moves) > most.get(_place(item), -1):
            most[_place(item)] = len(item.moves)
            chosen.append(item)
    return chosen[:DRAWN]


def _place(item: Evidence) -> tuple[str, str]:
    return item.segment, item.subject


def _head(title: str, inner: float) -> Block:
    lines = list(wrapped(title, inner, 17 * _BOLD))[:LINES_MAX]
    parts = [text(0, 14 + 20 * n, line, 17, "strong") for n, line in enumerate(lines)]
    x, y = 0.0, 15.0 + 20 * len(lines)
    for kind, word in (("before", "share in the reference"), ("after", "share now")):
        parts += [bar(x, y - 8, 12, 9, kind), text(x + 17, y, word, 12, "soft")]
        x += 17 + wide(word, 12) + 14
    return Block(tuple(parts), y + 9)


def _facts(item: Evidence, inner: float) -> Block:
    parts = [f'<path class="rule" d="M0 4H{at(inner)}"/>']
    y = 8.0
    for line in list(wrapped(clean(item.subject), inner, 15 * _BOLD))[:LINES_MAX]:
        y += 18
        parts.append(text(0, y, line, 15, "strong"))
    for fact in (f"in {_where(item)}: {_effect(item)}", _seen(item), _since(item)):
        for line in wrapped(fact, inner, 12):
            y += 17
            parts.append(text(0, y, line, 12, "soft"))
    return Block(tuple(parts), y + 10)


def _ladder(item: Evidence, inner: float) -> Block:
    """Draw the interval over what the tiers take; each tier is as wide as the others, whatever its numbers are."""
    known = [end for end in (item.low, item.value, item.high) if end is not None]
    if len(item.bounds) != len(_ZONES) - 1 or not known:
        return Block((), 0)
    edges = (0.0, *item.bounds, max(*known, item.bounds[-1] * 1.5) * 1.1)
    zone = inner / len(_ZONES)
    parts = []
    for n, name in enumerate(_ZONES):
        parts += [bar(n * zone, 14, zone, 18, f"z{n}"), text(n * zone + 3, 10, name, 11, "soft")]
        if n:
            parts.append(text(n * zone, 45, f"{edges[n]:.3g}", 11, "soft mid"))
    if item.low is not None and item.high is not None:
        left, right = _along(item.low, edges) * inner, _along(item.high, edges) * inner
        parts.append(bar(left, 21, max(right - left, 1.0), 4, "span"))
    if item.value is not None:
        x = min(max(_along(item.value, edges) * inner, 5.0), inner - 5)
        parts.append(f'<circle class="dot" cx="{at(x)}" cy="23" r="4"/>')
    return Block(tuple(parts), 56)


def _along(value: float, edges: Sequence[float]) -> float:
    """Say where a value stands between 0 and 1 on a scale on which the edges are equally far apart."""
    zones = len(edges) - 1
    for n, (low, high) in enumerate(pairwise(edges)):
        if value < high:
            return max(0.0, (n + (value - low) / (high - low)) / zones)
    return 1.0


def _bins(item: Evidence, inner: float, bins_max: int | None) -> Block:
    moves = list(item.moves[:bins_max])
    if not moves:
        return Block((), 6)
    strongest = {id(move) for move in moves[:BOLD_BINS]} if len(moves) > BOLD_BINS else set()
    if all(move.place >= 0 for move in moves):
        moves.sort(key=lambda move: move.place)
    bold = [id(move) in strongest for move in moves]
    top = max(part for move in moves for part in (move.expected, move.observed)) or 1.0
    rest = _rest(moves) if item.detector == "psi" else None
    if rest is not None:
        moves.append(rest)
        bold.append(False)
    return stacked(
        [_row(move, item, top, inner, strong=strong) for move, strong in zip(moves, bold, strict=True)]
        + [Block((), 10)]
    )


def _rest(moves: Sequence[Move]) -> Move | None:
    """What the bins that are not drawn hold together."""
    before, now = (max(0.0, 1 - sum(shares)) for shares in zip(*((m.expected, m.observed) for m in moves), strict=True))
    return Move(_OTHERS, before, now) if max(before, now) > 1e-4 else None


def _row(move: Move, item: Evidence, top: float, inner: float, *, strong: bool) -> Block:
    shares = f"{share(move.expected)} → {share(move.observed)}"
    counts = f"{move.expected * item.reference_n:,.0f} → {move.observed * item.n:,.0f}"
    kind = "strong" if strong else ""
    # What the other bins hold together is longer than any bin, and would make all of them short.
    parts = () if move.label == _OTHERS else ((move.expected / top, "before"), (move.observed / top, "after"))
    if inner + 2 * PAD < NARROW:
        bars = [bar(0, 18 + 8 * n, part * (inner - 110), 7, when) for n, (part, when) in enumerate(parts)]
        label = text(0, 13, fitted(move.label, inner - 125, 12 * _BOLD), 12, kind)
        numbers = text(inner, 13, shares, 12, f"{kind} end"), text(inner, 28, counts, 11, "soft end")
        return Block((label, *bars, *numbers), 38)
    left, right = inner * 0.3, inner * 0.25
    room = inner - left - right
    bars = [bar(left, 4 + 11 * n, part * room, 10, when) for n, (part, when) in enumerate(parts)]
    names = _label(move.label, left - 8, kind)
    numbers = text(inner, 13, shares, 12, f"{kind} end"), text(inner, 26, counts, 11, "soft end")
    return Block((*names, *bars, *numbers), 31)


def _label(name: str, width: float, kind: str) -> list[str]:
    """Name a bin in at most two lines."""
    size = 12 * _BOLD if kind else 12
    lines = list(wrapped(clean(name), width, size))
    if len(lines) < 2:
        return [text(0, 18, line, 12, kind) for line in lines]
    return [text(0, 12, lines[0], 12, kind), text(0, 26, fitted(" ".join(lines[1:]), width, size), 12, kind)]


def _told(item: Evidence) -> str:
    bins = "; ".join(f"{clean(m.label, 30)} {share(m.expected)} to {share(m.observed)}" for m in item.moves[:MOVES_MAX])
    return f"{clean(item.subject)} in {_where(item)}: {_effect(item)}. {_seen(item)}. {_since(item)}." + (
        f" Share in the reference to share now: {bins}." if bins else ""
    )


def _where(item: Evidence) -> str:
    return f"segment {clean(item.segment)}" if item.segment else "all events"


def _effect(item: Evidence) -> str:
    value = f" {item.value:.3g}" if item.value is not None else ""
    ends = f" ({item.low:.3g} to {item.high:.3g})" if item.low is not None and item.high is not None else ""
    return f"{item.detector}{value}{ends}, tier {item.tier}"


def _seen(item: Evidence) -> str:
    against = f" against {item.reference_n:,} in the reference" if item.reference_n else ""
    return f"n = {item.n:,}{against}, {_span(item.since, item.at)}"


def _since(item: Evidence) -> str:
    first = f"first seen in a window that began {_utc(item.first_since or item.since)}"
    began = f"began at about {_utc(item.onset)}" if item.onset else first
    return f"{began}, clear since {_utc(item.cleared_at)}" if item.cleared_at else began


def _span(first: datetime, last: datetime) -> str:
    same_day = first.date() == last.date()
    return f"{first:%Y-%m-%d %H:%M} to {last:%H:%M} UTC" if same_day else f"{_utc(first)} to {_utc(last)}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def share(part: float) -> str:
    """Write a share, with more digits where it is small.

    >>> [share(part) for part in (0.0, 0.00042, 0.031, 0.1213, 1.0)]
    ['0%', '0.04%', '3.1%', '12.1%', '100%']
    """
    if part <= 0 or part >= 0.9995:
        return "100%" if part > 0 else "0%"
    if part >= 0.01:
        return f"{100 * part:.1f}%"
    return f"{100 * part:.2g}%" if part >= 0.001 else f"{100 * part:.1g}%"
