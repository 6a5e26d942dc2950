"""Windows until a change is found, by e-SR at one false alarm in 30 days of 1,000 monitors and by the usual rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from benchmarks.detection.changes import DAY_TICKS, KINDS, Kind
from benchmarks.detection.dependence import Told
from benchmarks.detection.gathered import Gathered, alone
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from benchmarks.detection.simulate import Change, Fleet
from benchmarks.detection.window_rules import Flags, Floats, Rule, window_rules

MONITORS, QUIET, WAITED = 400, DAY_TICKS, 1_500
"""Monitors of each change, the five-minute windows before it, and those for which it is waited."""

THRESHOLD = 1_000.0 * 30 * DAY_TICKS
"""Evidence at which one monitor out of 1,000 alarms: one false alarm in 30 days of all of them."""

SIZES = ((1_667, 10_000), (1_667, 100_000), (100, 10_000))
"""Events of a window, which are 20,000 or 1,200 an hour, and of the reference."""

ESR = "e-SR"

Detector: TypeAlias = Callable[[Floats], Flags]
"""Takes the counts (S, B) of a window, and says which monitors alarm."""


@dataclass(frozen=True, slots=True)
class Target:
    """The windows within which e-SR is to find a change, at this level of the delays of all monitors."""

    kind: str
    events: int
    references: tuple[int, ...]
    level: float
    most: int

    @property
    def words(self) -> str:
        """Say what is asked."""
        level = "median" if self.level == 0.5 else f"p{100 * self.level:.0f}"
        known = " and ".join(f"{reference:,}" for reference in self.references)
        return f"{self.kind}, {self.events:,} events a window, reference of {known}: {level} <= {self.most} windows"


TARGETS = (
    Target("shift .25 σ", 1_667, (10_000, 100_000), 0.95, 1),
    Target("shift .1 σ", 1_667, (10_000,), 0.5, 7),
    Target("shift .1 σ", 1_667, (100_000,), 0.5, 4),
    Target("shift .25 σ", 100, (10_000,), 0.5, 9),
)

Outcomes: TypeAlias = Mapping[tuple[str, int, int], Mapping[str, Told]]
"""What each detector told, by kind of change, events of a window and of the reference."""


def run(scale: Scale, tell: Tell) -> Section:
    """Watch a fleet of every size through every change; less than full scale has fewer monitors and windows."""
    monitors, quiet = scale.of(MONITORS, 20), scale.of(QUIET, 10)
    outcomes: dict[tuple[str, int, int], Mapping[str, Told]] = {}
    for number, (name, kind) in enumerate(KINDS.items()):
        for events, reference in SIZES:
            rng = np.random.default_rng([scale.seed, number, events, reference])
            fleet = kind.fleet(rng, monitors, reference)
            outcomes[name, events, reference] = watched(fleet, kind, events, quiet, rng)
        tell(f"delays: {name}")
    note = (
        f"{monitors:,} monitors each, all of which change after {quiet:,} windows without a change; it is waited for "
        f"at most {WAITED:,} windows. Delays are in windows of five minutes, the first is 1; none where too few were "
        "found. e-SR is at one false alarm in 30 days of 1,000 monitors. A rule with many false alarms also finds by "
        "chance, and BH finds more when all monitors change at once."
    )
    rows = [row for key, told in outcomes.items() for row in _rows(key, told, monitors * quiet)]
    return Section("delays", rows, goals(outcomes), note)


def watched(fleet: Fleet, kind: Kind, events: int, quiet: int, rng: np.random.Generator) -> Mapping[str, Told]:
    """Show every detector the same windows: without a change, and then with it until all have found it."""
    monitors = len(fleet.reference)
    detectors: dict[str, Detector] = {ESR: Gathered(fleet.alternatives, alone(THRESHOLD)).take}
    detectors |= {name: _against(rule, fleet.reference) for name, rule in window_rules().items()}
    told = {name: Told(delays=np.full(monitors, np.inf)) for name in detectors}
    before = fleet.shares(Change())
    for _ in range(quiet):
        counts = rng.multinomial(events, before).astype(np.float64)
        for name, detector in detectors.items():
            told[name].alarms += int(np.count_nonzero(detector(counts)))
    shares = before
    for window in range(1, WAITED + 1):
        if window <= kind.windows:
            shares = fleet.shares(kind.after(window))
        counts = rng.multinomial(events, shares).astype(np.float64)
        for name, detector in detectors.items():
            found = detector(counts) & ~np.isfinite(told[name].delays)
            told[name].delays[found] = window
        if all(np.isfinite(one.delays).all() for one in told.values()):
            break
    return told


def goals(outcomes: Outcomes) -> list[Goal]:
    """Hold e-SR's delays against the targets."""
    found = []
    for target in TARGETS:
        delays = [outcomes[target.kind, target.events, one][ESR].delay(target.level) for one in target.references]
        measured = " and ".join("not found" if delay is None else f"{delay:.0f}" for delay in delays)
        met = all(delay is not None and delay <= target.most for delay in delays)
        found.append(Goal(target.words, measured, met))
    return found


def _against(rule: Rule, reference: Floats) -> Detector:
    return lambda counts: rule(counts, reference)


def _rows(key: tuple[str, int, int], told: Mapping[str, Told], quiet: int) -> list[Mapping[str, Value]]:
    """Give a row per detector; `quiet` monitor-windows were without a change."""
    name, events, reference = key
    return [
        {
            "change": name,
            "events": events,
            "reference": reference,
            "detector": detector,
            "false alarms": one.alarms,
            "per 1,000": round(1_000 * one.alarms / quiet, 3),
            "found %": round(100 * float(np.isfinite(one.delays).mean()), 1),
            "delay": one.delay(0.5),
            "delay p95": one.delay(0.95),
        }
        for detector, one in told.items()
    ]
