"""Delays on FriedmanDrift by detector and variant; a detector that alarms without a change is hollow."""

from collections.abc import Mapping, Sequence
from math import isnan

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.detection.plot_style import BLUE, HALO, INK, ORANGE, figure, legend, number, plain, rows_of_names
from benchmarks.detection.section import Value

FALSE_MAX = 5.0
"""False-positive rate in per cent up to which a delay means something."""

_WORDS = {
    "GRA": "GRA: whole world, at once",
    "GSG": "GSG: whole world, gradually",
    "LEA": "LEA: in 1.6 % of events only",
}


def friedman(rows: Sequence[Mapping[str, Value]]) -> Figure:
    """Draw a panel per variant and a row per detector, with its false-positive rate; few false positives on top."""
    rates = {str(row["detector"]): number(row["FPR %"]) for row in rows}
    names = [name for name in rates if rates[name] <= FALSE_MAX] + [n for n in rates if rates[n] > FALSE_MAX]
    variants = list(dict.fromkeys(str(row["variant"]) for row in rows))
    made = figure(118 + 22 * len(names), "FriedmanDrift: events until a model's change is found")
    panels = made.subplots(1, len(variants), sharey=True, squeeze=False)[0]
    for axes, variant in zip(panels, variants, strict=True):
        _panel(axes, {str(row["detector"]): row for row in rows if row["variant"] == variant}, names)
        axes.set_title(_WORDS.get(variant, variant), fontsize=8.5)
    rows_of_names(panels[0], [f"{name}   {rates[name]:.1f} %" for name in names])
    panels[0].text(-0.04, 1.02, "false-positive rate", transform=panels[0].transAxes, ha="right", va="bottom")
    legend(
        made,
        [("o", BLUE, BLUE, "e-SR and bets"), ("o", ORANGE, ORANGE, "others"),
         ("o", ORANGE, "white", f"alarms without a change in more than {FALSE_MAX:.0f} % of streams")],
    )  # fmt: skip
    made.supxlabel(
        "events from the change to the alarm (median of the trials that found it; below 99 %, the share is given)",
        fontsize=9,
    )
    return made


def _panel(axes: Axes, rows: Mapping[str, Mapping[str, Value]], names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        row = rows[name]
        delay, found, false = (number(row[column]) for column in ("delay", "TPR %", "FPR %"))
        if isnan(delay):
            axes.annotate("none left to find it", (0.8, place), va="center", color=INK, fontsize=8)
            continue
        colour = BLUE if name.startswith(("e-SR", "bets")) else ORANGE
        face = colour if false <= FALSE_MAX else "white"
        at = max(delay, 1)
        axes.plot(at, place, "o", color=colour, markerfacecolor=face, markersize=6)
        words = plain(delay) if found >= 99 else f"{plain(delay)} ({found:.0f} %)"
        left = delay > 150
        axes.annotate(
            words, (at, place), (-6 if left else 6, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", color=INK, fontsize=8, bbox=HALO, zorder=1.9,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(0.7, 5_000)
    axes.set_xticks([1, 10, 100, 1_000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.grid(axis="both")
    axes.tick_params(axis="y", length=0)
