"""Small drawings as SVG: an interval against its threshold, bins before and after, and how a statistic went. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 100.0, 16.0
CHART_WIDTH, CHART_HEIGHT = 300.0, 80.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A square-root scale from 0 to `top`: small values can be told apart beside large ones."""

    top: float

    def place(self, value: float) -> float:
        """Where a value stands, from 0 to 1; what lies outside is put at the edge.

        >>> Scale(4.0).place(1.0), Scale(4.0).place(9.0), Scale(4.0).place(-1.0)
        (0.5, 1.0, 0.0)
        """
        return math.sqrt(min(max(value / self.top, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class Point:
    """A statistic at one time; without a value the line has a gap."""

    low: float | None
    value: float | None
    high: float | None


def interval(value: float, low: float | None, high: float | None, marks: Sequence[float], scale: Scale) -> Markup:
    """Draw a value with its interval, and the marks (threshold, tiers) it is held against."""
    parts = [Markup('<line class="axis" x1="0" y1="8" x2="100" y2="8"/>')]
    parts += [
        Markup('<line class="mark" x1="{0}" y1="1" x2="{0}" y2="15"/>').format(_at(scale.place(mark) * WIDTH))
        for mark in marks
    ]
    if low is not None and high is not None:
        left, right = scale.place(low) * WIDTH, scale.place(high) * WIDTH
        parts.append(
            Markup('<rect class="band" x="{}" y="4" width="{}" height="8"/>').format(
                _at(left), _at(max(right - left, 0.5))
            )
        )
    parts.append(
        Markup('<line class="value" x1="{0}" y1="2" x2="{0}" y2="14"/>').format(_at(scale.place(value) * WIDTH))
    )
    told = f"{number(value)}" + (
        f", interval {number(low)} to {number(high)}" if low is not None and high is not None else ""
    )
    return _drawing("interval", WIDTH, HEIGHT, told, parts)


def before_after(expected: float, observed: float, top: float) -> Markup:
    """Draw one bin's share in the reference above its share in the window; `top` is the share that fills the width."""
    rows = ((expected, "before", 1.0), (observed, "after", 9.0))
    parts = [
        Markup('<rect class="{}" x="0" y="{}" width="{}" height="6"/>').format(
            name, _at(y), _at(min(max(share / top, 0.0), 1.0) * WIDTH if top > 0 else 0.0)
        )
        for share, name, y in rows
    ]
    return _drawing("bars", WIDTH, HEIGHT, f"{percent(expected)} before, {percent(observed)} now", parts)


def course(points: Sequence[Point], threshold: float | None, what: str) -> Markup:
    """Draw how a statistic went, oldest first: its interval as a band, its value as a line, the threshold dashed."""
    known = [v for p in points for v in (p.low, p.value, p.high, threshold) if v is not None]
    scale = Scale(max([*known, 1e-6]))
    step = CHART_WIDTH / max(1, len(points) - 1)
    parts = []
    for run in _runs(points):
        there = [(i * step, p) for i, p in run]
        band = [(x, p.high) for x, p in there if p.high is not None] + [
            (x, p.low) for x, p in reversed(there) if p.low is not None
        ]
        parts.append(Markup('<polygon class="band" points="{}"/>').format(_path(band, scale)))
        line = [(x, p.value) for x, p in there if p.value is not None]
        # A single reading has no line; a short dash stands for it.
        line = line if len(line) > 1 else [(line[0][0], line[0][1]), (line[0][0] + 2, line[0][1])]
        parts.append(Markup('<polyline class="value" points="{}"/>').format(_path(line, scale)))
    if threshold is not None:
        y = _at(_height(threshold, scale))
        parts.append(Markup('<line class="mark" x1="0" y1="{0}" x2="300" y2="{0}"/>').format(y))
    return _drawing("course", CHART_WIDTH, CHART_HEIGHT, what, parts)


def number(value: float) -> str:
    """Write a statistic for people.

    >>> [number(value) for value in (0.41234, 12.3456, 1234.5, 0.000123, 0.0)]
    ['0.412', '12.3', '1,234', '0.000123', '0']
    """
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """Write a share for people.

    >>> [percent(share) for share in (0.5, 0.0712, 0.0004, 0.0)]
    ['50 %', '7.1 %', '0.04 %', '0 %']
    """
    return f"{float(f'{share * 100:.2g}'):g} %"


def _runs(points: Sequence[Point]) -> list[list[tuple[int, Point]]]:
    """Split where there is no value, so that no line is drawn through a time nobody saw."""
    runs: list[list[tuple[int, Point]]] = [[]]
    for i, point in enumerate(points):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((i, point))
    return [run for run in runs if run]


def _path(places: Sequence[tuple[float, float]], scale: Scale) -> str:
    return " ".join(f"{_at(x)},{_at(_height(value, scale))}" for x, value in places)


def _height(value: float, scale: Scale) -> float:
    return CHART_HEIGHT - 2 - scale.place(value) * (CHART_HEIGHT - 4)


def _at(value: float) -> str:
    return f"{value:.2f}"


def _drawing(name: str, width: float, height: float, told: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg class="plot {}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">')
    return head.format(name, f"{width:g}", f"{height:g}", escape(told)) + Markup("").join(parts) + Markup("</svg>")
