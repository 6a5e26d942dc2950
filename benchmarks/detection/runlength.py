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

LENGTHS = (100, 1_000, 10_000)
"""What is stated: ticks without a false alarm, on average. The longest is for ticks of one event only, for its cost."""

CUT = 12
"""Streams are watched for at most so many times what is stated."""


@dataclass(frozen=True, slots=True)
class Null:
    """Events per tick, and the true share of each bin; two bins with `rate` are those of a rate."""

    name: str
    events: int
    shares: Floats
    rate: bool = False
    single: bool = False

    @property
    def lengths(self) -> tuple[int, ...]:
        """Which of LENGTHS are measured."""
        return LENGTHS if self.single else LENGTHS[:2]

    def alternatives(self) -> Alternatives:
        """What is bet on: one monitor's, which every replica shares."""
        counts = self.shares[None] * EXACT
        if self.rate:
            return of_rates(counts[:, 0], counts.sum(axis=1), z=0)
        return of_histograms(counts, z=0)


NULLS = (
    Null("error rate 0.1, one event a tick", 1, np.array([0.1, 0.9]), rate=True, single=True),
    Null("error rate 0.02, one event a tick", 1, np.array([0.02, 0.98]), rate=True, single=True),
    Null("histogram of normal values, one event a tick", 1, NORMAL, single=True),
    Null("category, one event a tick", 1, CATEGORY, single=True),
    Null("error rate 0.1, 100 events a tick", 100, np.array([0.1, 0.9]), rate=True),
    Null("null rate 0.01, 1,667 events a tick", 1_667, np.array([0.01, 0.99]), rate=True),
    Null("histogram of normal values, 10 events a tick", 10, NORMAL),
    Null("histogram of normal values, 100 events a tick", 100, NORMAL),
    Null("histogram of normal values, 1,667 events a tick", 1_667, NORMAL),
)
"""`single` are those of one event a tick, where evidence cannot jump far."""


def run(scale: Scale, tell: Tell) -> Section:
    """Measure the mean time to the first alarm of every null at every length."""
    rows: list[Mapping[str, Value]] = []
    for null in NULLS:
        for length in null.lengths:
            replicas = scale.of(REPLICAS, 20)
            mean, error, ended = waited(null, length, replicas, scale.seed)
            rows.append(
                {
                    "null": null.name,
                    "stated": length,
                    "real": round(mean, 1),
                    "standard error": round(error, 1),
                    "real / stated": round(mean / length, 2),
                    "ended %": round(100 * ended / replicas, 1),
                    "one event a tick": null.single,
                }
            )
        tell(f"runlength: {null.name}")
    note = (
        f"{scale.of(REPLICAS, 20):,} streams each, watched for at most {CUT} times what is stated; 'ended': those that "
        "alarmed until then. Where a tick holds many events, evidence jumps far past what is needed: the real wait is "
        "longer than stated, the bound is loose."
    )
    return Section("runlength", rows, _goals(rows), note)


def waited(null: Null, length: int, replicas: int, seed: int) -> tuple[float, float, int]:
    """Give the mean wait for the first alarm in ticks, its standard error, and how many streams alarmed.

    The mean is all ticks over all alarms: where every stream alarmed the plain mean of the waits, and otherwise what it
    would be, since waits are nearly exponential (Pollak and Tartakovsky 2009).
    """
    rng = np.random.default_rng([seed, null.events, length, len(null.shares)])
    alternatives = null.alternatives()
    held = np.repeat(esr.nothing(alternatives), replicas, axis=0)
    ticks = 0
    for _ in range(CUT * length):
        ticks += len(held)
        counts = rng.multinomial(null.events, null.shares, len(held)).astype(np.float64)
        held = esr.step(held, esr.log_ratios(alternatives, counts), counts.sum(axis=1))
        held = held[esr.evidence(alternatives, held) < length]
        if not len(held):
            break
    alarms = replicas - len(held)
    mean = ticks / max(alarms, 1)
    return mean, mean / math.sqrt(max(alarms, 1)), alarms


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
