"""Replays of a reference: whole weeks of it drawn at random, so that nothing changes and all wanders as it did."""

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from benchmarks.detection.histories import History

WEEK_SECONDS = 7 * 86_400

WEEKS_MIN = 4
"""Whole weeks of reference below which drawing from them would be to repeat a few of them."""


def replayed(history: History, weeks: int, rng: Generator) -> History | None:
    """Give the reference and then so many weeks of it, drawn with replacement, or None where it is too short.

    Weeks follow the reference at the times of the week at which they were.
    """
    begin = history.times[0]
    places = np.array([(at - begin) // WEEK_SECONDS for at in history.times[: history.reference]])
    whole = int(places[-1])
    if whole < WEEKS_MIN:
        return None
    borders = np.searchsorted(places, np.arange(whole + 1)).tolist()
    parts = list(pairwise(borders))
    chosen = [parts[number] for number in rng.integers(whole, size=weeks)]
    rows = list(range(borders[-1]))
    times = list(history.times[: borders[-1]])
    for week, (first, last) in enumerate(chosen):
        moved = (whole + week - places[first]) * WEEK_SECONDS
        rows += range(first, last)
        times += [history.times[row] + int(moved) for row in range(first, last)]
    columns = {name: [values[row] for row in rows] for name, values in history.columns.items()}
    return History(f"{history.name}, replayed", columns, times, borders[-1], "whole weeks", quiet=True)
