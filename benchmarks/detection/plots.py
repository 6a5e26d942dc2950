"""Pictures of results as SVG, the same bytes for the same results."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.detection.plot_delays import curve, kinds
from benchmarks.detection.plot_dependence import dependence
from benchmarks.detection.plot_fleets import fleets
from benchmarks.detection.plot_friedman import friedman
from benchmarks.detection.plot_runlength import runlength
from benchmarks.detection.plot_style import STYLE
from benchmarks.detection.results import Result
from benchmarks.detection.section import Value

PICTURES: Mapping[str, tuple[str, Callable[[Sequence[Mapping[str, Value]]], Figure]]] = {
    "delay-against-false-alarms": ("tradeoff", curve),
    "false-alarms": ("fleets", fleets),
    "delays": ("delays", kinds),
    "run-length": ("runlength", runlength),
    "dependence": ("dependence", dependence),
    "friedman": ("friedman", friedman),
}
"""By file name: the section that is drawn, and how its rows are."""


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Draw what there are results for, and give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = {result.name: result for result in results if result.rows}
    drawn = []
    for name, (section, picture) in PICTURES.items():
        if section in sections:
            file = folder / f"{name}.svg"
            with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
                picture(sections[section].rows).savefig(file, metadata={"Date": None})
            drawn.append(file)
    return drawn
