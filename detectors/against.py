"""What a window is held against: the reference of its hours where subjects have a season, else that of all hours."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.curves import SCORES
from detectors.history import History, told_of
from detectors.layout import Floats
from detectors.seasons import slot_of
from detectors.subject import EVENTS, Counts

Ticks = tuple[int, int]
"""First and last tick of a window."""


@dataclass(frozen=True, slots=True, eq=False)
class Against:
    """Subjects of a baseline and the reference `counts` they are read against, which are worth `worth` times as much.

    `effects` (S, 3 + width) and `rate_effects` (S, RATES) are the subjects' design effects in the window, None where
    nothing is known of the order in time.
    """

    baseline: Baseline
    counts: Counts
    effects: Floats | None = None
    rate_effects: Floats | None = None
    worth: float = 1.0

    def only(self, chosen: NDArray[np.bool_]) -> "Against":
        """Give the same for some of the subjects (S)."""
        part = self.baseline.only(chosen)
        effects = None if self.effects is None else self.effects[chosen, : SCORES + part.layout.width]
        rate_effects = None if self.rate_effects is None else self.rate_effects[chosen]
        return Against(part, self.counts, effects, rate_effects, self.worth)


def against(baseline: Baseline, segment: str, window: Counts, ticks: Ticks | None) -> Iterator[Against]:
    """Give what the subjects of a segment are held against in a window: those without a season first.

    Without `ticks` nothing is known of the hours, nor whether there were more events than usual. A segment whose order
    in time is not known is taken for as dependent as all events together, as the evidence takes it.
    """
    pooled = baseline.reference[segment]
    history = baseline.history.get(segment)
    told = told_of(baseline.history, segment)
    if told is None:
        yield Against(baseline, pooled)
        return
    effects, rate_effects = told.effects, told.rate_effects
    if ticks is not None:
        effects, rate_effects = told.at(baseline.layout, pooled, window, ticks[1] + 1 - ticks[0])
    if history is None or ticks is None or not len(history.slots):
        yield Against(baseline, pooled, effects, rate_effects)
        return
    steady, seasonal = baseline.by_season(segment)
    mixture, worth = hours(history, ticks)
    for part, chosen, counts, share in (
        (steady, ~history.seasonal, pooled, 1.0),
        (seasonal, history.seasonal, mixture, worth),
    ):
        if part.subjects:
            yield Against(part, counts, effects[chosen, : SCORES + part.layout.width], rate_effects[chosen], share)


def hours(history: History, ticks: Ticks) -> tuple[Counts, float]:
    """Add up the references of a window's slots of time, each as often as it has ticks in the window.

    The second number is what the sum is worth: shares of a mixture of samples vary as much as those of that many times
    fewer events. Slots are taken to be covered by as many ticks of the reference each.
    """
    first, last = ticks
    slots = slot_of(np.arange(first, last + 1), len(history.slots), history.tick_seconds)
    often = np.bincount(slots, minlength=len(history.slots))
    events = history.slots[:, EVENTS]
    total, squares = int((often * events).sum()), int((often**2 * events).sum())
    return np.asarray(often @ history.slots), total / max(1, squares)
