"""What a reference's order in time says of one segment: how long it is, how dependent, and with which seasons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.layout import Floats, Layout
from detectors.subject import EVENTS, Counts

RATE_DAYS_MIN = 7
"""Days of reference below which no rate of false pages can be stated: a week's rhythm would not show in it."""

RATES = 4
"""Rates of bad values of one subject: missing, not finite, wrongly typed; and out of range (numeric) or unseen."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The order in time of the rows a segment's reference was made of.

    `effects` (S, 3 + width): design effects of the three scores and of the PSI bins of each subject; `rate_effects`
    (S, RATES): of its rates of bad values. They hold for ticks of up to `events_per_tick` events and `usable_per_tick`
    (S) usable values: the size of the tick that the reference's events are in on average. `days_seen`: days (UTC) that
    any row is of. `slots` (H, cells): reference counts by hour of the day (H = 24) or of the week (168), H = 0 where no
    subject has a season; `seasonal` (S) says which have.
    """

    ticks: int
    tick_seconds: int
    days_seen: int
    events_per_tick: float
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

    def usual(self, tick_seconds: int) -> tuple[float, Floats]:
        """Give the events, and the usable values (S), of a tick of other length up to which the effects hold."""
        share = tick_seconds / self.tick_seconds
        return self.events_per_tick * share, self.usable_per_tick * share

    def at(self, layout: Layout, window: Counts, ticks: int) -> tuple[Floats, Floats]:
        """Give the effects of histograms and of rates in a window of so many ticks of the reference's length."""
        crowd = window[EVENTS] / ticks / self.events_per_tick
        of_usable = layout.usable(window) / ticks / self.usable_per_tick
        crowds = np.concatenate([np.full((len(of_usable), RATES - 1), crowd), of_usable[:, None]], axis=1)
        return crowded(self.effects, np.array(crowd)), crowded(self.rate_effects, crowds)


def crowded(effects: Floats, crowd: Floats) -> Floats:
    """Give design effects in ticks of `crowd` times the reference's events, no smaller ones where there are fewer.

    What is dependent may come in clusters that grow with the traffic, so that more events are no more evidence; a mean
    that wanders alone would make it 1 + (effect - 1) crowd. What is independent stays so.

    >>> crowded(np.array([1.0, 5.0]), np.array(10.0)).tolist()
    [1.0, 50.0]
    """
    return np.asarray(np.where(effects > 1, effects * np.maximum(crowd, 1), 1.0))


def mean_size(per_tick: NDArray[np.int64]) -> float:
    """Give the size of the tick that an event is in on average, at least 1.

    >>> mean_size(np.array([0, 0, 30, 10])), mean_size(np.zeros(3, np.int64))
    (25.0, 1.0)
    """
    sizes = per_tick.astype(np.float64)
    return float(max(1.0, (sizes**2).sum() / max(1.0, sizes.sum())))


def slot_bins(layout: Layout, pooled: Floats, by_slot: Counts, chosen: NDArray[np.bool_]) -> Floats:
    """Give the reference's PSI bins by slot, (H, S, width): a subject without a season has the pooled ones in each."""
    if not len(by_slot):
        return pooled[None]
    return np.stack([np.where(chosen[:, None], layout.bins(counts), pooled) for counts in by_slot])
