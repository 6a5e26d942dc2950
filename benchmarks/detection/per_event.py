"""e-SR at its finest: one tick per event, many streams side by side, and the first alarm or all of them.

`detectors.esr` takes the counts of a tick. With one event per tick only so many counts are possible as there are bins,
so what each adds to the evidence is worked out once and looked up afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.alternatives import REFERENCE_ERROR, Alternatives, of_histograms, of_rates
from detectors.bins import numeric_bins
from detectors.esr import log_ratios, nothing, step

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Monitor(Protocol):
    """S streams watched side by side: the same number of events from each, and the evidence that each leaves."""

    def take(self, event: int) -> Floats:
        """Take in the event at this place of every stream and give the evidence (S,)."""
        ...

    def clear(self, streams: Flags) -> None:
        """Forget what these streams have shown."""
        ...


@dataclass(slots=True)
class Cells:
    """e-SR over bins: `places` (T, S) is the bin of every event, `gains` (B, S, K) what an event in it adds."""

    places: Places
    gains: Singles
    number: NDArray[np.int64]
    held: Singles

    @classmethod
    def of(cls, alternatives: Alternatives, bins: int, places: Places) -> "Cells":
        """Look up the gains of S monitors over `bins` bins."""
        counts = np.zeros((bins, alternatives.monitors, bins))
        counts[np.arange(bins), :, np.arange(bins)] = 1
        gains = np.stack([log_ratios(alternatives, one) for one in counts])
        return cls(places, gains, np.maximum(alternatives.number, 1), nothing(alternatives))

    def take(self, event: int) -> Floats:
        """Take in one event of every stream."""
        places = self.places[event]
        ratios = self.gains[places, np.arange(len(places))]
        self.held = step(self.held, ratios, np.ones(len(places)))
        return np.asarray(self.held.sum(axis=1, dtype=np.float64) / self.number)

    def clear(self, streams: Flags) -> None:
        """Begin these streams anew."""
        self.held[streams] = 0


def of_errors(bad: Sequence[float], events: Sequence[float], errors: NDArray[np.bool_], z: float) -> Monitor:
    """Watch S error streams (T, S) for a rate above `bad` of `events` in the reference."""
    return _rates(np.asarray(bad, np.float64), np.asarray(events, np.float64), errors, z)


def of_numbers(references: Sequence[Floats], values: Floats, z: float = REFERENCE_ERROR) -> tuple[Monitor, Monitor]:
    """Watch S streams of numbers (T, S) by two monitors each: the PSI bins, and the rate outside the reference."""
    bins = [numeric_bins(reference) for reference in references]
    width = max(max(coarse) for _, coarse in bins) + 1
    counts = np.zeros((len(bins), width))
    places = np.zeros(values.shape, np.int64)
    outside = np.zeros(values.shape, bool)
    for row, (reference, (edges, coarse)) in enumerate(zip(references, bins, strict=True)):
        borders, group = np.array(edges), np.array(coarse)
        counts[row] = np.bincount(group[np.searchsorted(borders, reference)], minlength=width)
        cells = np.searchsorted(borders, values[:, row])
        places[:, row] = group[cells]
        outside[:, row] = (cells == 0) | (cells == len(edges))
    sizes = counts.sum(axis=1)
    return (
        Cells.of(of_histograms(counts, z=z), width, places),
        _rates(np.zeros(len(bins)), sizes, outside, z),
    )


def first_alarms(monitors: Sequence[Monitor], events: int, threshold: float) -> Places:
    """Find where the monitors' mean evidence first reaches the threshold, per stream; `events` where it never does.

    The mean of several is worth as much as one: its expectation never grows by more than one per event either.
    """
    first: Places | None = None
    for event in range(events):
        paged = np.mean([monitor.take(event) for monitor in monitors], axis=0) >= threshold
        if first is None:
            first = np.full(len(paged), events)
        first[paged & (first == events)] = event
        if (first < events).all():
            break
    return first if first is not None else np.zeros(0, np.int64)


def all_alarms(monitors: Sequence[Monitor], events: int, threshold: float) -> list[tuple[int, int]]:
    """Find every (event, stream) at which a stream pages; it begins anew after each."""
    alarms: list[tuple[int, int]] = []
    for event in range(events):
        paged = np.mean([monitor.take(event) for monitor in monitors], axis=0) >= threshold
        if paged.any():
            alarms += [(event, int(stream)) for stream in np.flatnonzero(paged)]
            for monitor in monitors:
                monitor.clear(paged)
    return alarms


def _rates(bad: Floats, events: Floats, happened: NDArray[np.bool_], z: float) -> Monitor:
    # The histogram of a rate has two bins, the bad events first.
    return Cells.of(of_rates(bad, events, z=z), 2, np.where(happened, 0, 1))
