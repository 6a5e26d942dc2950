"""Design effects and seasons: found where they are, not where chance or mere wandering is."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from detectors.alternatives import of_histograms
from detectors.block import shares
from detectors.curves import legendre
from detectors.dependence import WANDER_SHARE, design_effects, rate_effects
from detectors.esr import evidence, log_ratios, nothing, step
from detectors.history import hidden
from detectors.seasons import DAY, WEEK, seasonal

Floats = NDArray[np.float64]
EDGES = special.ndtri(np.array([0.005, 0.02, *np.arange(0.1, 0.91, 0.1), 0.98, 0.995]))
REAL = np.ones((1, 14), bool)
HOUR_TICKS, DAY_TICKS = 12, 288


def _wandering(rng: np.random.Generator, ticks: int, phi: float, deviation: float) -> Floats:
    """An autoregressive latent mean."""
    steps = rng.standard_normal(ticks) * deviation * np.sqrt(1 - phi**2)
    path = np.zeros(ticks)
    for tick in range(1, ticks):
        path[tick] = phi * path[tick - 1] + steps[tick]
    return path


def _ticks(rng: np.random.Generator, means: Floats, events: int) -> Floats:
    """Counts (T, 1, 14) of normal values around the means."""
    below = special.ndtr(EDGES - means[:, None])
    bins = np.diff(below, axis=1, prepend=0.0, append=1.0)
    return rng.multinomial(events, bins).astype(np.float64)[:, None, :]


def _effects(ticks: Floats) -> Floats:
    reference = ticks.sum(axis=0)[None]
    scores = legendre(shares(reference[0], REAL), REAL)
    return design_effects(ticks, np.zeros(len(ticks), np.int64), reference, scores, REAL)


def test_independent_events_have_a_design_effect_of_one() -> None:
    effects = _effects(_ticks(np.random.default_rng(1), np.zeros(4_032), 200))

    assert effects.mean() < 1.1
    assert effects.max() < 1.5


def test_a_wandering_mean_has_at_least_the_design_effect_of_theory_and_not_twice_as_much() -> None:
    rng = np.random.default_rng(2)
    found = [_effects(_ticks(rng, _wandering(rng, 8_064, 0.9, 0.05), 1_000))[0, 0] for _ in range(9)]
    theory = 1 + 1_000 * 0.05**2 * (1 + 0.9) / (1 - 0.9)

    # Few long blocks speak for a reference's slowest wandering, so what is used is an upper bound of it.
    assert theory < float(np.median(found)) < theory * 2


def test_every_feature_has_a_share_of_the_largest_effect() -> None:
    rng = np.random.default_rng(3)
    effects = _effects(_ticks(rng, _wandering(rng, 4_032, 0.9, 0.1), 1_000))

    assert effects.min() >= 1 + (effects.max() - 1) * WANDER_SHARE - 1e-9


def test_empty_ticks_do_not_make_events_look_dependent() -> None:
    ticks = _ticks(np.random.default_rng(4), np.zeros(4_032), 200)
    ticks[::3] = 0

    assert _effects(ticks).max() < 1.5


@pytest.mark.slow
def test_a_wandering_stream_raises_no_alarm_once_its_dependence_is_known_and_many_while_it_is_not() -> None:
    alarms = {}
    for known in (True, False):
        rng = np.random.default_rng(5)
        total = 0
        for _ in range(4):
            means = _wandering(rng, 14 * DAY_TICKS + 6_000, 0.9, 0.1)
            ticks = _ticks(rng, means, 1_667)
            reference, future = ticks[: 14 * DAY_TICKS], ticks[14 * DAY_TICKS :]
            effects = _effects(reference) if known else None
            alternatives = of_histograms(reference.sum(axis=0), design_effects=effects)
            held = nothing(alternatives)
            for counts in future:
                held = step(held, log_ratios(alternatives, counts), counts.sum(axis=1))
                if evidence(alternatives, held)[0] >= 8_640_000:
                    held[:] = 0
                    total += 1
        alarms[known] = total

    assert alarms[True] == 0
    assert alarms[False] > 1_000


def _hours(means: Floats, seed: int) -> Floats:
    ticks = _ticks(np.random.default_rng(seed), means, 500)
    return np.asarray(ticks.reshape(-1, HOUR_TICKS, 1, 14).sum(axis=1))


def _clock(days: int) -> Floats:
    return np.arange(days * DAY_TICKS) / DAY_TICKS


def test_a_daily_cycle_is_found() -> None:
    hours = _hours(0.2 * np.sin(2 * np.pi * _clock(14)), 6)

    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [True]


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.98])
def test_wandering_is_no_season(phi: float) -> None:
    hours = _hours(_wandering(np.random.default_rng(7), 14 * DAY_TICKS, phi, 0.1), 8)

    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [False]


def test_a_cycle_too_weak_to_matter_is_not_worth_slots() -> None:
    hours = _hours(0.03 * np.sin(2 * np.pi * _clock(14)), 9)

    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [False]


def test_thirteen_days_do_not_show_a_season() -> None:
    hours = _hours(0.5 * np.sin(2 * np.pi * _clock(13)), 10)

    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [False]


def test_weekends_are_found_in_six_weeks_and_are_not_a_daily_cycle() -> None:
    weekend = np.where(_clock(42).astype(int) % 7 >= 5, 0.4, 0.0)
    hours = _hours(weekend, 11)

    assert seasonal(hours, hours.sum(axis=0), WEEK).tolist() == [True]
    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [False]


def test_hours_without_events_are_left_out() -> None:
    hours = _hours(0.3 * np.sin(2 * np.pi * _clock(14)), 12)
    hours[5::24] = 0

    assert seasonal(hours, hours.sum(axis=0), DAY).tolist() == [True]


def test_bins_that_stay_empty_are_no_wandering_however_few_events_a_slot_has() -> None:
    rng = np.random.default_rng(11)
    ticks = _ticks(rng, np.zeros(24 * 7 * 8), 20)
    ticks[:, :, 5] = 0
    slots = np.arange(len(ticks)) % (24 * 7)
    reference = np.stack([ticks[slots == slot].sum(axis=0) for slot in range(24 * 7)])
    scores = legendre(shares(reference.sum(axis=0), REAL), REAL)

    assert design_effects(ticks, slots, reference, scores, REAL).max() < 3


def test_a_constant_has_a_design_effect_of_one() -> None:
    ticks = np.zeros((2_000, 1, 14))
    ticks[:, :, 3] = 2

    assert _effects(ticks).max() == 1


def test_independent_events_that_come_in_uneven_batches_have_a_design_effect_of_one() -> None:
    rng = np.random.default_rng(12)
    ticks = np.zeros((28 * DAY_TICKS, 1, 14))
    ticks[100::DAY_TICKS] = _ticks(rng, np.zeros(28), 20_000)
    poured = np.concatenate([_ticks(rng, np.zeros(1), int(size)) for size in rng.gamma(0.1, 5_000, 4_032)])

    assert _effects(ticks).max() < 2
    assert np.median(_effects(poured)) == 1


def test_batches_of_unlike_events_are_dependent() -> None:
    rng = np.random.default_rng(13)
    ticks = np.zeros((28 * DAY_TICKS, 1, 14))
    ticks[100::DAY_TICKS] = _ticks(rng, rng.normal(0, 0.1, 28), 20_000)

    assert _effects(ticks)[0, 0] > 100


def _rates(bad: Floats, events: float) -> Floats:
    of = np.full(bad.shape, events)
    return rate_effects(bad, of, np.zeros(len(bad), np.int64), bad.sum(axis=0)[None], of.sum(axis=0)[None])


def test_rare_bad_values_that_come_one_by_one_have_an_effect_of_one() -> None:
    rng = np.random.default_rng(14)

    for rate in (1e-6, 1e-5, 1e-4, 1e-2):
        assert np.median(_rates(rng.binomial(1_000, rate, (10_080, 50)).astype(np.float64), 1_000)) == 1


def test_bursts_have_at_least_the_effect_of_their_size() -> None:
    rng = np.random.default_rng(15)
    bursts = np.where(rng.random((10_080, 30)) < 1 / 500, 40.0, 0.0)

    assert _rates(bursts, 1_000).min() > 39


def test_an_hour_that_came_round_few_times_hides_a_part_of_what_varies() -> None:
    """The mean of an hour was fitted to its own days: what is left of independent days is short by one in so many."""
    rng = np.random.default_rng(16)
    days = 14
    means = np.repeat(rng.normal(0, 0.1, days * 24), HOUR_TICKS)
    ticks = _ticks(rng, means, 1_000)
    slots = np.arange(len(ticks)) // HOUR_TICKS % 24
    by_hour = np.stack([ticks[slots == hour].sum(axis=0) for hour in range(24)])
    scores = legendre(shares(by_hour.sum(axis=0), REAL), REAL)

    theory = 1 + 1_000 * 0.1**2 * HOUR_TICKS
    assert design_effects(ticks, slots, by_hour, scores, REAL)[0, 0] > theory * 0.85


@pytest.mark.slow
def test_ten_times_the_events_of_the_reference_raise_no_alarm() -> None:
    rng = np.random.default_rng(17)
    alarms = {}
    for tempered in (True, False):
        alarms[tempered] = 0
        for _ in range(4):
            means = _wandering(rng, 14 * DAY_TICKS + 6_000, 0.9, 0.05)
            reference = _ticks(rng, means[: 14 * DAY_TICKS], 300)
            future = _ticks(rng, means[14 * DAY_TICKS :], 3_000)
            usual = np.array([300.0]) if tempered else None
            alternatives = of_histograms(reference.sum(axis=0), design_effects=_effects(reference), usual=usual)
            held = nothing(alternatives)
            for counts in future:
                held = step(held, log_ratios(alternatives, counts), counts.sum(axis=1))
                if evidence(alternatives, held)[0] >= 8_640:
                    held[:] = 0
                    alarms[tempered] += 1

    assert alarms[True] == 0
    assert alarms[False] > 20


def test_the_same_events_in_one_tick_or_in_several_speak_alike_when_their_number_is_said() -> None:
    reference = _ticks(np.random.default_rng(18), np.zeros(2_000), 100)
    effects = np.full((1, 17), 4.0)
    alternatives = of_histograms(reference.sum(axis=0), design_effects=effects, usual=np.array([100.0]))
    five = reference[:5].sum(axis=0)

    parts = sum(log_ratios(alternatives, counts) for counts in reference[:5])
    assert log_ratios(alternatives, five, ticks=5) == pytest.approx(parts, abs=1e-4)
    assert log_ratios(alternatives, five) == pytest.approx(parts * 4 / (1 + 3 * 5), abs=1e-4)


def test_a_few_pairs_of_rare_bad_values_are_seen_to_be_no_chance() -> None:
    rng = np.random.default_rng(19)
    pairs = np.where(rng.random((14 * 1_440, 40)) < 1 / 2_880, 2.0, 0.0)
    pairs[:, pairs.sum(axis=0) < 4] = pairs[:, [0]]

    assert (_rates(pairs, 100) > 1).mean() > 0.9


@pytest.mark.slow
def test_a_hundred_times_the_traffic_raises_no_alarm_where_dependence_was_too_small_to_be_seen() -> None:
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(6):
        means = _wandering(rng, 14 * 1_440 + 8_000, 0.9, 0.02)
        reference, future = _ticks(rng, means[: 14 * 1_440], 10), _ticks(rng, means[14 * 1_440 :], 1_000)
        whole = reference.sum(axis=0)
        slopes = _slopes(whole, _effects(reference), len(reference))
        alternatives = of_histograms(whole, design_effects=_effects(reference), slopes=slopes, usual=np.array([10.0]))
        held = nothing(alternatives)
        for counts in future:
            held = step(held, log_ratios(alternatives, counts), counts.sum(axis=1))
            if evidence(alternatives, held)[0] >= 43_200:
                held[:] = 0
                alarms += 1

    assert alarms <= 2


def _slopes(reference: Floats, effects: Floats, ticks: int) -> Floats:
    """As a baseline gives them to effects of a numeric subject."""
    counts = np.concatenate([np.full((1, 3), np.inf), reference], axis=1)
    return np.where(effects > 1, effects, hidden(ticks, float(reference.sum()), 10.0, counts))
