"""Ways in which a monitor's stream changes, each with what is watched, and how it comes about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from numpy.random import Generator

from benchmarks.detection.simulate import Change, Fleet, categories, null_rates, numbers

DAY_TICKS = 288
"""Five-minute windows of a day."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A change of one kind of monitor: complete in its first window, or after so many of them."""

    fleet: Callable[[Generator, int, int], Fleet]
    change: Change
    windows: int = 1

    def after(self, window: int) -> Change:
        """Give the change as it is in a window, the first of which is 1."""
        return self.change.part(min(1.0, window / self.windows))


KINDS: Mapping[str, Kind] = {
    "shift .1 σ": Kind(numbers, Change(location=0.1)),
    "shift .25 σ": Kind(numbers, Change(location=0.25)),
    "shift .5 σ": Kind(numbers, Change(location=0.5)),
    "shift .25 σ over a day": Kind(numbers, Change(location=0.25), DAY_TICKS),
    "scale x 1.25": Kind(numbers, Change(scale=1.25)),
    "5 % at the median": Kind(numbers, Change(collapsed=0.05)),
    "1 % at 4 σ": Kind(numbers, Change(tail=0.01)),
    "nulls x 2": Kind(null_rates, Change(nulls=2.0)),
    "nulls x 3": Kind(null_rates, Change(nulls=3.0)),
    "rarest category x 1.5": Kind(categories, Change(rarest=1.5)),
}
"""Nulls are 1 % of events before it, the rarest category 8 %."""
