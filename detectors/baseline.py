"""The frozen reference of one model version: the bins of every subject and how the reference fills them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.baseline_codec import BaselineError, content_of, parts_of
from detectors.history import History
from detectors.kernel import Kernel
from detectors.layout import Layout
from detectors.subject import (
    DUPLICATES,
    EVENTS,
    HEADER,
    TAIL,
    UNKNOWN_FEATURES,
    Counts,
    Subject,
    SubjectKind,
)

__all__ = [
    "DUPLICATES",
    "EVENTS",
    "HEADER",
    "TAIL",
    "UNKNOWN_FEATURES",
    "Baseline",
    "BaselineError",
    "Counts",
    "Subject",
    "SubjectKind",
]


@dataclass(frozen=True, eq=False)
class Baseline:
    """Bins, and the reference's counts per segment ("" is all rows); `id` is a hash of the content.

    `history` says, where it is known, how the reference of a segment lay in time.

    Two baselines with the same content are equal. Not slotted: what is derived from the content (`id`, `layout`,
    `kernel`) is worked out once, when first asked for, and kept with the baseline.
    """

    subjects: tuple[Subject, ...]
    reference: Mapping[str, Counts]
    history: Mapping[str, History] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """Length of every counts vector of this baseline."""
        return self.subjects[-1].cells.stop if self.subjects else HEADER

    @cached_property
    def id(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    @cached_property
    def layout(self) -> Layout:
        """Where in a counts vector detectors find what they read."""
        return Layout.of(self.subjects)

    @cached_property
    def kernel(self) -> Kernel:
        """The arrays that `fold` counts with."""
        return Kernel.of(self.subjects)

    def only(self, chosen: NDArray[np.bool_]) -> "Baseline":
        """Give a baseline of some of the subjects (S), whose places in counts stay, without a history."""
        kept = tuple(subject for subject, wanted in zip(self.subjects, chosen, strict=True) if wanted)
        return Baseline(kept, self.reference)

    @cached_property
    def _by_season(self) -> dict[str, tuple["Baseline", "Baseline"]]:
        return {}

    def by_season(self, segment: str) -> tuple["Baseline", "Baseline"]:
        """Part the subjects into those without and those with a season in a segment, each a baseline of its own."""
        if segment not in self._by_season:
            chosen = self.history[segment].seasonal
            self._by_season[segment] = self.only(~chosen), self.only(chosen)
        return self._by_season[segment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Baseline) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def to_json(self) -> str:
        """Encode as canonical JSON: sorted keys, no spaces; the same content always gives the same text."""
        content = content_of(self.subjects, self.reference, self.history)
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str, tick_seconds: int | None = None) -> "Baseline":
        """Decode what `to_json` made; raises BaselineError on another version or on content that contradicts itself.

        With `tick_seconds` also on an order in time that was learned in ticks of another length.
        """
        subjects, reference, history = parts_of(text)
        for segment, of in history.items():
            if tick_seconds not in (None, of.tick_seconds):
                raise BaselineError(
                    f"history[{segment!r}].tick_seconds: {of.tick_seconds}, but time.tick_seconds is {tick_seconds}; "
                    "fit the baseline again with these settings"
                )
        for counts in reference.values():
            counts.setflags(write=False)
        return cls(subjects, reference, history)
