"""Delay against false alarms: one change, and detectors at many settings, from far too loud to silent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from benchmarks.detection.dependence import Told
from benchmarks.detection.gathered import Gathered, alone
from benchmarks.detection.section import Scale, Section, Tell, Value
from benchmarks.detection.simulate import Change, Fleet, numbers
from benchmarks.detection.window_rules import Flags, Floats, InARow, benjamini_hochberg, deciles, psi_p
from detectors import conventional, esr
from detectors.block import Singles

MONITORS, WINDOWS, WAITED = 1_000, 8_640, 1_000
"""Monitors, five-minute windows of 30 days without a change, and how many are waited for after it."""

EVENTS, REFERENCE, SHIFT = 100, 10_000, 0.25
"""Events of a window (1,200 an hour) and of the reference, and the change in standard deviations."""

ESR = "e-SR"

BUDGETS = (100_000, 10_000, 1_000, 100, 10, 1)
"""False alarms that e-SR is allowed in 30 days of all monitors."""

PSI_LIMITS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
P_LIMITS = (0.05, 0.01, 0.001, 1e-4, 1e-6)
P_IN_A_ROW = (0.05, 0.01, 0.001)
SHARES = (0.2, 0.05, 0.01)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What detectors read of one window: e-SR's log ratios (S, K), and events, PSI and p-values (S)."""

    ratios: Singles
    events: Floats
    psi: Floats
    ks_p: Floats
    psi_p: Floats


Judge: TypeAlias = Callable[[Readings], Flags]


def run(scale: Scale, tell: Tell) -> Section:
    """Watch one fleet without a change and then with it; less than full scale has fewer monitors and windows."""
    monitors, windows = scale.of(MONITORS, 20), scale.of(WINDOWS, 20)
    rng = np.random.default_rng([scale.seed, EVENTS, REFERENCE])
    fleet = numbers(rng, monitors, REFERENCE)
    told = watched(fleet, windows, rng, tell)
    rows: list[Mapping[str, Value]] = [
        {
            "detector": detector,
            "setting": setting,
            "stated": float(setting.split()[0].replace(",", "")) if detector == ESR else None,
            "false alarms": one.alarms,
            "in 30 days": round(one.alarms * MONITORS * WINDOWS / (monitors * windows), 1),
            "found %": round(100 * float(np.isfinite(one.delays).mean()), 1),
            "delay": one.delay(0.5),
            "delay p95": one.delay(0.95),
        }
        for (detector, setting), one in told.items()
    ]
    note = (
        f"{monitors:,} monitors, {EVENTS} events a window, reference of {REFERENCE:,}; {windows:,} windows without a "
        f"change, then a shift of {SHIFT} σ in all of them. 'in 30 days': false alarms of {MONITORS:,} monitors in 30 "
        "days of five-minute windows. Delays are in windows, the first is 1."
    )
    return Section("tradeoff", rows, [], note)


def watched(fleet: Fleet, quiet: int, rng: Generator, tell: Tell) -> Mapping[tuple[str, str], Told]:
    """Show the same windows to every detector at every setting."""
    judges = detectors(fleet)
    told = {key: Told(delays=np.full(len(fleet.reference), np.inf)) for key in judges}
    before, after = fleet.shares(Change()), fleet.shares(Change(location=SHIFT))
    for window in range(quiet):
        readings = read(fleet, rng.multinomial(EVENTS, before).astype(np.float64))
        for key, judge in judges.items():
            told[key].alarms += int(np.count_nonzero(judge(readings)))
        if window % 864 == 0:
            tell(f"tradeoff: {window:,} of {quiet:,} windows")
    for window in range(1, WAITED + 1):
        readings = read(fleet, rng.multinomial(EVENTS, after).astype(np.float64))
        for key, judge in judges.items():
            found = judge(readings) & ~np.isfinite(told[key].delays)
            told[key].delays[found] = window
        if all(np.isfinite(one.delays).all() for one in told.values()):
            break
    return told


def detectors(fleet: Fleet) -> Mapping[tuple[str, str], Judge]:
    """Make every detector at every setting; those that remember have seen nothing yet."""
    made: dict[tuple[str, str], Judge] = {}
    for budget in BUDGETS:
        gathered = Gathered(fleet.alternatives, alone(MONITORS * WINDOWS / budget))
        made[ESR, f"{budget:,} in 30 days"] = _gathering(gathered)
    for limit in PSI_LIMITS:
        made["PSI", f"> {limit:g}"] = _psi_above(limit)
    for limit in P_LIMITS:
        made["KS", f"p < {limit:g}"] = _ks_below(limit)
    for limit in P_IN_A_ROW:
        made["KS, 3 in a row", f"p < {limit:g}"] = _in_a_row(limit)
    for share in SHARES:
        made["BH", f"{share:.0%}"] = _discovered(share)
    return made


def read(fleet: Fleet, counts: Floats) -> Readings:
    """Work out once what several settings need."""
    window, known = deciles(counts, fleet.reference)
    return Readings(
        esr.log_ratios(fleet.alternatives, counts),
        counts.sum(axis=1),
        conventional.psi(known, window),
        conventional.ks(fleet.reference, counts)[1],
        psi_p(counts, fleet.reference),
    )


def _gathering(gathered: Gathered) -> Judge:
    return lambda readings: gathered.add(readings.ratios, readings.events)


def _psi_above(limit: float) -> Judge:
    return lambda readings: np.asarray(readings.psi > limit)


def _ks_below(limit: float) -> Judge:
    return lambda readings: np.asarray(readings.ks_p < limit)


def _in_a_row(limit: float) -> Judge:
    rule = InARow(3, lambda p, _: np.asarray(p[:, 0] < limit))
    return lambda readings: rule(readings.ks_p[:, None], readings.ks_p[:, None])


def _discovered(share: float) -> Judge:
    return lambda readings: benjamini_hochberg(readings.psi_p, share)
