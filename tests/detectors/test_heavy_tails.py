"""Bursts beside a steady rate are rarer and larger than their variance says: they are tempered by more."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import esr
from detectors.alternatives import Alternatives, of_rates
from detectors.dependence import rate_effects
from detectors.heavy_tails import STEP, temper

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
EVENTS, MONITORS = 1_000, 20


def _bursts(rng: np.random.Generator, ticks: int) -> Floats:
    """Ten bad values at once every 300 ticks, beside one in a thousand."""
    at_once = np.where(rng.random((ticks, MONITORS)) < 1 / 300, 10, 0)
    return np.asarray(at_once + rng.binomial(EVENTS, 0.001, (ticks, MONITORS)), np.float64)


def _builds(bad: Floats) -> Callable[[Floats, Places], Alternatives]:
    seen, of = bad.sum(axis=0), np.full(bad.shape[1], float(EVENTS * len(bad)))
    return lambda effects, rows: of_rates(seen[rows], of[rows], design_effects=effects[:, 0])


def _effects(bad: Floats) -> tuple[Floats, Floats]:
    """By their variance alone, and as they are tempered."""
    of, slots = np.full(bad.shape, float(EVENTS)), np.zeros(len(bad), np.int64)
    plain = rate_effects(bad, of, slots, bad.sum(axis=0)[None], of.sum(axis=0)[None])[:, None]
    return plain, temper(_builds(bad), plain, np.stack([bad, of - bad], axis=2), slots)


def test_what_looks_independent_is_left_as_it_is() -> None:
    bad = np.asarray(np.random.default_rng(1).binomial(EVENTS, 0.005, (5_000, MONITORS)), np.float64)
    plain, tempered = _effects(bad)

    assert tempered.tolist() == plain.tolist()


def test_bursts_are_tempered_by_more_than_their_variance_says() -> None:
    plain, tempered = _effects(_bursts(np.random.default_rng(2), 14 * 1_440))

    assert (tempered >= plain).all()
    assert np.median(tempered / plain) >= STEP


@pytest.mark.slow
def test_bursts_like_the_references_own_raise_no_alarm() -> None:
    rng = np.random.default_rng(8)
    reference, future = _bursts(rng, 14 * 1_440), _bursts(rng, 30 * 1_440)
    plain, tempered = _effects(reference)

    assert _alarms(_builds(reference)(plain, np.arange(MONITORS)), future) > 3
    assert _alarms(_builds(reference)(tempered, np.arange(MONITORS)), future) == 0


def _alarms(alternatives: Alternatives, future: Floats) -> int:
    held, alarms = esr.nothing(alternatives), 0
    for bad in future:
        counts = np.stack([bad, EVENTS - bad], axis=1)
        held = esr.step(held, esr.log_ratios(alternatives, counts), counts.sum(axis=1))
        over = esr.evidence(alternatives, held) >= 43_200
        alarms += int(over.sum())
        held[over] = 0
    return alarms
