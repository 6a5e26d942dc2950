"""Tiers: raise on the lower bound, come down on the upper one."""

from dataclasses import replace

import pytest

from alerting.tiers import Ladder, Rungs, Tier
from tests.alerting.examples import clear, finding, insufficient


@pytest.mark.parametrize(
    ("detector", "low", "tier"),
    [
        ("psi", 0.019, None),
        ("psi", 0.02, Tier.OBSERVE),
        ("psi", 0.1, Tier.INVESTIGATE),
        ("psi", 0.2, Tier.ACT),
        ("ks", 0.24, Tier.INVESTIGATE),
        ("ks", 0.25, Tier.ACT),
        ("missing", 0.05, Tier.INVESTIGATE),
        ("duplicates", 0.2, Tier.ACT),
        ("psi", None, None),
        ("adwin", None, Tier.OBSERVE),
        ("adwin", 9.0, Tier.OBSERVE),
        ("volume", None, Tier.OBSERVE),
        ("freshness", None, Tier.INVESTIGATE),
        ("lag", None, Tier.BLIND),
        ("something_new", 9.0, Tier.OBSERVE),
    ],
)
def test_a_drifting_finding_earns_the_tier_its_lower_bound_reaches(
    detector: str, low: float | None, tier: Tier | None
) -> None:
    assert Ladder().tier(finding(detector=detector, low=low, high=low)) == tier


def test_a_large_value_with_a_small_lower_bound_earns_the_small_tier() -> None:
    assert Ladder().tier(finding(low=0.03, high=5.0)) == Tier.OBSERVE


@pytest.mark.parametrize("condition", ["ok", "insufficient"])
def test_what_does_not_drift_earns_no_tier(condition: str) -> None:
    found = finding(low=0.9, condition="ok" if condition == "ok" else "insufficient")

    assert Ladder().tier(found) is None


@pytest.mark.parametrize(
    ("held", "high", "clears"),
    [
        (Tier.ACT, 0.099, True),
        (Tier.ACT, 0.1, False),
        (Tier.INVESTIGATE, 0.049, True),
        (Tier.INVESTIGATE, 0.05, False),
        (Tier.OBSERVE, 0.009, True),
        (Tier.OBSERVE, 0.01, False),
    ],
)
def test_an_upper_bound_below_half_of_what_raised_the_tier_clears_it(held: Tier, high: float, clears: bool) -> None:
    assert Ladder().clears(finding(low=0.0, high=high, condition="ok"), held) is clears


def test_ok_with_a_wide_interval_does_not_clear() -> None:
    assert not Ladder().clears(finding(low=0.0, high=0.5, condition="ok"), Tier.ACT)


def test_insufficient_never_clears() -> None:
    assert not Ladder().clears(insufficient(end=1), Tier.OBSERVE)


@pytest.mark.parametrize("detector", ["adwin", "volume", "freshness"])
def test_a_detector_without_an_interval_clears_when_it_says_ok(detector: str) -> None:
    assert Ladder().clears(clear(end=1, detector=detector), Tier.INVESTIGATE)


def test_blind_reaches_every_tier_since_it_is_always_told() -> None:
    assert all(Tier.BLIND.reaches(floor) for floor in Tier)


@pytest.mark.parametrize("psi", [(0.1, 0.1, 0.2), (0.2, 0.1, 0.3), (0.0, 0.1, 0.2)])
def test_a_ladder_whose_rungs_do_not_rise_is_refused(psi: Rungs) -> None:
    with pytest.raises(ValueError, match="give three rising numbers above 0"):
        Ladder(psi=psi)


def test_a_tier_reads_as_its_name() -> None:
    assert f"{Tier.ACT}" == "act"


def test_a_window_as_large_as_a_third_of_the_reference_clears_by_its_value() -> None:
    told = finding(condition="ok", low=0.0, high=0.026, detector="ks")
    wide = replace(told, value=0.0, n=2_000, reference_n=5_000)

    assert Ladder().clears(wide, Tier.OBSERVE)
    assert not Ladder().clears(replace(wide, n=1_000), Tier.OBSERVE)
    assert not Ladder().clears(replace(wide, value=0.03), Tier.OBSERVE)
