"""False alarms of numbers with memory, with and without what the order in time says, and delays beside the limit."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.detection.dependence import LIMITS_MAX, TEMPERED, UNTEMPERED
from benchmarks.detection.plot_style import BLUE, GREY, HALO, INK, ORANGE, figure, legend, number, plain, rows_of_names
from benchmarks.detection.section import Value

BAND = "#D9D9D9"

Rows = Mapping[tuple[str, str], Mapping[str, Value]]


def dependence(rows: Sequence[Mapping[str, Value]]) -> Figure:
    """Draw a row per process: false alarms on the left, delays on the right."""
    names = list(dict.fromkeys(str(row["process"]) for row in rows))
    by_name = {(str(row["process"]), str(row["detector"])): row for row in rows}
    made = figure(108 + 34 * len(names), "Memory and seasons: what the reference's order in time saves, and costs")
    left, right = made.subplots(1, 2, width_ratios=(1.15, 1), sharey=True)
    _alarms(left, names, by_name)
    _delays(right, names, by_name)
    rows_of_names(left, names)
    legend(
        made,
        [("o", BLUE, BLUE, "e-SR"), ("D", ORANGE, ORANGE, "e-SR, order ignored"),
         ("|", INK, INK, "fewest windows possible"), ("s", BAND, BAND, f"up to {LIMITS_MAX} times as many: the goal")],
    )  # fmt: skip
    return made


def _alarms(axes: Axes, names: Sequence[str], rows: Rows) -> None:
    for place, name in enumerate(names):
        ours, ignored = (number(rows[name, one]["false alarms"]) for one in (TEMPERED, UNTEMPERED))
        axes.plot([ours, ignored], [place, place], color=GREY, linewidth=1, zorder=1)
        axes.plot(ignored, place, "D", color=ORANGE, markersize=6)
        axes.plot(ours, place, "o", color=BLUE, markersize=7)
        axes.annotate(
            plain(ours),
            (ours, place),
            (0, 6),
            textcoords="offset points",
            ha="center",
            color=BLUE,
            bbox=HALO,
            zorder=1.9,
        )
        if ignored > 1:
            axes.annotate(
                plain(ignored), (ignored, place), (0, 6), textcoords="offset points", ha="center", color=ORANGE
            )
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xlim(-0.4, 2e6)
    axes.set_xticks([0, 1, 100, 10_000, 1_000_000], ["0", "1", "100", "10,000", "1,000,000"])
    axes.set_xlabel("false alarms (full scale: 40 monitors, 30 days)")


def _delays(axes: Axes, names: Sequence[str], rows: Rows) -> None:
    for place, name in enumerate(names):
        row = rows[name, TEMPERED]
        limit, delay = number(row["limit"]), number(row["delay"])
        axes.plot([limit, limit * LIMITS_MAX], [place, place], color=BAND, linewidth=9, solid_capstyle="butt")
        axes.plot([limit, limit], [place - 0.2, place + 0.2], color=INK, linewidth=2)
        axes.plot(delay, place, "o", color=BLUE, markersize=7)
        axes.annotate(
            f"{plain(delay)}",
            (delay, place),
            (0, 8),
            textcoords="offset points",
            ha="center",
            color=BLUE,
            bbox=HALO,
            zorder=1.9,
        )
    axes.set_xscale("log")
    axes.set_xlim(0.7, 700)
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.minorticks_off()
    axes.set_xlabel("windows until .25 σ is found (median)")
