"""What a tick costs: ten thousand histograms of 15 bins in one step, beside one matrix product of the same shape."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from detectors import esr
from detectors.alternatives import of_histograms
from detectors.bins import COARSE_LEVELS
from detectors.block import Floats

MONITORS, EVENTS, REFERENCE = 10_000, 1_667, 100_000

MISSING = 0.01
"""Share of missing values, whose bin is the last."""

TICKS = 60
"""Ticks timed; the median is what counts, since another process on the machine only ever adds."""

MILLISECONDS_MAX, BYTES_MAX = 15.0, 300


def run(scale: Scale, tell: Tell) -> Section:
    """Time what the service does per tick: gains, step and evidence."""
    rng = np.random.default_rng(scale.seed)
    known, counts = (rng.multinomial(events, shares(), MONITORS).astype(np.float64) for events in (REFERENCE, EVENTS))
    unranked = np.broadcast_to(np.arange(known.shape[1]) == len(COARSE_LEVELS) + 1, known.shape)
    alternatives = of_histograms(known, unranked=unranked)
    tell("cost: monitors made")
    held = esr.nothing(alternatives)

    def tick() -> None:
        nonlocal held
        ratios = esr.log_ratios(alternatives, counts)
        held = esr.step(held, ratios, counts.sum(axis=1))
        esr.evidence(alternatives, held)

    bins, played = counts.shape[1], held.shape[1]
    left = rng.random((MONITORS, bins), dtype=np.float32)
    shared = rng.random((bins, played), dtype=np.float32)
    own = rng.random((MONITORS, bins, played), dtype=np.float32)
    ticks = scale.of(TICKS, 5)
    ours = _milliseconds(tick, ticks)
    product = _milliseconds(lambda: left @ shared, ticks)
    products = _milliseconds(lambda: np.matmul(left[:, None, :], own), ticks)
    tell("cost: timed")
    state = held.nbytes / MONITORS
    rows: list[Mapping[str, Value]] = [
        _row("e-SR, one tick", ours, product),
        _row(f"one product of {MONITORS:,} x {bins} and {bins} x {played}", product, product),
        _row(f"{MONITORS:,} products of 1 x {bins} and {bins} x {played}", products, product),
    ]
    goals = [
        Goal(f"{MONITORS:,} monitors per tick <= {MILLISECONDS_MAX:g} ms",
             f"{ours:.1f} ms: {ours / product:.0f} x one matrix product, {ours / products:.2g} x one per monitor",
             ours <= MILLISECONDS_MAX),
        Goal(f"sequential state <= {BYTES_MAX} B per monitor", f"{state:.0f} B", state <= BYTES_MAX),
    ]  # fmt: skip
    note = f"Median of {ticks} ticks on one core; {bins} bins and {played} alternatives each."
    return Section("cost", rows, goals, note)


def shares() -> Floats:
    """Give the shares of the bins of a number, of which some values are missing."""
    return np.append(np.diff(COARSE_LEVELS, prepend=0, append=1) * (1 - MISSING), MISSING)


def _row(what: str, milliseconds: float, product: float) -> Mapping[str, Value]:
    return {"what": what, "ms": round(milliseconds, 2), "x one product": round(milliseconds / product, 1)}


def _milliseconds(work: Callable[[], object], times: int) -> float:
    spent = []
    work()
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return 1_000 * float(np.median(spent))
