"""Whose each monitor of a model version is, and what it needs of evidence with its share of that party's budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alerting.finding import Stream
from alerting.lineage import Lineage
from alerting.ownership import Ownership, Resolution
from alerting.roles import Role
from alerting.tiers import QUALITY
from detectors.gate import needs_of
from detectors.monitors import Monitors
from service.store.changes import ModelKey

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """The monitors of a model version under one ownership table, and how much each counts beside others of its party.

    `parties` (J): whom each would reach first; `places`: which are whose; `weights` (J): 0 where a monitor can have no
    evidence; `covered`: the share of monitors whose party a rule names, not the fallback.
    """

    table_sha: str
    monitors: Monitors
    parties: tuple[str, ...]
    places: Mapping[str, NDArray[np.int64]]
    weights: Numbers
    covered: float

    @classmethod
    def of(
        cls, table: Ownership, key: ModelKey, monitors: Monitors, importance: Mapping[str, float], lineage: Lineage
    ) -> "Owned":
        """Look every monitor up as its incident would be: bad values are the steward's, the rest the owner's."""
        known: dict[tuple[str, str, bool], Resolution] = {}
        found = []
        for segment, subject, detector in monitors.names:
            bad = detector in QUALITY
            asked = (segment, subject, bad)
            if asked not in known:
                stream = Stream(key.kind, key.model, key.version, segment)
                role: Role = "data_steward" if bad else "owner"
                known[asked] = table.resolve(role, stream, subject, lineage.name_of(stream, subject))
            found.append(known[asked])
        parties = [resolution.party for resolution in found]
        named = np.array(parties)
        places = {party: np.flatnonzero(named == party) for party in dict.fromkeys(parties)}
        weights = [importance.get(subject, 1.0) for _, subject, _ in monitors.names]
        covered = sum(not resolution.fallback for resolution in found) / max(1, len(found))
        return cls(
            table.config_sha, monitors, tuple(parties), places, np.where(monitors.plays(), weights, 0.0), covered
        )

    def shares(self, totals: Mapping[str, float]) -> Numbers:
        """Give each monitor's share (J) of its party's `totals`, the weights of all its monitors together."""
        shares = np.zeros(len(self.parties))
        for party, mine in self.places.items():
            shares[mine] = self.weights[mine] / max(totals[party], 1e-12)
        return shares

    def needs(self, shares: Numbers, taken: Mapping[str, tuple[float, ...]]) -> Numbers:
        """Give the evidence that each monitor alone needs for each rank: (ranks, J), infinite where it has no share.

        `taken`: what each rank takes of a party's weighted mean.
        """
        needs = np.full((max(map(len, taken.values()), default=0), len(self.parties)), np.inf)
        for party, mine in self.places.items():
            needs[:, mine] = needs_of(shares[mine], taken[party])
        return needs


def kept_mass(before: Numbers | None, shares: Numbers) -> Numbers:
    """Give the factors (J) that evidence is to be multiplied with where shares are others than `before`.

    What a monitor has gathered then counts for as much as it did. Else what it gathered while it counted little would
    count as if it had always counted much, and of many whose shares rise in turn each would have a chance of its own.
    With m = share x evidence a tick gives m <- (m + share) e^l, whatever the shares were before: the sum of all m grows
    by at most 1 a tick.

    >>> kept_mass(np.array([0.1, 0.4, 0.2, 0.0]), np.array([0.2, 0.2, 0.2, 0.4])).tolist()
    [0.5, 2.0, 1.0, 0.0]
    """
    if before is None or before.shape != shares.shape:
        return np.ones(len(shares))
    return np.asarray(np.where(shares > 0, before / np.where(shares > 0, shares, 1), 1.0))
