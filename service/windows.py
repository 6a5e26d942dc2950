"""The display windows: how many ticks each covers, how often it is read, and from which panes it is merged. Pure."""

from dataclasses import dataclass

STEP = 5
"""Ticks between two evaluations; also the span of the first roll-up."""

DAYS_30_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """`ticks` long, read every `step` ticks, merged from panes of `span` ticks."""

    ticks: int
    step: int
    span: int

    def name(self, tick_seconds: int) -> str:
        """Say the window's length as people do.

        >>> [window.name(60) for window in WINDOWS]
        ['5m', '1h', '1d']
        """
        seconds = self.ticks * tick_seconds
        for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
            if seconds % size == 0:
                return f"{seconds // size}{unit}"
        return f"{seconds}s"

    def ends_with(self, tick: int) -> bool:
        """Whether the window is read when `tick` has closed."""
        return (tick + 1) % self.step == 0


WINDOWS = (Window(5, STEP, 5), Window(60, STEP, 5), Window(1_440, 60, 60))


def alpha(window: Window, *, tests: int, pages_per_30_days: float, tick_seconds: int) -> float:
    """Share the budget of false pages over every test made in 30 days: an equal part to each window, then to each test.

    By the union bound the expected number of tests that fire on unchanged, independent events is at most the budget,
    however the monitors depend on each other. `tests` is the number of tests at one reading of this window.

    >>> f"{alpha(WINDOWS[0], tests=100, pages_per_30_days=1, tick_seconds=60):.2e}"
    '3.86e-07'
    """
    times = DAYS_30_SECONDS / (tick_seconds * window.step)
    return pages_per_30_days / (len(WINDOWS) * max(1, tests) * times)
