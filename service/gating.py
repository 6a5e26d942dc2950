"""Which monitors the evidence speaks against, at which tier, so that every owner's budget of false alarms is kept."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeAlias, get_args

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
    _shares: dict[ModelKey, Numbers] = field(default_factory=dict)
    _risen: dict[tuple[str, int], int] = field(default_factory=dict)

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
        table = self.ownership()
        keys = list(watched)
        if not keys:
            return {}
        places = [self.monitors(key, watched[key]) for key in keys]
        evidence = [of.evidence(states[key].esr_state(of)) for key, of in zip(keys, places, strict=True)]
        ranks = _joined([_ranks(states[key], of.names) for key, of in zip(keys, places, strict=True)], np.int64)
        names = [party for key, of in zip(keys, places, strict=True) for party in self._owned(table, key, of)]
        flat = _joined(evidence, np.float64)
        raised, shares = self._gated(table, flat, _joined([self.weights(of) for of in places]), ranks, names)
        ends = np.cumsum([len(of.names) for of in places])[:-1]
        self._evidence = dict(zip(keys, evidence, strict=True))
        self._shares = dict(zip(keys, np.split(shares, ends), strict=True))
        fresh: dict[ModelKey, list[int]] = {}
        for key, before, after in zip(keys, np.split(ranks, ends), np.split(raised, ends), strict=True):
            found = np.flatnonzero(after > before).tolist()
            new = [place for place in found if self._rise(states[key], key, place, int(after[place]), tick)]
            if new:
                fresh[key] = new
        return fresh

    def _rise(self, state: SequenceState, key: ModelKey, place: int, rank: int, tick: int) -> bool:
        """Note a monitor's rank; of several that rise together each takes so many times less."""
        evidence = float(self._evidence[key][place])
        together = self._risen.get((self._parties[key][2][place], rank), 1)
        needed = min(self._needed(key, place, rank) / together, evidence)
        return state.rise(self._monitors[key].names[place], rank, tick, evidence, needed)

    def gathered(self, key: ModelKey) -> Gathered:
        """What `raise_levels` found for a model version."""
        return Gathered(self._evidence[key], lambda place, rank: self._needed(key, place, rank))

    def parties_of(self, key: ModelKey) -> tuple[str, ...]:
        """Whom each monitor of a model version would reach first, as `raise_levels` found it."""
        return self._parties[key][2]

    def weights(self, monitors: Monitors) -> Numbers:
        """How much each monitor's evidence counts beside that of its owner's others: nothing where it can have none."""
        importance = self.detection.importance
        return np.where(monitors.plays(), [importance.get(subject, 1.0) for _, subject, _ in monitors.names], 0.0)

    def budget_of(self, key: ModelKey, name: MonitorName) -> Budget:
        """The budget that a monitor's evidence was held against."""
        _, monitors, parties = self._parties[key]
        return self.budgets[parties[monitors.names.index(name)]]

    def _gated(
        self, table: Ownership, evidence: Numbers, weights: Numbers, ranks: Levels, names: Sequence[str]
    ) -> tuple[Levels, Numbers]:
        """Give the new levels of all monitors, and the share that each has of its party's budget."""
        raised, shares = ranks.copy(), np.zeros(len(names))
        places: dict[str, list[int]] = {}
        for place, party in enumerate(names):
            places.setdefault(party, []).append(place)
        self.budgets, self._risen = {}, {}
        for party, owned in places.items():
            mine = np.array(owned)
            accepts = self._accepts(table.parties[party])
            self.budgets[party] = Budget(party, accepts, int(np.count_nonzero(weights[mine])))
            shares[mine] = weights[mine] / max(weights[mine].sum(), 1e-12)
            raised[mine] = gate(evidence[mine], shares[mine], ranks[mine], self._thresholds(accepts))
            risen = raised[mine][raised[mine] > ranks[mine]]
            self._risen |= {(party, rank): int((risen == rank).sum()) for rank in set(risen.tolist())}
        return raised, shares

    def _thresholds(self, accepts: tuple[float, float, float]) -> tuple[float, ...]:
        """What each level takes: never less than the one below it, even where fewer tickets than pages are accepted."""
        needed = thresholds(accepts, DAYS_30_SECONDS / self.tick_seconds)
        return tuple(accumulate(needed, max))

    def _needed(self, key: ModelKey, place: int, rank: int) -> float:
        """Evidence that one monitor alone needs for a level, with its share of its owner's budget."""
        budget = self.budgets[self._parties[key][2][place]]
        share = float(self._shares[key][place])
        return self._thresholds(budget.accepts)[rank - 1] / share if share else math.inf

    def _accepts(self, party: Party) -> tuple[float, float, float]:
        own, usual = party.allowance, self.detection
        return (
            own.digests or usual.digests_per_30_days,
            own.tickets or usual.tickets_per_30_days,
            own.pages or usual.pages_per_30_days,
        )

    def _owned(self, table: Ownership, key: ModelKey, monitors: Monitors) -> tuple[str, ...]:
        """Whom each monitor's findings would reach first: the steward of bad values, the owner of everything else."""
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


def _joined(parts: Sequence[NDArray[Any]], dtype: type = np.float64) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts])


def _ranks(state: SequenceState, names: Sequence[MonitorName]) -> Levels:
    if not state.levels:
        return np.zeros(len(names), np.int64)
    return np.array([level.rank if (level := state.level(name)) else 0 for name in names], np.int64)
