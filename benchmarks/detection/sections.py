"""The sections of the detection benchmark by name; each is imported when it is run."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from benchmarks.detection.section import Scale, Section, Tell

Play: TypeAlias = Callable[[Scale, Tell, Path], Section]
"""Runs a section; the folder of public sets matters to those of ON_SETS only."""


def _fleets(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import fleets

    return fleets.run(scale, tell)


def _delays(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import delays

    return delays.run(scale, tell)


def _tradeoff(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import tradeoff

    return tradeoff.run(scale, tell)


def _runlength(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import runlength

    return runlength.run(scale, tell)


def _dependence(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import dependence

    return dependence.run(scale, tell)


def _friedman(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import friedman

    return friedman.run(scale, tell)


def _labelled(scale: Scale, tell: Tell, folder: Path) -> Section:
    from benchmarks.detection import labelled

    return labelled.run(scale, tell, folder)


def _backtests(scale: Scale, tell: Tell, folder: Path) -> Section:
    from benchmarks.detection import backtests

    return backtests.run(scale, tell, folder)


def _cost(scale: Scale, tell: Tell, _: Path) -> Section:
    from benchmarks.detection import cost

    return cost.run(scale, tell)


SECTIONS: Mapping[str, Play] = {
    "fleets": _fleets,
    "delays": _delays,
    "tradeoff": _tradeoff,
    "runlength": _runlength,
    "dependence": _dependence,
    "friedman": _friedman,
    "labelled": _labelled,
    "backtests": _backtests,
    "cost": _cost,
}

ON_SETS = frozenset({"labelled", "backtests"})
"""Sections that read public sets from a folder, since none of those is part of the project."""
