"""Delay against false alarms at many settings, and delays by kind of change."""

from collections.abc import Mapping, Sequence
from math import isnan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.detection.changes import DAY_TICKS
from benchmarks.detection.plot_style import (
    BLUE,
    GREEN,
    GREY,
    HALO,
    INK,
    ORANGE,
    PURPLE,
    figure,
    legend,
    number,
    plain,
    rows_of_names,
)
from benchmarks.detection.section import Value

Row = Mapping[str, Value]

FAMILIES = {
    "e-SR": ("o", BLUE),
    "PSI": ("s", ORANGE),
    "KS": ("^", GREEN),
    "KS, 3 in a row": ("v", GREY),
    "BH": ("D", PURPLE),
}

NONE_SEEN = 0.5
"""Where a setting without a single false alarm is drawn."""

KINDS = {
    "e-SR": ("o", BLUE),
    "PSI > .2": ("s", ORANGE),
    "KS p < .05, 3 in a row": ("^", GREEN),
    "BH 5 %": ("D", PURPLE),
}
"""Detectors that are compared by kind of change; others alarm in so many windows that a delay says nothing."""

LOUD = 20
"""False alarms a day in 1,000 monitors above which a detector's marks are hollow."""

NEVER = 8_000
"""Where a change is drawn that fewer than half of the monitors found: beyond any wait."""


def curve(rows: Sequence[Row]) -> Figure:
    """Draw each family of settings as a line, and as a dashed one what e-SR allows."""
    made = figure(350, "Delay against false alarms: a shift of .25 σ in windows of 100 events")
    axes = made.add_subplot()
    axes.axvspan(0.3, 0.75, color="#F2F2F2", zorder=0)
    for family, (mark, colour) in FAMILIES.items():
        mine = [row for row in rows if row["detector"] == family and not isnan(number(row["delay"]))]
        points = _points(mine)
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], color=colour, marker=mark, markersize=6)
        for place, (x, y, words) in enumerate(points):
            name = f"{family}: " if place == 0 else ""
            last = family == "e-SR" and place == len(points) - 1
            below = family == "e-SR" or (y == 1 and place % 2)
            axes.annotate(
                name + words, (x, y), (2, -15) if below else (4, 6), textcoords="offset points",
                ha="right" if last else "left", color=colour, fontsize=8, fontweight="bold" if name else "normal",
                bbox=HALO, zorder=1.9,
            )  # fmt: skip
    axes.annotate(
        "better", (0.02, 0.03), (0.09, 0.11), xycoords="axes fraction", textcoords="axes fraction", color=INK,
        arrowprops={"arrowstyle": "->", "color": INK},
    )  # fmt: skip
    _allowed(axes, [row for row in rows if row["detector"] == "e-SR"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.3, 3e7)
    axes.set_ylim(0.6, 1_500)
    places = {NONE_SEEN: "none\nseen", 1: "1", 10: "10", 1e3: "1,000", 1e5: "100,000", 1e7: "10,000,000"}
    axes.set_xticks(list(places), list(places.values()))
    axes.set_yticks([1, 10, 100, 1_000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.grid()
    axes.set_xlabel(
        "false alarms of 1,000 monitors in 30 days (measured; dashed: at most so many, by e-SR's guarantee)"
    )
    axes.set_ylabel("windows from the change to the alarm (median)")
    return made


def kinds(rows: Sequence[Row]) -> Figure:
    """Draw a row per change and a panel per size."""
    cases = [row for row in rows if row["detector"] in KINDS]
    names = list(dict.fromkeys(str(row["change"]) for row in cases))
    sizes = list(dict.fromkeys((number(row["events"]), number(row["reference"])) for row in cases))
    made = figure(122 + 34 * len(names), "Windows until a change is found, and false alarms a day in 1,000 monitors")
    panels = made.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axes, size in zip(panels, sizes, strict=True):
        _panel(axes, [row for row in cases if (row["events"], row["reference"]) == size], names)
        axes.set_title(f"{size[0]:,.0f} events a window,\nreference of {size[1]:,.0f}", fontsize=8.5)
    rows_of_names(panels[0], names)
    made.supxlabel("windows from the change to the alarm (median of the monitors)", fontsize=9)
    marks = [(*KINDS[name], KINDS[name][1], f"{name}: {_loudest(cases, name)}") for name in KINDS]
    legend(made, [*marks, ("o", GREY, "white", f"hollow: > {LOUD}")])
    return made


def _panel(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    for row in rows:
        mark, colour = KINDS[str(row["detector"])]
        delay = number(row["delay"])
        place = names.index(str(row["change"])) + 0.2 * (list(KINDS).index(str(row["detector"])) - 1.5)
        face = "white" if _a_day(row) > LOUD else colour
        axes.plot(NEVER if isnan(delay) else delay, place, mark, color=colour, markersize=5, markerfacecolor=face)
    axes.axvspan(NEVER / 1.8, NEVER * 1.8, color="#F2F2F2", zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(0.7, NEVER * 1.8)
    axes.set_xticks([1, 10, 100, 1_000, NEVER], ["1", "10", "100", "1,000", "never"], fontsize=8)
    axes.minorticks_off()
    axes.grid(axis="both", color="#E2E2E2")
    axes.tick_params(axis="y", length=0)


def _loudest(rows: Sequence[Row], detector: str) -> str:
    """Say how many false alarms a detector has in any row."""
    most = max((_a_day(row) for row in rows if row["detector"] == detector), default=0.0)
    return f"≤ {plain(most)}" if most else "0"


def _a_day(row: Row) -> float:
    return number(row["per 1,000"]) * DAY_TICKS


def _false(row: Row) -> float:
    return max(number(row["in 30 days"]), NONE_SEEN)


def _points(rows: Sequence[Row]) -> list[tuple[float, float, str]]:
    """Give the places of settings with what they say; of the rules without a false alarm the fastest.

    Of e-SR without one the strictest, which is the setting that one would choose.
    """
    points = sorted((_false(row), number(row["delay"]), _words(row)) for row in rows)
    silent = [point for point in points if point[0] == NONE_SEEN]
    chosen = silent[-1:] if silent and silent[0][2].startswith("≤") else silent[:1]
    return chosen + points[len(silent) :]


def _words(row: Row) -> str:
    """Give a setting; of e-SR the false alarms that are allowed."""
    stated = row["stated"]
    return str(row["setting"]) if stated is None else f"≤ {number(stated):,.0f}"


def _allowed(axes: Axes, rows: Sequence[Row]) -> None:
    points = sorted((number(row["stated"]), number(row["delay"])) for row in rows)
    axes.plot([x for x, _ in points], [y for _, y in points], "--", color=BLUE, linewidth=1, marker="o", markersize=3)
