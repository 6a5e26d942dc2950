"""How pictures look: 800 px wide, letters as paths, colours that the colour-blind can tell apart (Okabe and Ito)."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.detection.section import Value

BLUE, ORANGE, GREEN, PURPLE, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#8A8A8A", "#222222"

STYLE: Mapping[Any, Any] = {
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": "#E2E2E2",
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

HALO: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
"""Behind letters, over the grid and under marks: outlines round letters would take ten times the bytes."""

_WIDTH_POINTS, _LEGEND_POINTS = 600, 23


def figure(height_points: float, title: str) -> Figure:
    """Begin a picture with its one-line message on top."""
    made = Figure(figsize=(_WIDTH_POINTS / 72, height_points / 72), layout="constrained")
    made.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return made


def legend(made: Figure, parts: Sequence[tuple[str, str, str, str]]) -> None:
    """Say under the title what marks mean: each with its shape, colour, filling and words."""
    handles = [
        Line2D([], [], linestyle="", marker=mark, color=colour, markersize=6, markerfacecolor=face)
        for mark, colour, face, _ in parts
    ]
    title = made.get_suptitle()
    made.suptitle(f"{title}\n", x=0.01, ha="left", fontsize=11, fontweight="bold", linespacing=1.7)
    top = 1 - _LEGEND_POINTS / (72 * made.get_figheight())
    made.legend(
        handles, [words for *_, words in parts], loc="upper left", bbox_to_anchor=(0.0, top), ncols=len(parts),
        frameon=False, handletextpad=0.1, columnspacing=1.5, borderpad=0,
    )  # fmt: skip


def number(value: Value) -> float:
    """Give a cell that is a number; not a number where nothing was found."""
    return float(value) if isinstance(value, int | float) else float("nan")


def plain(value: float) -> str:
    """Write a figure as one reads it: 0.02, 4.8, 120, 12,000."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}" if value >= 0.001 else "< .001"


def rows_of_names(axes: Axes, names: list[str]) -> None:
    """Give names to the rows 0, 1, ... of a picture, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")
