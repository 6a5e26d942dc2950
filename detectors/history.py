"""What a reference's order in time says of one segment: how long it is, how dependent, and with which seasons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.layout import Floats, Layout
from detectors.subject import Counts

RATE_DAYS_MIN = 7
"""Days of reference below which no rate of false pages can be stated: a week's rhythm would not show in it."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The order in time of the rows a segment's reference was made of.

    `effects` (S, 3 + width): design effects of the three scores and of the PSI bins of each subject. `slots`
    (H, cells): reference counts by hour of the day (H = 24) or of the week (168), H = 0 where no subject has a season;
    `seasonal` (S) says which have.
    """

    ticks: int
    tick_seconds: int
    effects: Floats
    slots: Counts
    seasonal: NDArray[np.bool_]

    @property
    def days(self) -> float:
        """How long the reference is."""
        return self.ticks * self.tick_seconds / 86_400

    @property
    def states_rate(self) -> bool:
        """Whether it is long enough for a rate of false alarms; a few minutes short of it are no reason."""
        return round(self.days, 1) >= RATE_DAYS_MIN


def slot_bins(layout: Layout, pooled: Floats, by_slot: Counts, chosen: NDArray[np.bool_]) -> Floats:
    """Give the reference's PSI bins by slot, (H, S, width): a subject without a season has the pooled ones in each."""
    if not len(by_slot):
        return pooled[None]
    return np.stack([np.where(chosen[:, None], layout.bins(counts), pooled) for counts in by_slot])
