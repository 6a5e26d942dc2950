"""What a reference's order in time says of one segment: how long it is, how dependent, and with which seasons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.layout import Floats, Layout
from detectors.subject import EVENTS, Counts

RATE_DAYS_MIN = 7
"""Days of reference below which no rate of false pages can be stated: a week's rhythm would not show in it."""

RATES = 4
"""Rates of bad values of one subject: missing, not finite, wrongly typed; and out of range (numeric) or unseen."""

LENGTHS = (1, 5, 60, 1_440)
"""Ticks of the windows for which it is kept how many events they usually have."""

MEMORY_TICKS = 128
"""Events that depend on others so many ticks away make a reference's blocks so many times fewer."""

CHANCE_Z = 3.1
"""Standard errors that an excess of variance has to have before it is told from chance (one in a thousand)."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The order in time of the rows a segment's reference was made of.

    `effects` (S, 3 + width): design effects of the three scores and of the PSI bins of each subject; `rate_effects`
    (S, RATES): of its rates of bad values. They hold for windows of up to `events_per_tick` events and
    `usable_per_tick` (S) usable values, given for each of LENGTHS: those per tick of the window that an event of the
    reference is in on average. `days_seen`: days (UTC) that any row is of. `slots` (H, cells): reference counts by hour
    of the day (H = 24) or of the week (168), H = 0 where no subject has a season; `seasonal` (S) says which have.
    """

    ticks: int
    tick_seconds: int
    days_seen: int
    events_per_tick: Floats
    usable_per_tick: Floats
    effects: Floats
    rate_effects: Floats
    slots: Counts
    seasonal: NDArray[np.bool_]

    @property
    def days(self) -> float:
        """How long the reference is; days that no row is of do not count, such as those before a stray first time."""
        return min(self.ticks * self.tick_seconds / 86_400, float(self.days_seen))

    @property
    def states_rate(self) -> bool:
        """Whether it is long enough for a rate of false alarms; a few minutes short of it are no reason."""
        return round(self.days, 1) >= RATE_DAYS_MIN

    def slopes(self, layout: Layout, reference: Counts) -> tuple[Floats, Floats]:
        """Give by how much effects grow with the traffic: those of histograms, (S, 3 + width), and of rates (S, RATES).

        What is dependent may come in clusters that grow with the traffic, so that more events are no more evidence.
        What looks independent may depend by as much as chance can hide, which grows with the traffic too.
        """
        bins = np.concatenate([np.full((len(self.effects), 3), np.inf), layout.bins(reference)], axis=1)
        bad, _ = layout.bad_values(reference)
        events, usual = float(reference[EVENTS]), float(self.events_per_tick[0])
        histograms, rates = (
            np.where(effects > 1, effects, hidden(self.ticks, events, usual, counts))
            for effects, counts in ((self.effects, bins), (self.rate_effects, bad))
        )
        return histograms, rates

    def at(self, layout: Layout, reference: Counts, window: Counts, ticks: int) -> tuple[Floats, Floats]:
        """Give the effects of histograms and of rates in a window of so many ticks."""
        length = sum(length <= ticks for length in LENGTHS) - 1
        crowd = window[EVENTS] / ticks / self.events_per_tick[length]
        of_usable = layout.usable(window) / ticks / self.usable_per_tick[length]
        crowds = np.concatenate([np.full((len(of_usable), RATES - 1), crowd), of_usable[:, None]], axis=1)
        histograms, rates = self.slopes(layout, reference)
        return crowded(self.effects, histograms, np.array(crowd)), crowded(self.rate_effects, rates, crowds)

    def at_least(self, other: "History") -> "History":
        """Give the same with effects that are nowhere smaller than another's."""
        return replace(
            self,
            effects=np.maximum(self.effects, other.effects),
            rate_effects=np.maximum(self.rate_effects, other.rate_effects),
        )


def hidden(ticks: int, events: float, usual: float, counts: Floats) -> Floats:
    """Give the excess of variance that chance may hide in so many ticks, and in so many `counts` of a bin (any shape).

    At most 1, with which an effect of 1 becomes as large as the crowd: more events are no more evidence.

    >>> hidden(20_160, 2e6, 100, np.array([np.inf, 40.0])).round(2).tolist()
    [0.35, 0.6]
    """
    blocks = max(1.0, min(ticks / MEMORY_TICKS, events / usual))
    return np.asarray(np.minimum(CHANCE_Z * np.sqrt(2 / blocks + 1 / np.maximum(counts, 1)), 1))


def told_of(history: Mapping[str, History], segment: str) -> History | None:
    """Give what is known of a segment's order in time.

    One that is unknown is that of all events together; one that is too short for a rate is at least as dependent.
    """
    whole = history.get("")
    own = history.get(segment, whole)
    if own is None or whole is None or own.states_rate:
        return own
    return own.at_least(whole)


def crowded(effects: Floats, slopes: Floats, crowd: Floats) -> Floats:
    """Give design effects in ticks of `crowd` times the reference's events, no smaller ones where there are fewer.

    >>> crowded(np.array([1.0, 5.0]), np.array([0.3, 5.0]), np.array(11.0)).tolist()
    [4.0, 55.0]
    """
    return np.asarray(effects + slopes * np.maximum(crowd - 1, 0))


def usual_sizes(per_tick: NDArray[np.int64]) -> Floats:
    """Give the events per tick of the window that an event is in on average, by LENGTHS; 1 without any events.

    >>> usual_sizes(np.array([0, 0, 30, 10, 0, 7])).round(2).tolist()
    [22.32, 8.0, 7.83, 7.83]
    """
    found = []
    for length in LENGTHS:
        span = min(length, max(1, len(per_tick)))
        whole = per_tick[: len(per_tick) // span * span].reshape(-1, span).sum(axis=1).astype(np.float64)
        found.append((whole**2).sum() / whole.sum() / span if whole.any() else 1.0)
    return np.array(found)


def slot_bins(layout: Layout, pooled: Floats, by_slot: Counts, chosen: NDArray[np.bool_]) -> Floats:
    """Give the reference's PSI bins by slot, (H, S, width): a subject without a season has the pooled ones in each."""
    if not len(by_slot):
        return pooled[None]
    return np.stack([np.where(chosen[:, None], layout.bins(counts), pooled) for counts in by_slot])
