"""Baselines that tests of detectors share."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest

from detectors.baseline import Baseline, Counts
from detectors.fit import fit
from detectors.subject import EVENTS, HEADER, TAIL

Draw: TypeAlias = Callable[[int, "np.random.Generator"], Counts]


class Fleet:
    """Many copies of one numeric subject, whose counts are drawn from its bins instead of from values."""

    def __init__(self, subjects: int, reference: "np.typing.NDArray[np.float64]") -> None:
        fitted = fit({"x": reference.tolist()}, categories_max=10, segments_max=0)
        one = fitted.subjects[0]
        size = one.value_cells + TAIL
        copies = tuple(replace(one, name=f"x{row}", start=HEADER + row * size) for row in range(subjects))
        self.shares = fitted.reference[""][one.start : one.missing] / len(reference)
        self.cells = (subjects, size)
        self.baseline = Baseline(copies, {})

    def draw(self, events: int, rng: np.random.Generator) -> Counts:
        """Draw counts of the given number of events for every copy, independently."""
        table = np.zeros(self.cells, np.int64)
        table[:, : len(self.shares)] = rng.multinomial(events, self.shares, size=self.cells[0])
        header = np.zeros(HEADER, np.int64)
        header[EVENTS] = events
        return np.concatenate([header, table.ravel()])


@pytest.fixture(scope="session")
def fleet() -> Callable[[int, "np.typing.NDArray[np.float64]"], Fleet]:
    """Give the constructor of fleets."""
    return Fleet
