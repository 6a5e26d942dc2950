"""Hours of the day and of the week: which subjects have a season, told from the reference's own wandering."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.block import Floats

Tick = TypeVar("Tick", int, NDArray[np.int64])

DAYS_FOR_HOURS, DAYS_FOR_WEEK = 14, 42
"""Days of reference from which hours of the day, and hours of the week, can be told from chance."""

SEASON_MIN = 0.005
"""Mean chi-square distance between an hour and all hours, nearly PSI, below which a season is not worth its cost."""

DAY, WEEK = 24, 168
_TURNS = 200
_QUANTILE = 0.99
_SEED = 20


def slot_of(tick: Tick, slots: int, tick_seconds: int) -> Tick:
    """Give the slot of time of a tick, or of each of several: of 24 hours of the day (UTC), or of 168 of the week.

    >>> [slot_of(tick, 24, 60) for tick in (0, 59, 60, 24 * 60)], slot_of(10_000, 1, 60)
    ([0, 0, 1, 0], 0)
    """
    return tick * tick_seconds // 3_600 % slots


def seasonal(hours: Floats, reference: Floats, slots: int) -> NDArray[np.bool_]:
    """Say which of S subjects have a season of `slots` hours (DAY or WEEK) in their hourly counts (T, S, B).

    The strength of a season is the mean over hours of the squared length of the mean deviation from `reference` (S, B),
    each bin in units of its share's root. It is real when it is above the 99 % quantile of what is left when every day
    is turned round by a number of hours of its own (for the week: when days are dealt out anew), which keeps whatever
    wanders and loses the clock; and large when it exceeds the mean of those by SEASON_MIN. False for a reference that
    is too short.
    """
    days = len(hours) // DAY
    nothing = np.zeros(hours.shape[1], bool)
    if days < (DAYS_FOR_HOURS if slots == DAY else DAYS_FOR_WEEK):
        return nothing
    weeks = slots // DAY
    days -= days % weeks
    deviations, filled = _deviations(hours[: days * DAY], reference)
    daily = deviations.reshape(days, DAY, *deviations.shape[1:])
    weights = filled.reshape(days, DAY, -1)
    if slots == WEEK:
        daily = daily - _mean(daily, weights)[None]
    rng = np.random.default_rng(_SEED)
    strength = _strength(daily, weights, weeks)
    chance = []
    for _ in range(_TURNS):
        if slots == DAY:
            places = (np.arange(DAY)[None] + rng.integers(DAY, size=(days, 1))) % DAY
            turned, seen = daily[np.arange(days)[:, None], places], weights[np.arange(days)[:, None], places]
        else:
            order = rng.permutation(days)
            turned, seen = daily[order], weights[order]
        chance.append(_strength(turned, seen, weeks))
    usual = np.stack(chance)
    return np.asarray(
        (strength > np.quantile(usual, _QUANTILE, axis=0)) & (strength - usual.mean(axis=0) > SEASON_MIN)
    )  # fmt: skip


def _deviations(hours: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Deviations of each hour's shares in units of the root of the reference's, and which hours have events."""
    events = hours.sum(axis=2)
    shares = (reference + 0.5) / (reference + 0.5).sum(axis=1, keepdims=True)
    observed = hours / np.maximum(events, 1)[:, :, None]
    deviations = (observed - shares) / np.sqrt(shares)
    return np.where(events[:, :, None] > 0, deviations, 0.0), (events > 0).astype(np.float64)


def _mean(daily: Floats, weights: Floats) -> Floats:
    """Mean over days of the hours that have events: (24, S, B)."""
    return np.asarray(daily.sum(axis=0) / np.maximum(weights.sum(axis=0), 1)[:, :, None])


def _strength(daily: Floats, weights: Floats, weeks: int) -> Floats:
    """Mean squared length of the mean deviation of every slot: (S,)."""
    parts = [(_mean(daily[day::weeks], weights[day::weeks]) ** 2).sum(axis=2).mean(axis=0) for day in range(weeks)]
    return np.asarray(np.mean(parts, axis=0))
