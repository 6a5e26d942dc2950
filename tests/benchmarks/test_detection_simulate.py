from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from benchmarks.detection.gathered import Gathered, alone, owner
from benchmarks.detection.simulate import CATEGORIES, Change, Fleet, categories, null_rates, number_shares, numbers
from detectors.bins import COARSE_LEVELS

NOW = Change(location=0.3, scale=1.5, tail=0.02, collapsed=0.05, rarest=2.0, nulls=3.0)

KINDS = pytest.mark.parametrize("kind", [numbers, categories, null_rates])


@KINDS
def test_true_shares_add_up_before_and_after_any_change(kind: Callable[..., Fleet]) -> None:
    fleet = kind(np.random.default_rng(1), 50, 1_000)

    for change in (Change(), NOW):
        shares = fleet.shares(change)
        assert shares.shape == fleet.reference.shape
        assert (shares > 0).all()
        assert shares.sum(axis=1) == pytest.approx(1)


@KINDS
def test_a_reference_holds_as_many_values_as_it_is_said_to(kind: Callable[..., Fleet]) -> None:
    assert (kind(np.random.default_rng(1), 20, 1_000).reference.sum(axis=1) == 1_000).all()


def test_edges_are_drawn_as_if_a_sample_had_been_cut_at_its_own_quantiles() -> None:
    monitors, reference = 2_000, 200
    rng = np.random.default_rng(2)
    sample = np.sort(rng.standard_normal((monitors, reference)), axis=1)
    ranks = np.ceil(np.array(COARSE_LEVELS) * reference - 1e-6).astype(int)
    cut = number_shares(sample[:, ranks - 1], Change())

    drawn = numbers(rng, monitors, reference).shares(Change())

    for place in range(drawn.shape[1]):
        assert stats.ks_2samp(cut[:, place], drawn[:, place]).pvalue > 1e-3, place
    assert np.cov(drawn.T) == pytest.approx(np.cov(cut.T), abs=1e-4)


def test_shares_are_those_of_changed_values_that_are_counted() -> None:
    edges = np.array([[-2.0, -0.5, 0.4, 1.5, 3.0]])
    rng = np.random.default_rng(3)
    values = 0.3 + 1.5 * rng.standard_normal(400_000)
    far, flat = rng.random(values.size) < 0.02, rng.random(values.size) < 0.05
    values[far] = 4 + rng.standard_normal(int(far.sum()))
    values[flat] = 0.0
    counted = np.bincount(np.searchsorted(edges[0], values), minlength=6) / values.size

    assert number_shares(edges, NOW)[0] == pytest.approx(counted, abs=0.003)


def test_the_rarest_category_grows_at_the_cost_of_all_others_alike() -> None:
    shares = categories(np.random.default_rng(1), 3, 1_000).shares(Change(rarest=2.0))[0]

    assert shares[-1] == pytest.approx(2 * CATEGORIES[-1])
    assert shares[:-1] / CATEGORIES[:-1] == pytest.approx(0.84 / 0.92)


def test_a_part_of_a_change_lies_between_none_and_all_of_it() -> None:
    assert NOW.part(0) == Change()
    assert NOW.part(1) == NOW
    assert NOW.part(0.5) == Change(0.15, 1.25, 0.01, 0.025, 1.5, 2.0)


def test_a_monitor_that_was_told_of_begins_anew_and_the_others_keep_their_evidence() -> None:
    fleet = numbers(np.random.default_rng(1), 2, 10_000)
    gathered = Gathered(fleet.alternatives, alone(1e4))
    shifted, same = fleet.shares(Change(location=1.0))[0] * 1_000, fleet.reference[1] / 10

    told = gathered.take(np.stack([shifted, same]))

    assert told.tolist() == [True, False]
    assert gathered.held[0].sum() == 0
    assert gathered.held[1].sum() > 0


def test_an_owner_is_told_by_the_mean_so_that_one_monitor_needs_more_when_there_are_many() -> None:
    evidence = np.array([900.0, 0, 0, 0])

    assert alone(800)(evidence).tolist() == [True, False, False, False]
    assert not owner(800)(evidence).any()
    assert owner(225)(evidence).any()
