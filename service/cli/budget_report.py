"""What `driftwarden budget resample` prints: the guaranteed and the resampled rate of every level, and their limits."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from scipy import stats

from service.cli.budget_rows import SEASONS, listed
from service.gating import Budget

CONFIDENCE = 0.95
LEVELS = ("digests", "tickets", "pages")


@dataclass(frozen=True, slots=True)
class Tally:
    """Alarms of one level, the days of the reference they come from, and the monitor most often behind them."""

    alarms: int
    days: tuple[str, ...] = ()
    most: str = ""


@dataclass(frozen=True, slots=True)
class Resampled:
    """What was drawn, and what alarms of each level came of it, by party."""

    model: str
    version: str
    baseline: str
    policy: Literal["budget", "fixed"]
    reference_days: float
    slots: int
    days: int
    seed: int
    budgets: tuple[Budget, ...]
    tallies: tuple[tuple[Tally, ...], ...]


def bounds(alarms: int, days: float) -> tuple[float, float]:
    """Give the exact 95 % lower and upper bound, each one-sided, of a Poisson rate per 30 days.

    Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936).

    >>> low, high = bounds(0, 300)
    >>> f"{low:.2f} {high:.2f}"
    '0.00 0.30'
    """
    low = stats.chi2.ppf(1 - CONFIDENCE, 2 * alarms) / 2 if alarms else 0.0
    high = stats.chi2.ppf(CONFIDENCE, 2 * alarms + 2) / 2
    return float(low) * 30 / days, float(high) * 30 / days


def as_text(result: Resampled) -> Iterator[str]:
    """Say it line by line."""
    season = {"none": "no season", "daily": "a daily season", "weekly": "a weekly season"}[SEASONS[result.slots]]
    unit = "week" if result.slots == 168 else "day"
    yield (
        f"{result.model} {result.version}, baseline {result.baseline}: {result.days:,} days drawn from the "
        f"{result.reference_days:.1f} of its reference ({season}), in blocks of one day that keep their time of the "
        f"{unit} (seed {result.seed})."
    )
    over: list[str] = []
    for budget, tallies in zip(result.budgets, result.tallies, strict=True):
        yield ""
        yield f"{budget.party}, over its {budget.monitors:,} monitors of this model version alone:"
        for name, accepted, tally in reversed(list(zip(LEVELS, budget.accepts, tallies, strict=True))):
            yield f"  {name + ':':<8} {_rate(accepted, tally.alarms, result.days)}"
            if tally.alarms:
                days = f"{len(tally.days):,} day{'s'[: len(tally.days) > 1]} of the reference ({listed(tally.days, 3)})"
                yield f"{'':11}from {days}, most often by {tally.most}"
            if _is_over(accepted, tally, result):
                over.append(f"{name} for {budget.party}")
    yield ""
    yield from _limits(result, over)


def _is_over(accepted: float, tally: Tally, result: Resampled) -> bool:
    """Whether the guarantee is broken beyond the chance of drawing, and beyond that of the reference's own days.

    Days that have alarms cannot show more than one a day, so half of the reference's days are enough, too.
    """
    drawn, own = bounds(tally.alarms, result.days), bounds(len(tally.days), result.reference_days)
    return drawn[0] > accepted and (own[0] > accepted or 2 * len(tally.days) >= result.reference_days)


def _limits(result: Resampled, over: Sequence[str]) -> Iterator[str]:
    if over:
        yield (
            f"MORE THAN IS GUARANTEED: {', '.join(over)}. The reference moves more than its design effects allow for, "
            "so do not count on the guarantee; fit a longer reference, which knows more of it, or --ignore what moves."
        )
    if result.policy != "budget":
        yield "detection.policy is 'fixed': the service keeps no budget, and tells by fixed thresholds."
    yield "Guaranteed is for all models of a party together, resampled for this one alone."
    yield (
        f"The 95 % is about drawing days, not about the reference: what happened by chance on one of its "
        f"{result.reference_days:.1f} days comes up each time that day is drawn, and what did not happen never does."
    )
    yield (
        "What this cannot know: a rhythm longer than the reference. Changes that already lie in it count as usual here."
    )


def _rate(accepted: float, found: int, days: int) -> str:
    """Say one level's two rates, and whether so many days can tell one from the other.

    >>> _rate(1, 0, 300)
    'guaranteed <= 1 per 30 days; in 300 resampled days 0, so at most 0.3 per 30 days at 95 %'
    >>> _rate(0.5, 0, 30).rpartition("; ")[2]
    '--days 180 could tell whether it is kept'
    """
    low, high = bounds(found, days)
    words = (
        f"guaranteed <= {accepted:,.3g} per 30 days; in {days:,} resampled days {found:,}, "
        f"so at most {high:,.2g} per 30 days at {100 * CONFIDENCE:.0f} %"
    )
    if not low <= accepted < high:
        return words
    if found:
        return f"{words}; whether it is kept stays open"
    return f"{words}; --days {math.ceil(high * days / accepted)} could tell whether it is kept"


def print_json(result: Resampled, seconds: float) -> None:
    """Print one object with the same numbers."""
    parties = []
    for budget, tallies in zip(result.budgets, result.tallies, strict=True):
        levels = {}
        for name, accepted, tally in zip(LEVELS, budget.accepts, tallies, strict=True):
            low, high = bounds(tally.alarms, result.days)
            levels[name] = {
                "guaranteed": accepted, "alarms": tally.alarms, "per_30_days": tally.alarms * 30 / result.days,
                "at_least": low, "at_most": high, "from_days": tally.days, "most_often": tally.most,
                "more_than_guaranteed": _is_over(accepted, tally, result),
            }  # fmt: skip
        parties.append({"party": budget.party, "monitors": budget.monitors, **levels})
    told = {
        "model": result.model, "version": result.version, "baseline": result.baseline, "policy": result.policy,
        "reference_days": round(result.reference_days, 2), "season": SEASONS[result.slots], "days": result.days,
        "seed": result.seed, "confidence": CONFIDENCE, "parties": parties, "seconds": round(seconds, 3),
    }  # fmt: skip
    print(msgspec.json.encode(told).decode())
