"""From an effect's interval to a tier: raise on the lower bound, come down on the upper bound."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TypeAlias

from alerting.finding import Ceiling, Finding

Rungs: TypeAlias = tuple[float, float, float]
"""What the lower bound must reach for observe, investigate and act."""

QUALITY = frozenset({"missing", "unseen", "out_of_range", "wrong_type", "not_finite", "unknown_features", "duplicates"})
"""Detectors whose bounds are those of the change of a rate."""

FLOW = frozenset({"volume", "freshness"})
"""Detectors of the stream itself: the events stopped, or their number is not what it was."""

UNBUDGETED = frozenset({"unknown_features", "duplicates"})
"""Rates of the stream whose reference is of rows that have neither: no rate of false alarms can be kept for them."""

SELF_WATCH = frozenset({"lag", "failure", "ownership"})
"""What the service reports about itself when it cannot see: nothing else may be concluded while one of these holds."""


class Tier(Enum):
    """What is expected of people; blind is a class of its own: the watcher, not the model, is in trouble.

    Tiers are compared by `rank` and have no order of their own, since "act" < "observe" holds for their names.
    """

    OBSERVE = "observe"
    INVESTIGATE = "investigate"
    ACT = "act"
    BLIND = "blind"

    def __str__(self) -> str:
        return self.value

    @property
    def rank(self) -> int:
        """1 for observe to 3 for act; 4 for blind, which is always told."""
        return _RANKS[self]

    def reaches(self, floor: "Tier") -> bool:
        """Say whether this tier is at or above `floor`."""
        return self.rank >= floor.rank


_RANKS = {Tier.OBSERVE: 1, Tier.INVESTIGATE: 2, Tier.ACT: 3, Tier.BLIND: 4}
_CLIMB = (Tier.OBSERVE, Tier.INVESTIGATE, Tier.ACT)
_CEILINGS: dict[Ceiling, int] = {"none": 0, "observe": 1, "investigate": 2, "act": 3}


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of every detector; `rate` is for all of `QUALITY`.

    With `by_value` the value of PSI is held against the rungs, as is usual in the field, not the lower bound, and KS
    earns investigate.

    >>> from datetime import UTC, datetime
    >>> from alerting.finding import Stream
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> moved = Finding(Stream("prediction", "credit", "3"), "income", "psi", "1h", "drifting", at, at, 900, 9000, "",
    ...                 value=0.18, low=0.12, high=0.24)
    >>> str(Ladder().tier(moved))
    'investigate'
    """

    psi: Rungs = (0.02, 0.1, 0.2)
    ks: Rungs = (0.05, 0.12, 0.25)
    rate: Rungs = (0.01, 0.05, 0.2)
    by_value: bool = False

    def __post_init__(self) -> None:
        for name, rungs in (("psi", self.psi), ("ks", self.ks), ("rate", self.rate)):
            if rungs[0] <= 0 or any(higher <= lower for lower, higher in pairwise(rungs)):
                raise ValueError(f"{name} tiers {rungs}: give three rising numbers above 0")

    def tier(self, finding: Finding) -> Tier | None:
        """Give the highest tier a drifting finding earns by its lower bound, up to its ceiling; None when none.

        Freshness earns investigate (the model's owner must know that the stream stopped), `SELF_WATCH` earns blind, and
        a detector without rungs (adwin; volume, which knows no daily cycle yet) earns observe at most.
        """
        if finding.condition != "drifting":
            return None
        if finding.detector in SELF_WATCH:
            return Tier.BLIND
        earned = self._earned(finding)
        highest = _CEILINGS[finding.ceiling]
        return _CLIMB[min(earned, highest) - 1] if earned and highest else None

    def _earned(self, finding: Finding) -> int:
        """Rank of the tier that the effect earns, 0 for none."""
        if finding.detector == "freshness":
            return Tier.INVESTIGATE.rank
        rungs = self.rungs(finding.detector)
        if rungs is None:
            return Tier.OBSERVE.rank
        if self.by_value and finding.detector == "ks":
            return Tier.INVESTIGATE.rank  # A fixed p-value says that there is a change, not how large it is.
        effect = self.effect(finding)
        return 0 if effect is None else sum(effect >= rung for rung in rungs)

    def effect(self, finding: Finding) -> float | None:
        """Give what is held against the rungs."""
        return finding.value if self.by_value and finding.detector == "psi" else finding.low

    def clears(self, finding: Finding, held: Tier) -> bool:
        """Say whether a finding speaks for the end of what was held at a tier: never when it is insufficient.

        With an interval, the upper bound must be below half of what raised the tier; between the two, a member holds.
        Where a small reference keeps the interval wide however much is seen, the value is held against that half.
        Without one, the detector's own `ok` is all there is to go by.
        """
        if finding.condition == "insufficient":
            return False
        rungs = self.rungs(finding.detector)
        if rungs is None or finding.high is None or held is Tier.BLIND:
            return finding.condition == "ok"
        half = rungs[held.rank - 1] / 2
        # From a third of the reference on, the interval is about as narrow as the reference lets it be.
        settled = finding.condition == "ok" and 3 * finding.n >= finding.reference_n and (finding.value or 0.0) < half
        return finding.high < half or settled

    def rungs(self, detector: str) -> Rungs | None:
        """Give what a detector's lower bound is held against; None for one that has no interval."""
        if detector == "psi":
            return self.psi
        if detector == "ks":
            return self.ks
        return self.rate if detector in QUALITY else None

    def bound(self, detector: str, tier: Tier) -> float | None:
        """Give the lower bound at which a detector earns a tier, where there is one."""
        rungs = self.rungs(detector)
        return None if rungs is None or tier is Tier.BLIND else rungs[tier.rank - 1]
