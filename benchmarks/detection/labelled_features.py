"""The features of labelled streams: which of them change when the concept does, and whether e-SR is silent elsewhere.

Whether a feature changes is told by a plain two-sample test of all rows of the concept before against all of the one
after: chi-square over the pooled tenths of the feature, or over its values where there are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from benchmarks.detection.per_event import Floats, all_alarms, of_numbers

SAME_P = 0.001
"""A feature whose test gives a p-value below this changes; of 100 tests without a change, a tenth of one does."""

FEW_VALUES = 10

Change = tuple[int, int]
"""The rows at which a change begins and is complete."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One feature of one concept and of the rows that follow it: the places of alarms, `before` rows before the change.

    `p` is the two-sample test's.
    """

    feature: int
    p: float
    alarms: tuple[int, ...]
    before: int
    after: int

    @property
    def stays(self) -> bool:
        """Whether the feature is distributed after the change as before it, as far as can be told."""
        return self.p >= SAME_P

    @property
    def false(self) -> int:
        """Alarms for which there is no reason: all of a feature that stays, of others those before the change."""
        return sum(self.stays or place < self.before for place in self.alarms)

    @property
    def delay(self) -> int | None:
        """Rows from the change to the first alarm; None where the feature stays or nothing was found."""
        late = [place - self.before for place in self.alarms if place >= self.before]
        return late[0] if late and not self.stays else None

    @property
    def rows(self) -> int:
        """Rows in which every alarm is false."""
        return self.before + (self.after if self.stays else 0)


def watched(features: Floats, changes: Sequence[Change], known: int, after: int, threshold: float) -> list[Watched]:
    """Watch every feature by its own histogram, with the first `known` rows of every concept as its reference."""
    found: list[Watched] = []
    ends = [begin for begin, _ in changes[1:]] + [len(features)]
    for ((_, begin), (change, complete)), end in zip(pairwise([(0, 0), *changes]), ends, strict=True):
        reference, rest = np.split(features[begin : change + after], [known])
        histograms, _ = of_numbers(list(reference.T), rest)
        alarms = all_alarms([histograms], len(rest), threshold)
        for feature in range(features.shape[1]):
            p = two_sample_p(features[begin:change, feature], features[complete:end, feature])
            places = tuple(sorted(place for place, stream in alarms if stream == feature))
            found.append(Watched(feature, p, places, change - begin - known, len(rest) - (change - begin - known)))
    return found


def two_sample_p(before: Floats, after: Floats) -> float:
    """Give the p-value of the chi-square test that both are of one distribution."""
    pooled = np.concatenate([before, after])
    values = np.unique(pooled)
    edges = values[1:] if len(values) <= FEW_VALUES else np.unique(np.quantile(pooled, np.arange(1, 10) / 10))
    table = np.array(
        [np.bincount(np.searchsorted(edges, x, "right"), minlength=len(edges) + 1) for x in (before, after)]
    )
    table = table[:, table.sum(axis=0) > 0]
    return float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0
