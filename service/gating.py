"""Which monitors the evidence speaks against, at which tier, so that every owner's budget of false alarms is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias, get_args

import numpy as np

from alerting.finding import Ceiling
from alerting.lineage import Lineage
from alerting.ownership import Ownership, Party
from detectors.baseline import Baseline
from detectors.gate import Levels, gate, thresholds
from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from service.sequential import SequenceState
from service.settings import DetectionSettings
from service.shares import Numbers, Owned
from service.store.changes import ModelKey
from service.windows import DAYS_30_SECONDS

Terms: TypeAlias = Mapping[str, tuple[tuple[float, ...], float]]
"""By party: what each level takes of its weighted mean, and the sum of its weights."""

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
    """The evidence of a model version's monitors (J) after a tick, and what each rank takes of one of them alone."""

    evidence: Numbers
    needs: Numbers

    def needed(self, place: int, rank: int) -> float:
        """What a rank takes of one monitor alone."""
        return float(self.needs[rank - 1, place])


@dataclass(slots=True)
class Gating:
    """Keeps the monitors of every watched model version, and whose they are; both are rebuilt when they change.

    `table` is the one that levels were last raised under: what follows from them in an evaluation is decided by it too.
    """

    detection: DetectionSettings
    ownership: Callable[[], Ownership]
    tick_seconds: int
    lineage: Lineage = field(default_factory=Lineage)
    table: Ownership = field(init=False)
    budgets: dict[str, Budget] = field(default_factory=dict)
    _monitors: dict[ModelKey, Monitors] = field(default_factory=dict)
    _owned: dict[ModelKey, Owned] = field(default_factory=dict)
    _gathered: dict[ModelKey, Gathered] = field(default_factory=dict)
    _shares: dict[ModelKey, tuple[Owned, Terms, Numbers, Numbers]] = field(default_factory=dict)

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
        """Raise the levels of monitors whose owner's evidence takes it; gives the places of those that rose from 0.

        Evidence is weighed over all monitors of a party, but what is held against its budget is each model version's
        part of it: a mean of parts may rise with many versions at once, each of which would be a notice of its own.
        """
        self._forget(watched)
        table = self.table = self.ownership()
        for key, baseline in watched.items():
            self._owned[key] = self._own(table, key, self.monitors(key, baseline))
        totals = self._budget(table)
        taken = {party: self._thresholds(budget.accepts) for party, budget in self.budgets.items()}
        fresh: dict[ModelKey, list[int]] = {}
        for key in watched:
            owned, state = self._owned[key], states[key]
            shares, needs = self._shared(key, owned, taken, totals)
            evidence = state.weigh(owned.monitors, shares)
            self._gathered[key] = Gathered(evidence, needs)
            risen = self._raise(owned, state, self._gathered[key], tick)
            if risen:
                fresh[key] = risen
        return fresh

    def covered(self) -> dict[ModelKey, float]:
        """The share of each model version's monitors whose party a rule of the table names."""
        return {key: owned.covered for key, owned in self._owned.items()}

    def gathered(self, key: ModelKey) -> Gathered:
        """What `raise_levels` found for a model version."""
        return self._gathered[key]

    def parties_of(self, key: ModelKey) -> tuple[str, ...]:
        """Whom each monitor of a model version would reach first, as `raise_levels` found it."""
        return self._owned[key].parties

    def weights_of(self, key: ModelKey) -> Numbers:
        """How much each monitor's evidence counts beside that of its owner's others, as `raise_levels` found it."""
        return self._owned[key].weights

    def budget_of(self, key: ModelKey, place: int) -> Budget:
        """The budget that the evidence of the monitor at a place was held against."""
        return self.budgets[self._owned[key].parties[place]]

    def _raise(self, owned: Owned, state: SequenceState, gathered: Gathered, tick: int) -> list[int]:
        """Note what rose in one model version; of several that rise together each takes so many times less."""
        ranks = _ranks(state, owned.monitors.names)
        new = []
        for mine in owned.places.values():
            raised = gate(gathered.evidence[mine], gathered.needs[:, mine], ranks[mine])
            together = np.bincount(raised[raised > ranks[mine]], minlength=len(CEILINGS))
            for place, rank in zip(mine.tolist(), raised.tolist(), strict=True):
                if rank > ranks[place]:
                    evidence = float(gathered.evidence[place])
                    needed = min(gathered.needed(place, rank) / int(together[rank]), evidence)
                    if state.rise(owned.monitors.names[place], rank, tick, evidence, needed):
                        new.append(place)
        return sorted(new)

    def _shared(
        self, key: ModelKey, owned: Owned, taken: Mapping[str, tuple[float, ...]], totals: Mapping[str, float]
    ) -> tuple[Numbers, Numbers]:
        """Shares and needs of monitors, the same arrays as before where nothing they follow from has changed."""
        terms = {party: (taken[party], totals[party]) for party in owned.places}
        held = self._shares.get(key)
        if held is None or held[0] is not owned or held[1] != terms:
            shares = owned.shares(totals)
            held = self._shares[key] = (owned, terms, shares, owned.needs(shares, taken))
        return held[2], held[3]

    def _budget(self, table: Ownership) -> dict[str, float]:
        """Count every party's monitors anew; gives the sum of their weights."""
        totals: dict[str, float] = {}
        counted: dict[str, int] = {}
        for owned in self._owned.values():
            for party, mine in owned.places.items():
                weights = owned.weights[mine]
                totals[party] = totals.get(party, 0.0) + float(weights.sum())
                counted[party] = counted.get(party, 0) + int(np.count_nonzero(weights))
        self.budgets = {
            party: Budget(party, self._accepts(table.parties[party]), number) for party, number in counted.items()
        }
        return totals

    def _thresholds(self, accepts: tuple[float, float, float]) -> tuple[float, ...]:
        """What each level takes: never less than the one below it, even where fewer tickets than pages are accepted."""
        needed = thresholds(accepts, DAYS_30_SECONDS / self.tick_seconds)
        return tuple(accumulate(needed, max))

    def _accepts(self, party: Party) -> tuple[float, float, float]:
        own, usual = party.allowance, self.detection
        return (
            own.digests or usual.digests_per_30_days,
            own.tickets or usual.tickets_per_30_days,
            own.pages or usual.pages_per_30_days,
        )

    def _own(self, table: Ownership, key: ModelKey, monitors: Monitors) -> Owned:
        held = self._owned.get(key)
        if held is not None and held.table_sha == table.config_sha and held.monitors is monitors:
            return held
        return Owned.of(table, key, monitors, self.detection.importance, self.lineage)

    def _forget(self, watched: Mapping[ModelKey, Baseline]) -> None:
        for held in (self._monitors, self._owned, self._gathered, self._shares):
            for key in [key for key in held if key not in watched]:
                del held[key]


def _ranks(state: SequenceState, names: Sequence[MonitorName]) -> Levels:
    if not state.levels:
        return np.zeros(len(names), np.int64)
    return np.array([level.rank if (level := state.level(name)) else 0 for name in names], np.int64)
