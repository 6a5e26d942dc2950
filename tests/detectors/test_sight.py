"""What a reference cannot see is said with its reason, and what it can see is not."""

import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.fit import fit
from detectors.monitors import Monitors
from detectors.sight import blind_subjects, why_blind

DAY = 1_440


def _fit(count: int, *, rising: float = 0.0, segments: list[str] | None = None) -> Baseline:
    """`rising`: how far the location of "load" goes up from the first row to the last; a row each minute."""
    rng = np.random.default_rng(3)
    columns: dict[str, list[float | bool | str | int | None]] = {
        "load": (rng.normal(0, 1, count) + rising * np.arange(count) / count).tolist(),
        "steady": rng.normal(0, 1, count).tolist(),
    }
    return fit(columns, segments=segments, categories_max=10, segments_max=2, ticks=range(count), tick_seconds=60)


def _blind(baseline: Baseline, segment: str = "") -> dict[str, str]:
    return blind_subjects(Monitors.of(baseline, 60), segment)


def test_a_reference_of_some_thousand_steady_events_sees_every_subject() -> None:
    assert _blind(_fit(3 * DAY)) == {}


def test_a_reference_of_a_few_events_is_blind_and_says_how_few_they_are() -> None:
    why = "the reference of 12 events cannot tell any change from chance; a longer one could"

    assert _blind(_fit(12)) == {"load": why, "steady": why}


def test_a_subject_that_wanders_is_blind_while_a_steady_one_beside_it_sees() -> None:
    blind = _blind(_fit(3 * DAY, rising=20.0))

    assert blind.keys() == {"load"}
    assert blind["load"].startswith("the reference of 4,320 events, which wander so much that they are worth ")
    assert blind["load"].endswith(" independent ones, cannot tell any change from chance; a longer one could")


def test_the_worth_of_wandering_events_is_a_small_part_of_them() -> None:
    words = _blind(_fit(3 * DAY, rising=20.0))["load"]
    worth = float(words.split("are worth ")[1].split(" independent")[0].replace(",", ""))

    assert 1 <= worth < 432


def test_a_small_segment_is_blind_where_all_events_together_see() -> None:
    segments = ["few" if place % 500 == 0 else "many" for place in range(3 * DAY)]
    baseline = _fit(3 * DAY, segments=segments)

    assert (_blind(baseline), _blind(baseline, "many")) == ({}, {})
    assert _blind(baseline, "few").keys() == {"load", "steady"}
    assert "the reference of 9 events" in _blind(baseline, "few")["load"]


def test_the_stream_itself_is_asked_about_without_a_subject_of_its_own() -> None:
    monitors = Monitors.of(_fit(12), 60)

    assert why_blind(monitors, "", "events") == (
        "the reference of 12 events cannot tell any change from chance; a longer one could"
    )


@pytest.mark.parametrize("subject", ["load", "steady"])
def test_a_blind_subject_gathers_no_evidence_however_it_moves(subject: str) -> None:
    baseline = _fit(12)
    monitors = Monitors.of(baseline, 60)
    place = monitors.names.index(("", subject, "psi"))
    held = monitors.nothing()
    for tick in range(50):
        held = monitors.step(held, tick, {"": baseline.reference[""] * 7})

    assert not monitors.sees(place)
    assert monitors.reach(place) == float("inf")
    assert monitors.evidence(held)[place] < 1
