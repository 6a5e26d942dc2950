"""FriedmanDrift: a regression model's errors before and after its world changes, by the protocol of arXiv 2603.13156.

River's generator gives 15,000 rows: 10,000 to prepare on, 2,500 to watch without a change and 2,500 with one. Here the
first 5,000 of the rows to prepare on fit the model and the other 5,000 are the held-out reference of its errors; every
detector watches the same errors of the same model. The published figures are of a model that had all 10,000 rows.

Two rows of the table are what the product can do with a number today: its histogram, and the histogram together with
the rate of values out of the reference's range, under one threshold. Two more have bets on how far out errors are, with
these or alone, which are in `benchmarks.detection.bets` and nowhere in the product.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from river.datasets.synth import FriedmanDrift

from benchmarks.detection.bets import of_magnitudes
from benchmarks.detection.per_event import Floats, Monitor, Places, first_alarms, of_numbers
from benchmarks.detection.polynomials import Polynomial
from benchmarks.detection.rivals import Fresh, alarms, made_for_errors, on_numbers
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value

TRIALS = 150
PREPARED, FITTED, BEFORE, AFTER = 10_000, 5_000, 2_500, 2_500
DEGREE = 3

THRESHOLD = 5e4
"""Evidence at which a stream pages: in 2,500 events without a change, with a chance of 5 % at most."""

TRANSITION = 100
"""Events in which, in the gradual variant, old and new are mixed half and half."""

DELAYS: Mapping[str, int] = {"GRA": 12, "GSG": 32, "LEA": 150}
"""The median delay asked for where the change is global and abrupt, global and gradual, or in 1.6 % of events."""

HISTOGRAM, PRODUCT, BETS = "e-SR, histogram", "e-SR, histogram and rate", "e-SR, histogram, rate and bets"
BETS_ALONE = "bets alone"

PRODUCT_NOTE = (
    "The product joins no truth to predictions yet: it can watch errors that are sent as a feature, tick by tick "
    "and not event by event as here. Bets on magnitudes are part of this benchmark and not of the product. They "
    "are valid while the means of the errors' second and fourth powers are at most those of the holdout plus 2.5 "
    "standard errors, which is an approximation and rough for heavy tails: at this threshold, of 400 streams of "
    "2,500 events without a change, bets alone alarmed in 0.3 % of normal errors, 0.8 % of Student's with 5 "
    "degrees of freedom and 4.8 % with 3 (bound: 5 %). The variants have the same rows before the change, so "
    "their false alarms are the same."
)

PUBLISHED = (
    "Published (arXiv 2603.13156, 10,000 trials), TPR, FPR and delay on GRA, GSG and LEA: "
    "PITMonitor 96.2, 3.8 and 77, 189, 1,919; ADWIN 99.1, 0.9 and 27, 27, 115."
)


@dataclass(frozen=True, slots=True)
class Trials:
    """Errors of a variant's trials: `watched` (events, trials), and of each trial the errors held out as reference."""

    references: list[Floats]
    watched: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where first alarms were: `found` is the share after the change, `false` before it, `delays` those of the former.

    A delay of 0 is the first event after the change.
    """

    found: float
    false: float
    delays: Places

    @classmethod
    def of(cls, first: Places) -> "Outcome":
        """Read the places of first alarms."""
        delays = first[(first >= BEFORE) & (first < BEFORE + AFTER)] - BEFORE
        return cls(delays.size / first.size, float((first < BEFORE).mean()), delays)

    def delay(self, level: float = 0.5) -> float | None:
        """Give a quantile of the delays, the median by default; None if there is no delay."""
        return round(float(np.quantile(self.delays, level)), 1) if self.delays.size else None


def run(scale: Scale, tell: Tell) -> Section:
    """Run every trial of every variant through every detector."""
    rows: list[Mapping[str, Value]] = []
    goals: list[Goal] = []
    for variant in DELAYS:
        trials = simulated(variant, scale.of(TRIALS), scale.seed)
        ours = {
            name: Outcome.of(first_alarms(parts, BEFORE + AFTER, THRESHOLD)) for name, parts in monitors(trials).items()
        }
        tell(f"friedman {variant}: e-SR")
        rows += [_row(variant, name, outcome) for name, outcome in ours.items()]
        rows += [_row(variant, name, Outcome.of(first)) for name, first in _rivals(trials)]
        goals += [_goal(variant, name, ours[name]) for name in (PRODUCT, BETS)]
        tell(f"friedman {variant}: the others")
    return Section("friedman", rows, goals, f"{scale.of(TRIALS)} trials of each variant. {PRODUCT_NOTE} {PUBLISHED}")


def simulated(variant: str, trials: int, seed: int) -> Trials:
    """Give the errors of a fresh model on each of so many fresh streams."""
    references: list[Floats] = []
    watched = np.empty((BEFORE + AFTER, trials))
    for trial in range(trials):
        features, target = _stream(variant, seed + trial)
        model = Polynomial.fit(features[:FITTED], target[:FITTED], DEGREE)
        errors = target - model.predict(features)
        references.append(errors[FITTED:PREPARED])
        watched[:, trial] = errors[PREPARED:]
    return Trials(references, watched)


def monitors(trials: Trials) -> Mapping[str, list[Monitor]]:
    """Give fresh monitors by detector; those of one share a threshold, which their mean evidence must reach."""

    def numbers() -> tuple[Monitor, Monitor]:
        return of_numbers(trials.references, trials.watched)

    return {
        HISTOGRAM: [numbers()[0]],
        PRODUCT: [*numbers()],
        BETS: [*numbers(), of_magnitudes(trials.references, trials.watched)],
        BETS_ALONE: [of_magnitudes(trials.references, trials.watched)],
    }


def _rivals(trials: Trials) -> Iterator[tuple[str, Places]]:
    """Numbers are squared errors; an error of 0 or 1 says whether it is beyond the reference's median."""
    middles = np.array([np.median(np.abs(reference)) for reference in trials.references])
    for name, fresh in on_numbers().items():
        yield name, _firsts(fresh, trials.watched**2)
    for name, fresh in made_for_errors().items():
        yield name, _firsts(fresh, (np.abs(trials.watched) > middles).astype(np.float64))


def _firsts(fresh: Fresh, values: Floats) -> Places:
    found = [alarms(fresh, stream.tolist(), limit=1) for stream in values.T]
    return np.array([first[0] if first else len(values) for first in found], np.int64)


def _row(variant: str, detector: str, outcome: Outcome) -> Mapping[str, Value]:
    return {
        "variant": variant,
        "detector": detector,
        "TPR %": round(100 * outcome.found, 1),
        "FPR %": round(100 * outcome.false, 1),
        "delay": outcome.delay(),
        "delay p90": outcome.delay(0.9),
    }


def _goal(variant: str, detector: str, outcome: Outcome) -> Goal:
    most, delay = DELAYS[variant], outcome.delay()
    return Goal(
        f"{variant}, {detector}: TPR >= 99 %, FPR <= 1 %, median delay <= {most} events",
        f"TPR {outcome.found:.1%}, FPR {outcome.false:.1%}, delay {delay}",
        outcome.found >= 0.99 and outcome.false <= 0.01 and delay is not None and delay <= most,
    )


def _stream(variant: str, seed: int) -> tuple[Floats, Floats]:
    begin, never = PREPARED + BEFORE, 10_000_000
    position = (begin, never, never + 1) if variant == "LEA" else (begin, never)
    generator = FriedmanDrift(variant.lower(), position, transition_window=TRANSITION, seed=seed)
    rows = [(*x.values(), y) for x, y in generator.take(PREPARED + BEFORE + AFTER)]
    table = np.array(rows)
    return table[:, :-1], table[:, -1]
