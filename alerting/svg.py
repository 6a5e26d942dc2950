"""The few shapes pictures are made of, as SVG text. Names come from other people: all text is cleaned and escaped."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from alerting.wording import clean

STYLE = (
    "text{font-family:sans-serif;fill:#1b2529}.soft{fill:#55636a}.strong{font-weight:bold}.end{text-anchor:end}"
    ".mid{text-anchor:middle}.paper{fill:#fff;stroke:#d8dedb}.rule{stroke:#d8dedb}.before{fill:#93a3a9}"
    ".after{fill:#d2691e}.span{fill:#1b2529}.dot{fill:#fff;stroke:#1b2529;stroke-width:2}.z0{fill:#eef1ef}"
    ".z1{fill:#fbf0dc}.z2{fill:#f8dfc4}.z3{fill:#f3c3a8}"
    "@media(prefers-color-scheme:dark){text{fill:#e7edee}.soft{fill:#a3b1b6}.paper{fill:#1a2226;stroke:#2f3a3f}"
    ".rule{stroke:#2f3a3f}.before{fill:#788a91}.after{fill:#f08b45}.span{fill:#e7edee}"
    ".dot{fill:#1a2226;stroke:#e7edee}.z0{fill:#242d31}.z1{fill:#3a3324}.z2{fill:#4b3620}.z3{fill:#5e331c}}"
)
"""Light unless the reader's screen is dark; the paper is drawn too, so that both can be read on any background."""


@dataclass(frozen=True, slots=True)
class Block:
    """Elements that lie below each other in one piece, and how high it is."""

    parts: tuple[str, ...]
    height: float


def stacked(blocks: Sequence[Block]) -> Block:
    """Put blocks below each other."""
    parts, y = [], 0.0
    for block in blocks:
        parts.append(f'<g transform="translate(0 {at(y)})">{"".join(block.parts)}</g>')
        y += block.height
    return Block(tuple(parts), y)


def text(x: float, y: float, words: str, size: float, kind: str = "") -> str:
    """Write one line; `y` is its foot."""
    shown = f' class="{kind}"' if kind else ""
    return f'<text x="{at(x)}" y="{at(y)}" font-size="{size:g}"{shown}>{escape(clean(words, 400))}</text>'


def bar(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Draw a filled bar; one without any width is left out."""
    if width <= 0:
        return ""
    return f'<rect class="{kind}" x="{at(x)}" y="{at(y)}" width="{at(max(width, 0.5))}" height="{at(height)}"/>'


def at(value: float) -> str:
    """Write a coordinate.

    >>> at(12.0), at(1 / 3)
    ('12', '0.3')
    """
    return f"{round(value, 1):g}"


def wide(words: str, size: float) -> float:
    """Say about how wide a text is drawn, rather too wide than too narrow: fonts are the reader's."""
    return size * sum(_EMS.get(unicodedata.east_asian_width(c), 0.9 if c in "MW%@—" else 0.6) for c in words)


_EMS = {"W": 1.05, "F": 1.05, "A": 1.0}


def fitted(words: str, width: float, size: float) -> str:
    """Cut a text to a width.

    >>> fitted("debt_to_income", 60, 12)
    'debt_t…'
    """
    words = clean(words, 400)
    if wide(words, size) <= width:
        return words
    while words and wide(words + "e", size) + size * 0.4 > width:
        words = words[:-1]
    return words + "…"


def wrapped(words: str, width: float, size: float) -> Iterator[str]:
    """Break a text into lines of at most a width; a word that is longer by itself is cut."""
    line = ""
    for word in words.split():
        longer = f"{line} {word}" if line else word
        if line and wide(longer, size) > width:
            yield line
            longer = word
        line = fitted(longer, width, size)
    if line:
        yield line
