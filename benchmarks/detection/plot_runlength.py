"""How long e-SR really runs to a false alarm, in units of what is stated."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from benchmarks.detection.plot_style import BLUE, GREEN, HALO, INK, PURPLE, figure, legend, number, rows_of_names
from benchmarks.detection.runlength import RATIO_MAX
from benchmarks.detection.section import Value

_MARKS = (("o", BLUE), ("D", GREEN), ("^", PURPLE))
_BAND = "#D9D9D9"


def runlength(rows: Sequence[Mapping[str, Value]]) -> Figure:
    """Draw a row per null: nothing may be left of 1, and where a tick is one event all should be in the band."""
    names = list(dict.fromkeys(str(row["null"]) for row in rows))
    lengths = list(dict.fromkeys(number(row["stated"]) for row in rows))
    marks = dict(zip(lengths, _MARKS, strict=False))
    made = figure(104 + 36 * len(names), "Ticks to the first false alarm: what is real, over what is stated")
    axes = made.add_subplot()
    axes.axvspan(1, RATIO_MAX, color=_BAND, zorder=0)
    axes.axvline(1, color=INK, linewidth=1.5)
    for row in rows:
        mark, colour = marks[number(row["stated"])]
        place = names.index(str(row["null"])) + 0.29 * (lengths.index(number(row["stated"])) - 0.5 * (len(lengths) - 1))
        ratio = number(row["real"]) / number(row["stated"])
        error = 2 * number(row["standard error"]) / number(row["stated"])
        axes.plot([ratio - error, ratio + error], [place, place], color=colour, linewidth=1)
        axes.plot(ratio, place, mark, color=colour, markersize=5)
        words = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
        axes.annotate(
            words, (ratio + error, place), (6, 0), textcoords="offset points", va="center", color=colour,
            fontsize=8, bbox=HALO, zorder=1.9,
        )  # fmt: skip
    rows_of_names(axes, names)
    axes.set_xscale("log")
    axes.set_xlim(0.8, 200)
    axes.set_xticks([1, 1.4, 2, 5, 10, 100], ["1", "1.4", "2", "5", "10", "100"])
    axes.minorticks_off()
    axes.set_xlabel("mean ticks to the first false alarm / ticks stated (line: two standard errors)")
    stated = [(*marks[length], marks[length][1], f"stated: {length:,.0f} ticks") for length in lengths]
    legend(made, [*stated, ("s", _BAND, _BAND, f"1 to {RATIO_MAX}: the goal for one event a tick")])
    return made
