"""Eight ways in which a number wanders without a change, from independent events to memory and a daily season."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from benchmarks.detection.simulate import Change, daily, number_shares, wandering
from detectors.bins import COARSE_LEVELS
from detectors.block import Floats
from detectors.seasons import DAY, slot_of

TICK_SECONDS = 300
DAY_TICKS = 86_400 // TICK_SECONDS
REFERENCE_TICKS = 14 * DAY_TICKS

EVENTS = 1_667
"""Events of a tick: 20,000 an hour."""

_GRID = np.linspace(-6, 6, 1_201)
_EVERY = 7


@dataclass(frozen=True, slots=True)
class Process:
    """How the mean of a tick's standard normal events moves, in their standard deviations.

    AR(1) by tick with coefficient `phi` and this stationary `deviation`, and a sine of this `amplitude` once a day.
    Ticks of the reference have EVENTS / `growth` events: the traffic grew since.
    """

    phi: float = 0.0
    deviation: float = 0.0
    amplitude: float = 0.0
    growth: int = 1

    def limit(self, shift: float, nats: float) -> float:
        """Give the ticks that any detector needs to learn so many nats of a shift, at least one.

        The mean of a tick has the long-run variance V = deviation^2 (1 + phi) / (1 - phi) + 1 / EVENTS, so that a tick
        adds shift^2 / 2V nats on average to the log-likelihood ratio; the season is taken as known.
        """
        memory = (1 + self.phi) / (1 - self.phi)
        variance = self.deviation**2 * memory + 1 / EVENTS
        return max(1.0, nats * 2 * variance / shift**2)


PROCESSES: Mapping[str, Process] = {
    "independent": Process(),
    "AR .9, .03 σ": Process(0.9, 0.03),
    "AR .9, .10 σ": Process(0.9, 0.10),
    "AR .98, .05 σ": Process(0.98, 0.05),
    "daily .2 σ": Process(amplitude=0.2),
    "AR .9, .03 σ, daily .2 σ": Process(0.9, 0.03, 0.2),
    "AR .9, .05 σ, daily .5 σ": Process(0.9, 0.05, 0.5),
    "AR .9, .05 σ, traffic x 10": Process(0.9, 0.05, growth=10),
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Counts (T, S, B) of the reference's ticks, of ticks without a change, and of ticks after the shift."""

    reference: Floats
    quiet: Floats
    shifted: Floats

    def slots(self, number: int) -> NDArray[np.int64]:
        """Give the slot of every tick, of all three parts one after another."""
        ticks = len(self.reference) + len(self.quiet) + len(self.shifted)
        return slot_of(np.arange(ticks), number, TICK_SECONDS)


def draw(process: Process, rng: Generator, monitors: int, quiet: int, after: int, shift: float) -> Drawn:
    """Draw monitors whose bins are cut at the quantiles of the reference, and watch them for so many ticks."""
    ticks = REFERENCE_TICKS + quiet + after
    means = wandering(rng, ticks, monitors, process.phi, process.deviation)
    means += daily(rng, ticks, monitors, process.amplitude, DAY_TICKS)
    edges = _edges(means[:REFERENCE_TICKS])
    means[REFERENCE_TICKS + quiet :] += shift
    parts = np.split(means, [REFERENCE_TICKS, REFERENCE_TICKS + quiet])
    events = (EVENTS // process.growth, EVENTS, EVENTS)
    return Drawn(*(_counts(rng, edges, part, number) for part, number in zip(parts, events, strict=True)))


def hourly(ticks: Floats) -> Floats:
    """Add ticks up by the hour: (T, S, B)."""
    per_hour = DAY_TICKS // DAY
    return np.asarray(ticks.reshape(-1, per_hour, *ticks.shape[1:]).sum(axis=1))


def _edges(means: Floats) -> Floats:
    """Find the quantiles of each monitor's whole reference, a mixture of normals whose means are given (T, S)."""
    mixed = [special.ndtr(_GRID[:, None] - column[None, ::_EVERY]).mean(axis=1) for column in means.T]
    return np.stack([np.interp(COARSE_LEVELS, below, _GRID) for below in mixed])


def _counts(rng: Generator, edges: Floats, means: Floats, events: int) -> Floats:
    moved = (edges[None] - means[:, :, None]).reshape(-1, edges.shape[1])
    counts = rng.multinomial(events, number_shares(moved, Change())).astype(np.float64)
    return counts.reshape(*means.shape, -1)
