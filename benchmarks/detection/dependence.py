"""Numbers with memory and with a season, in which nothing changes: what the reference's order in time saves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.gathered import Gathered, alone
from benchmarks.detection.processes import DAY_TICKS, EVENTS, PROCESSES, Drawn, Process, draw, hourly
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from benchmarks.detection.window_rules import Flags, Rule, window_rules
from detectors.alternatives import Alternatives, of_histograms
from detectors.block import Floats, shares
from detectors.curves import legendre
from detectors.dependence import design_effects
from detectors.heavy_tails import temper
from detectors.history import usual_sizes
from detectors.seasons import DAY, seasonal

MONITORS, WINDOWS = 40, 30 * DAY_TICKS
"""The fleet of a process, and the five-minute windows of 30 days: what one false alarm is allowed in."""

THRESHOLD = float(MONITORS * WINDOWS)
"""Evidence at which a monitor alarms."""

SHIFT, WAITED = 0.25, 1_500
"""The change that is to be found, in standard deviations of events, and for how many ticks it is waited for."""

ALARMS_MAX, LIMITS_MAX = 2, 2.5

TEMPERED, UNTEMPERED = "e-SR", "e-SR, order ignored"
RULES = ("PSI > .2", "KS p < .05", "KS p < .05, 3 in a row")

Detector: TypeAlias = Callable[[Floats, int], Flags]
"""Takes the counts (S, B) and the slot of a window, and says which monitors alarm."""


@dataclass(slots=True)
class Told:
    """How often one detector alarmed without a change, and the tick at which it found each monitor's shift, from 1."""

    alarms: int = 0
    delays: Floats = field(default_factory=lambda: np.zeros(0))

    def delay(self, level: float) -> float | None:
        """Give a quantile of the delays; None where so many shifts were not found."""
        value = float(np.quantile(self.delays, level, method="higher"))
        return value if np.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One process: what each detector told, and the ticks that any needs for e-SR's threshold."""

    name: str
    limit: float
    told: Mapping[str, Told]

    def ratio(self, detector: str) -> float | None:
        """Give the median delay in units of the limit."""
        delay = self.told[detector].delay(0.5)
        return None if delay is None else round(delay / self.limit, 2)


def run(scale: Scale, tell: Tell) -> Section:
    """Watch a fleet of every process; less than full scale has fewer monitors and days, and the same threshold.

    The information limit is the ticks in which the mean log-likelihood ratio of the shift, under the process's long-run
    variance (`Process.limit`), comes to ln(THRESHOLD x alternatives): what e-SR needs if all lies in one alternative.
    """
    monitors, windows = scale.of(MONITORS, 4), scale.of(WINDOWS, DAY_TICKS)
    outcomes = []
    for number, (name, process) in enumerate(PROCESSES.items()):
        rng = np.random.default_rng([scale.seed, number])
        drawn = draw(process, rng, monitors, windows, WAITED, SHIFT)
        outcomes.append(_watched(name, process, drawn))
        tell(f"dependence: {name}")
    note = (
        f"{monitors} monitors of {EVENTS:,} events in five minutes, {windows:,} windows each, a reference of 14 days; "
        f"then a shift of {SHIFT} σ, waited for {WAITED:,} windows. Delays are in windows, the first is 1. "
        f"'{UNTEMPERED}' has neither design effects nor slots of time. The limit is for e-SR's threshold; what alarms "
        "without a change can be below it."
    )
    return Section("dependence", [row for one in outcomes for row in _rows(one)], _goals(outcomes, windows), note)


def tempered(drawn: Drawn) -> tuple[Alternatives, int]:
    """Prepare alternatives from the reference's ticks as a baseline does, and say how many slots of time they have."""
    reference = drawn.reference
    pooled = reference.sum(axis=0)
    chosen = seasonal(hourly(reference), pooled, DAY)
    number = DAY if chosen.any() else 1
    slots = drawn.slots(number)[: len(reference)]
    expected = pooled[None]
    if chosen.any():
        by_slot = [reference[slots == slot].sum(axis=0) for slot in range(DAY)]
        expected = np.stack([np.where(chosen[:, None], counts, pooled) for counts in by_slot])
    real = np.ones(pooled.shape, bool)
    untempered = design_effects(reference, slots, expected, legendre(shares(pooled, real), real), real)
    effects = temper(
        lambda some, rows: of_histograms(expected[:, rows], design_effects=some), untempered, reference, slots
    )
    usual = np.array([usual_sizes(events)[0] for events in reference.sum(axis=2).astype(np.int64).T])
    return of_histograms(expected, design_effects=effects, usual=usual), number


def _watched(name: str, process: Process, drawn: Drawn) -> Outcome:
    pooled = drawn.reference.sum(axis=0)
    ours, number = tempered(drawn)
    slots = drawn.slots(number)[len(drawn.reference) :]
    rules = window_rules()
    detectors: dict[str, Detector] = {
        TEMPERED: Gathered(ours, alone(THRESHOLD)).take,
        UNTEMPERED: _without_slots(Gathered(of_histograms(pooled), alone(THRESHOLD))),
        **{rule: _against(rules[rule], pooled) for rule in RULES},
    }
    nats = float(np.log(THRESHOLD * max(1.0, float(np.median(ours.number)))))
    told = {rule: _told(detector, drawn, slots) for rule, detector in detectors.items()}
    return Outcome(name, process.limit(SHIFT, nats), told)


def _told(detector: Detector, drawn: Drawn, slots: NDArray[np.int64]) -> Told:
    """Count false alarms, and then wait until every monitor was told of."""
    told = Told(delays=np.full(drawn.quiet.shape[1], np.inf))
    for counts, slot in zip(drawn.quiet, slots, strict=False):
        told.alarms += int(np.count_nonzero(detector(counts, int(slot))))
    for number, (counts, slot) in enumerate(zip(drawn.shifted, slots[len(drawn.quiet) :], strict=True), 1):
        found = detector(counts, int(slot)) & ~np.isfinite(told.delays)
        told.delays[found] = number
        if np.isfinite(told.delays).all():
            break
    return told


def _without_slots(gathered: Gathered) -> Detector:
    return lambda counts, _: gathered.take(counts)


def _against(rule: Rule, pooled: Floats) -> Detector:
    return lambda counts, _: rule(counts, pooled)


def _rows(outcome: Outcome) -> list[Mapping[str, Value]]:
    return [
        {
            "process": outcome.name,
            "detector": detector,
            "false alarms": told.alarms,
            "found": int(np.isfinite(told.delays).sum()),
            "delay": told.delay(0.5),
            "delay p95": told.delay(0.95),
            "limit": round(outcome.limit, 1),
            "delay / limit": outcome.ratio(detector),
        }
        for detector, told in outcome.told.items()
    ]


def _goals(outcomes: list[Outcome], windows: int) -> list[Goal]:
    alarms = {one.name: one.told[TEMPERED].alarms for one in outcomes}
    which = "; ".join(f"{name}: {count}" for name, count in alarms.items() if count)
    ratios = {one.name: one.ratio(TEMPERED) for one in outcomes}
    return [
        Goal(
            f"AR(1) <= .98, daily amplitude <= .5 σ, {MONITORS} monitors x 30 days x {len(PROCESSES)} processes: "
            f"<= {ALARMS_MAX} false alarms in all",
            f"{sum(alarms.values())} in {len(outcomes)} x {windows:,} windows{f' ({which})' if which else ''}",
            sum(alarms.values()) <= ALARMS_MAX,
        ),
        Goal(
            f"{SHIFT} σ found within {LIMITS_MAX} x the information limit in each of them (median)",
            "; ".join(f"{name} {ratio or 'not found'}" for name, ratio in ratios.items()),
            all(ratio is not None and ratio <= LIMITS_MAX for ratio in ratios.values()),
        ),
    ]
