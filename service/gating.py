"""Which monitors the evidence speaks against, at which tier, so that every owner's budget of false alarms is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from alerting.finding import Ceiling, Stream
from alerting.ownership import Ownership, Party
from alerting.tiers import QUALITY
from detectors.baseline import Baseline
from detectors.gate import Levels, gate, thresholds
from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from service.sequential import SequenceState
from service.settings import DetectionSettings
from service.store.changes import ModelKey
from service.windows import DAYS_30_SECONDS

Numbers: TypeAlias = NDArray[np.float64]

CEILINGS: tuple[Ceiling, ...] = get_args(Ceiling)
"""By level: 0 supports no tier."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one party accepts in 30 days (digests, tickets, pages), and over how many monitors it is shared."""

    party: str
    accepts: tuple[float, float, float]
    monitors: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence of a model version's monitors after a tick, and what each rank takes of one of them alone."""

    evidence: Numbers
    needed: Callable[[int, int], float]


@dataclass(slots=True)
class Gating:
    """Keeps the monitors of every watched model version, and whose they are; both are rebuilt when they change."""

    detection: DetectionSettings
    ownership: Callable[[], Ownership]
    tick_seconds: int
    budgets: dict[str, Budget] = field(default_factory=dict)
    _monitors: dict[ModelKey, Monitors] = field(default_factory=dict)
    _parties: dict[ModelKey, tuple[str, Monitors, tuple[str, ...]]] = field(default_factory=dict)
    _evidence: dict[ModelKey, Numbers] = field(default_factory=dict)

    def monitors(self, key: ModelKey, baseline: Baseline) -> Monitors:
        """The monitors of a model version under its current baseline."""
        held = self._monitors.get(key)
        if held is None or held.baseline.id != baseline.id:
            held = self._monitors[key] = Monitors.of(baseline, self.tick_seconds)
        return held

    def monitors_of(self, key: ModelKey) -> Monitors:
        """The monitors of a model version as they were last asked for."""
        return self._monitors[key]

    def raise_levels(
        self, watched: Mapping[ModelKey, Baseline], states: Mapping[ModelKey, SequenceState], tick: int
    ) -> dict[ModelKey, list[int]]:
        """Raise the levels of monitors whose owner's evidence takes it; gives the places of those that rose from 0."""
        self._forget(watched)
        keys = list(watched)
        places = [self.monitors(key, watched[key]) for key in keys]
        evidence = [of.evidence(states[key].esr_state(of)) for key, of in zip(keys, places, strict=True)]
        self._evidence = dict(zip(keys, evidence, strict=True))
        parties = [self._owned(key, of) for key, of in zip(keys, places, strict=True)]
        flat = np.concatenate([np.zeros(0), *evidence])
        ranks = np.concatenate(
            [np.zeros(0, np.int64), *(_ranks(states[key], of.names) for key, of in zip(keys, places, strict=True))]
        )
        weights = np.concatenate([np.zeros(0), *(self.weights(of.names) for of in places)])
        names = [party for owned in parties for party in owned]
        raised = self._gated(flat, weights, ranks, names)
        fresh: dict[ModelKey, list[int]] = {}
        begin = 0
        for key, of in zip(keys, places, strict=True):
            end = begin + len(of.names)
            for place in np.flatnonzero(raised[begin:end] > ranks[begin:end]).tolist():
                rank = int(raised[begin + place])
                needed = self._needed(names[begin + place], rank)
                if states[key].rise(of.names[place], rank, tick, float(flat[begin + place]), needed):
                    fresh.setdefault(key, []).append(place)
            begin = end
        return fresh

    def gathered(self, key: ModelKey) -> Gathered:
        """What `raise_levels` found for a model version."""
        _, _, parties = self._parties[key]
        return Gathered(self._evidence[key], lambda place, rank: self._needed(parties[place], rank))

    def parties_of(self, key: ModelKey) -> tuple[str, ...]:
        """Whom each monitor of a model version would reach first, as `raise_levels` found it."""
        return self._parties[key][2]

    def weights(self, names: Sequence[MonitorName]) -> Numbers:
        """How much the evidence of each monitor counts beside that of its owner's others."""
        importance = self.detection.importance
        return np.array([importance.get(subject, 1.0) for _, subject, _ in names])

    def budget_of(self, key: ModelKey, name: MonitorName) -> Budget:
        """The budget that a monitor's evidence was held against."""
        _, monitors, parties = self._parties[key]
        return self.budgets[parties[monitors.names.index(name)]]

    def _gated(self, evidence: Numbers, weights: Numbers, ranks: Levels, names: Sequence[str]) -> Levels:
        raised = ranks.copy()
        table = self.ownership()
        places: dict[str, list[int]] = {}
        for place, party in enumerate(names):
            places.setdefault(party, []).append(place)
        self.budgets = {}
        for party, owned in places.items():
            mine = np.array(owned)
            accepts = self._accepts(table.parties[party])
            self.budgets[party] = Budget(party, accepts, len(mine))
            share = weights[mine] / max(weights[mine].sum(), 1e-12)
            needed = thresholds(accepts, DAYS_30_SECONDS / self.tick_seconds)
            raised[mine] = gate(evidence[mine], share, ranks[mine], needed)
        return raised

    def _needed(self, party: str, rank: int) -> float:
        """Evidence that one monitor alone needs for a level, when it is one of all its owner's."""
        budget = self.budgets[party]
        return budget.monitors * DAYS_30_SECONDS / self.tick_seconds / budget.accepts[rank - 1]

    def _accepts(self, party: Party) -> tuple[float, float, float]:
        own, usual = party.allowance, self.detection
        return (
            own.digests or usual.digests_per_30_days,
            own.tickets or usual.tickets_per_30_days,
            own.pages or usual.pages_per_30_days,
        )

    def _owned(self, key: ModelKey, monitors: Monitors) -> tuple[str, ...]:
        """Whom each monitor's findings would reach first: the steward of bad values, the owner of everything else."""
        table = self.ownership()
        held = self._parties.get(key)
        if held is not None and held[0] == table.config_sha and held[1] is monitors:
            return held[2]
        known: dict[tuple[str, str, bool], str] = {}
        parties = []
        for segment, subject, detector in monitors.names:
            bad = detector in QUALITY
            asked = (segment, subject, bad)
            if asked not in known:
                stream = Stream(key.kind, key.model, key.version, segment)
                known[asked] = table.resolve("data_steward" if bad else "owner", stream, subject).party
            parties.append(known[asked])
        self._parties[key] = (table.config_sha, monitors, tuple(parties))
        return self._parties[key][2]

    def _forget(self, watched: Mapping[ModelKey, Baseline]) -> None:
        for held in (self._monitors, self._parties):
            for key in [key for key in held if key not in watched]:
                del held[key]


def _ranks(state: SequenceState, names: Sequence[MonitorName]) -> Levels:
    if not state.levels:
        return np.zeros(len(names), np.int64)
    return np.array([level.rank if (level := state.level(name)) else 0 for name in names], np.int64)
