"""Each alternative is a fair bet under every reference that the counts allow, and wins when the world is as it says."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from detectors.alternatives import Alternatives, of_histograms, of_rates
from detectors.curves import CURVES, legendre
from detectors.esr import evidence, log_ratios, nothing, step

Floats = NDArray[np.float64]

REFERENCES = {
    "even": np.full(14, 1_000.0),
    "rare tails": np.array([50.0, 150, 800, *[1_000] * 8, 800, 150, 50]),
    "with empty bins": np.array([0.0, 3_000, 0, 6_990, 10, 0]),
    "two bins": np.array([9_990.0, 10]),
    "small": np.full(14, 40.0),
}


def _per_event(alternatives: Alternatives, slot: int = 0) -> Floats:
    """What one event in each bin adds to the log e-value: (S, B, K)."""
    monitors, _, bins = alternatives.scores.shape
    scores = np.swapaxes(alternatives.scores, 1, 2)[:, :, :, None]
    curves = alternatives.curves.tilt[slot][:, None] * scores - alternatives.curves.cost[slot][:, None]
    features = alternatives.bins.kept.shape[1]
    ones = np.eye(bins)[:, :features]
    single = alternatives.bins.tilt[slot][:, None] * ones[None, :, :, None] - alternatives.bins.cost[slot][:, None]
    return np.concatenate([curves.reshape(monitors, bins, -1), single.reshape(monitors, bins, -1)], axis=2)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_mean_of_an_e_value_is_at_most_one_when_the_reference_is_exact(name: str) -> None:
    counts = REFERENCES[name][None]
    shares = (counts + 0.5) / (counts.sum() + 0.5 * counts.size)
    gains = np.exp(_per_event(of_histograms(counts)))

    assert (np.einsum("sb,sbk->sk", shares, gains) <= 1 + 1e-5).all()


@pytest.mark.parametrize("name", ["even", "rare tails"])
def test_it_stays_so_for_nearly_every_world_that_could_have_given_this_reference(name: str) -> None:
    truth = REFERENCES[name] / REFERENCES[name].sum()
    rng = np.random.default_rng(1)
    references = rng.multinomial(10_000, truth, 2_000).astype(np.float64)
    gains = np.exp(_per_event(of_histograms(references)))
    fair = np.einsum("b,sbk->sk", truth, gains) <= 1 + 1e-6

    # Each alternative tolerates 2.5 standard errors in its own direction: 0.6 % of references are further off.
    assert (1 - fair.mean(axis=0)).max() < 0.015
    assert fair.mean() > 0.993


def test_an_alternative_gains_evidence_in_the_world_it_describes() -> None:
    counts = REFERENCES["even"][None]
    alternatives = of_histograms(counts)
    shares = counts / counts.sum()
    tilts = alternatives.curves.tilt[0, 0].astype(np.float64)
    for curve in range(3):
        for size in range(8):
            world = shares[0] * np.exp(tilts[curve, size] * alternatives.scores[0, curve])
            world /= world.sum()
            gain = world @ _per_event(alternatives)[0][:, curve * 8 + size]
            assert gain > 0, (CURVES[curve], size)


def test_the_sizes_of_curves_are_their_psi_to_the_reference() -> None:
    counts = np.full((1, 14), 1e7)
    alternatives = of_histograms(counts)
    shares = counts[0] / counts.sum()
    found = []
    for tilt in alternatives.curves.tilt[0, 0, 0]:
        world = shares * np.exp(float(tilt) * alternatives.scores[0, 0])
        world /= world.sum()
        found.append(float(((world - shares) * np.log(world / shares)).sum()))

    assert found == pytest.approx([0.01, 0.04, 0.16, 0.64] * 2, rel=1e-3)


def test_a_small_reference_plays_fewer_alternatives_and_says_how_far_it_can_see() -> None:
    small, large = of_histograms(np.full((1, 14), 70.0)), of_histograms(np.full((1, 14), 7_000.0))

    assert small.number[0] < large.number[0]
    assert small.reach[0] == pytest.approx(0.18, abs=0.01)
    assert large.reach[0] == pytest.approx(0.058, abs=0.002)


def test_a_hopeless_reference_plays_none() -> None:
    alternatives = of_histograms(np.full((1, 14), 1.0))

    assert (alternatives.number[0], alternatives.reach[0]) == (0, np.inf)


def test_a_design_effect_shrinks_the_reference_and_every_gain() -> None:
    counts = np.full((1, 14), 1_000.0)
    plain = of_histograms(counts)
    tempered = of_histograms(counts, design_effects=np.full((1, 17), 4.0))
    as_if_smaller = of_histograms(counts / 4)

    assert tempered.curves.tilt[0].max() == pytest.approx(plain.curves.tilt[0].max() / 4, rel=1e-5)
    assert tempered.number[0] == as_if_smaller.number[0]
    assert tempered.reach[0] == pytest.approx(as_if_smaller.reach[0], rel=1e-3)


def test_bins_that_a_monitor_does_not_have_are_never_played() -> None:
    counts = np.array([[100.0, 200, 300, 0, 0], [100, 100, 100, 100, 100]]) * 20
    alternatives = of_histograms(counts, widths=np.array([3, 5]))

    assert not alternatives.bins.kept[0, 3:].any()
    assert alternatives.bins.kept[1, 3:].any()


def test_an_unranked_bin_has_no_place_in_the_curves() -> None:
    counts = np.array([[1_000.0, 1_000, 1_000, 1_000, 500]])
    unranked = np.array([[False, False, False, False, True]])
    scores = of_histograms(counts, unranked=unranked).scores[0]
    shares = (counts[0] + 0.5) / (counts.sum() + 2.5)

    assert (scores[:, 4] == 0).all()
    assert (scores**2 @ shares) == pytest.approx([1, 1, 1])
    assert (scores @ shares) == pytest.approx([0, 0, 0], abs=1e-12)


def test_a_histogram_of_two_bins_has_one_curve() -> None:
    scores = legendre(np.array([[0.3, 0.7]]), np.array([[True, True]]))

    assert (np.abs(scores[0]).max(axis=1) > 0).tolist() == [True, False, False]


def test_a_rate_is_held_against_the_upper_bound_of_what_the_reference_saw() -> None:
    alternatives = of_rates(np.array([0.0]), np.array([10_000.0]))
    bound = float(special.betaincinv(1, 10_000, special.ndtr(2.5)))
    gains = np.exp(_per_event(alternatives))[0]
    kept = alternatives.bins.kept.reshape(-1)

    assert kept.any()
    mean = bound * gains[0] + (1 - bound) * gains[1]
    assert mean[kept] == pytest.approx(np.ones(kept.sum()), abs=1e-5)


def test_slots_of_time_each_have_their_own_costs_and_an_hour_without_reference_is_not_played() -> None:
    day = np.full((1, 14), 1_000.0)
    night = np.linspace(500.0, 1_500.0, 14)[None]
    alternatives = of_histograms(np.stack([day, night, np.zeros((1, 14))]))

    assert not np.allclose(alternatives.curves.cost[0], alternatives.curves.cost[1])
    assert (alternatives.curves.tilt[2] == 0).all()
    assert alternatives.reach[0] == np.inf
    for slot, counts in enumerate((day, night)):
        shares = (counts + 0.5) / (counts.sum() + 7)
        assert (np.einsum("sb,sbk->sk", shares, np.exp(_per_event(alternatives, slot))) <= 1 + 1e-5).all()


def test_a_rate_that_doubles_is_found_between_two_alternatives() -> None:
    rng = np.random.default_rng(3)
    reference, events, monitors = 10_000, 1_667, 100
    bad = rng.binomial(reference, 0.01, monitors).astype(np.float64)
    rates = of_rates(bad, np.full(monitors, float(reference)))
    held = nothing(rates)
    found = np.full(monitors, np.inf)
    for window in range(1, 101):
        k = rng.binomial(events, 0.02, monitors).astype(np.float64)
        held = step(held, log_ratios(rates, np.stack([k, events - k], axis=1)), np.full(monitors, float(events)))
        found[(evidence(rates, held) >= 8.64e6) & np.isinf(found)] = window

    assert np.median(found) <= 9
    assert np.isfinite(found).mean() >= 0.95
