"""Stated against real: ticks to the first false alarm where what is stated is at least A, and nothing changes.

The reference is taken as known exactly (z = 0, and it is the truth), so that all that keeps the real figure from the
stated one is by how much evidence jumps past A in the tick that alarms: little where a tick holds one event, much where
it holds a thousand.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.section import Goal, Scale, Section, Tell, Value
from benchmarks.detection.window_rules import Floats
from detectors import esr
from detectors.alternatives import Alternatives, of_histograms, of_rates

REPLICAS = 1_000
"""Streams of each null, side by side, all against the same reference."""

EXACT = 1e12
"""Events of a reference that is known exactly."""

NORMAL = np.diff([0, 0.005, 0.02, *np.arange(0.1, 0.91, 0.1), 0.98, 0.995, 1.0])
CATEGORY = np.array([0.4, 0.25, 0.15, 0.12, 0.08])

RATIO_MAX = 1.4

LENGTHS = (100, 1_000)
"""What is stated: ticks without a false alarm, on average."""

CUT = 12
"""Streams are watched for at most so many times what is stated; a longer wait counts as that, which lowers the mean."""


@dataclass(frozen=True, slots=True)
class Null:
    """Events per tick, and the true share of each bin; two bins with `rate` are those of a rate."""

    name: str
    events: int
    shares: Floats
    rate: bool = False
    single: bool = False

    def alternatives(self, replicas: int) -> Alternatives:
        """What is bet on, the same for every replica."""
        counts = np.tile(self.shares * EXACT, (replicas, 1))
        if self.rate:
            return of_rates(counts[:, 0], counts.sum(axis=1), z=0)
        return of_histograms(counts, z=0)


NULLS = (
    Null("error rate 0.1, one event a tick", 1, np.array([0.1, 0.9]), rate=True, single=True),
    Null("error rate 0.02, one event a tick", 1, np.array([0.02, 0.98]), rate=True, single=True),
    Null("histogram of normal values, one event a tick", 1, NORMAL, single=True),
    Null("category, one event a tick", 1, CATEGORY, single=True),
    Null("error rate 0.1, 100 events a tick", 100, np.array([0.1, 0.9]), rate=True),
    Null("histogram of normal values, 10 events a tick", 10, NORMAL),
    Null("histogram of normal values, 100 events a tick", 100, NORMAL),
    Null("histogram of normal values, 1,667 events a tick", 1_667, NORMAL),
)
"""`single` are those of one event a tick, where evidence cannot jump far."""


def run(scale: Scale, tell: Tell) -> Section:
    """Measure the mean time to the first alarm of every null at every length."""
    rows: list[Mapping[str, Value]] = []
    for null in NULLS:
        for length in LENGTHS:
            mean, error = waited(null, length, scale.of(REPLICAS, 20), scale.seed)
            rows.append(
                {
                    "null": null.name,
                    "stated": length,
                    "real": round(mean, 1),
                    "standard error": round(error, 1),
                    "real / stated": round(mean / length, 2),
                    "one event a tick": null.single,
                }
            )
        tell(f"runlength: {null.name}")
    note = (
        f"{scale.of(REPLICAS, 20):,} streams each, watched for at most {CUT} times what is stated. Where a tick holds "
        "many events, evidence jumps far past what is needed: the real wait is longer than stated, the bound is loose."
    )
    return Section("runlength", rows, _goals(rows), note)


def waited(null: Null, length: int, replicas: int, seed: int) -> tuple[float, float]:
    """Give the mean wait for the first alarm in ticks, and its standard error."""
    rng = np.random.default_rng([seed, null.events, length, len(null.shares)])
    alternatives = null.alternatives(replicas)
    held = esr.nothing(alternatives)
    events = np.full(replicas, float(null.events))
    waits = np.full(replicas, float(CUT * length))
    waiting = np.ones(replicas, bool)
    for tick in range(1, CUT * length + 1):
        counts = rng.multinomial(null.events, null.shares, replicas).astype(np.float64)
        held = esr.step(held, esr.log_ratios(alternatives, counts), events)
        told = waiting & (esr.evidence(alternatives, held) >= length)
        waits[told] = tick
        waiting &= ~told
        if not waiting.any():
            break
    return float(waits.mean()), float(waits.std() / math.sqrt(replicas))


def _goals(rows: Sequence[Mapping[str, Value]]) -> list[Goal]:
    def read(row: Mapping[str, Value]) -> tuple[float, float, float]:
        return float(row["real"] or 0), float(row["standard error"] or 0), float(row["stated"] or 1)

    parts = [(read(row), bool(row["one event a tick"])) for row in rows]
    every = [real / stated for (real, _, stated), _ in parts]
    single = [real / stated for (real, _, stated), alone in parts if alone]
    shortest = min((real + 2 * error) / stated for (real, error, stated), _ in parts)
    asked = f"mean wait of known nulls 1.0 to {RATIO_MAX} times what is stated"
    return [
        Goal(asked, f"{min(every):.2f} to {max(every):.2f}", max(every) <= RATIO_MAX and shortest >= 1),
        Goal(f"{asked}: those of one event a tick", f"{min(single):.2f} to {max(single):.2f}",
             max(single) <= RATIO_MAX and shortest >= 1),
        Goal("the bound is never exceeded: no mean wait shorter than stated by more than two standard errors",
             f"the shortest is {shortest:.2f} times what is stated", shortest >= 1),
    ]  # fmt: skip
