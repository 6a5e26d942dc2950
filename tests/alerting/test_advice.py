"""What to do first: something for every tier that expects anything, and a section of the runbook for every detector."""

import re
from pathlib import Path
from typing import get_args

import pytest

from alerting.advice import ANCHORS, section, steps
from alerting.tiers import SELF_WATCH, Tier
from detectors.reading import Detector

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
DETECTORS = get_args(Detector)


def _anchors() -> set[str]:
    """The headings as a page that shows Markdown names them in its address."""
    headings = re.findall(r"^#+ (.*)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_detector_has_a_section_of_the_runbook() -> None:
    assert set(ANCHORS) == set(DETECTORS)
    assert {section("", detector).removeprefix("#") for detector in (*DETECTORS, *SELF_WATCH)} - _anchors() == set()


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("tier", [Tier.INVESTIGATE, Tier.ACT])
def test_whoever_must_act_is_told_what_to_do_first_in_at_most_three_lines(detector: str, tier: Tier) -> None:
    assert 1 <= len(steps(tier, detector)) <= 3


@pytest.mark.parametrize("detector", sorted(SELF_WATCH))
def test_whoever_runs_the_service_is_told_too(detector: str) -> None:
    assert 1 <= len(steps(Tier.BLIND, detector)) <= 3


def test_what_is_for_the_record_only_asks_for_nothing() -> None:
    assert steps(Tier.OBSERVE, "psi") == ()


def test_a_line_is_short_enough_to_be_read() -> None:
    every = [line for tier in Tier for detector in (*DETECTORS, *SELF_WATCH) for line in steps(tier, detector)]

    assert max(map(len, every)) <= 110
