"""False alarms by detector and size, as a table whose cells are the darker the more there are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

from benchmarks.detection.plot_style import ORANGE, figure, number, plain
from benchmarks.detection.section import Value

_LEAST = 0.01


def fleets(rows: Sequence[Mapping[str, Value]]) -> Figure:
    """Draw false alarms per 1,000 monitor-windows: a row per detector, a column per size."""
    detectors = list(dict.fromkeys(str(row["detector"]) for row in rows))
    sizes = sorted({(number(row["events"]), number(row["reference"])) for row in rows})
    table = np.full((len(detectors), len(sizes)), np.nan)
    for row in rows:
        place = sizes.index((number(row["events"]), number(row["reference"])))
        table[detectors.index(str(row["detector"])), place] = number(row["per 1,000"])
    made = figure(110 + 24 * len(detectors), "Nothing changes: false alarms per 1,000 monitor-windows")
    axes = made.add_subplot()
    colours = LinearSegmentedColormap.from_list("false alarms", ["#FFFFFF", ORANGE])
    shown = np.maximum(table, _LEAST)
    axes.pcolormesh(shown, cmap=colours, norm=LogNorm(_LEAST, 2_000), edgecolor="white", linewidth=2)
    for (down, right), value in np.ndenumerate(table):
        axes.text(right + 0.5, down + 0.5, plain(value), ha="center", va="center")
    axes.set_yticks(np.arange(len(detectors)) + 0.5, detectors)
    axes.invert_yaxis()
    axes.set_xticks(np.arange(len(sizes)) + 0.5, [f"{reference:,.0f}" for _, reference in sizes])
    axes.set_xlabel("events in the reference")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _groups(made, [events for events, _ in sizes])
    return made


def _groups(made: Figure, events: Sequence[float]) -> None:
    """Write the size of a window over the columns that share it, and part them from the next."""
    axes = made.axes[0]
    for one in dict.fromkeys(events):
        first, count = events.index(one), events.count(one)
        axes.text(first + count / 2, -0.15, f"{one:,.0f} events in a window", ha="center", va="bottom")
        if first:
            axes.axvline(first, color="black", linewidth=1)
