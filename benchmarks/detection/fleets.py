"""False alarms of 1,000 monitors without any change in 30 days, for windows and references of nine sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.detection.gathered import Gathered, alone, owner
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from benchmarks.detection.simulate import Change, numbers
from benchmarks.detection.window_rules import Flags, window_rules
from detectors import esr

MONITORS, WINDOWS = 1_000, 8_640
"""A fleet, and the five-minute windows of 30 days: what one false alarm is allowed in."""

EVENTS, REFERENCES = (30, 100, 1_667), (1_000, 10_000, 100_000)

ESR, OWNER = "e-SR, by monitor", "e-SR, by owner"


@dataclass(slots=True)
class Told:
    """How often monitors were told of, and in how many windows any was."""

    alarms: int = 0
    windows: int = 0

    def add(self, flags: Flags) -> None:
        """Take in one window."""
        alarms = int(np.count_nonzero(flags))
        self.alarms += alarms
        self.windows += alarms > 0


@dataclass(frozen=True, slots=True)
class Count:
    """One fleet's outcome by detector."""

    events: int
    reference: int
    windows: int
    told: Mapping[str, Told] = field(default_factory=dict)


def run(scale: Scale, tell: Tell) -> Section:
    """Watch a fleet of each size; less than full scale has fewer windows, with the same budget of one for all."""
    windows = scale.of(WINDOWS, 20)
    counts: list[Count] = []
    for reference in REFERENCES:
        for events in EVENTS:
            counts.append(watched(events, reference, windows, scale.seed))
            tell(f"fleets: {events:,} events per window, reference of {reference:,}")
    note = (
        f"{MONITORS:,} monitors, {windows:,} windows, no change. e-SR: one false alarm is allowed in all of them. "
        "Windows: those with at least one alarm."
    )
    return Section("fleets", [row for count in counts for row in _rows(count)], _goals(counts), note)


def watched(events: int, reference: int, windows: int, seed: int) -> Count:
    """Count the alarms of every detector on the same windows of one fleet."""
    rng = np.random.default_rng([seed, events, reference])
    fleet = numbers(rng, MONITORS, reference)
    shares = fleet.shares(Change())
    singly = Gathered(fleet.alternatives, alone(MONITORS * windows))
    together = Gathered(fleet.alternatives, owner(windows))
    rules = window_rules()
    told = {name: Told() for name in (ESR, OWNER, *rules)}
    for _ in range(windows):
        counts = rng.multinomial(events, shares).astype(np.float64)
        ratios = esr.log_ratios(fleet.alternatives, counts)
        told[ESR].add(singly.add(ratios, counts.sum(axis=1)))
        told[OWNER].add(together.add(ratios, counts.sum(axis=1)))
        for name, rule in rules.items():
            told[name].add(rule(counts, fleet.reference))
    return Count(events, reference, windows, told)


def _rows(count: Count) -> list[Mapping[str, Value]]:
    return [
        {
            "events": count.events,
            "reference": count.reference,
            "detector": detector,
            "false alarms": told.alarms,
            "per 1,000": round(1_000 * told.alarms / (MONITORS * count.windows), 3),
            "windows": told.windows,
        }
        for detector, told in count.told.items()
    ]


def _goals(counts: list[Count]) -> list[Goal]:
    asked = (
        "1,000 stationary iid monitors x 8,640 five-minute windows, N in {30, 100, 1667}, M in {1k, 10k, 100k}: "
        "<= 1 alarm in total at a budget of 1"
    )
    goals = []
    for detector in (ESR, OWNER):
        alarms = [count.told[detector].alarms for count in counts]
        measured = f"{sum(alarms)} in all {len(alarms)} sizes of {counts[0].windows:,} windows"
        goals.append(Goal(f"{asked} ({detector})", measured, sum(alarms) <= 1))
    return goals
