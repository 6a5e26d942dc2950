import pytest

from benchmarks.detection import fleets
from benchmarks.detection.section import Scale


def test_every_size_has_a_row_per_detector_and_the_usual_rules_alarm_where_nothing_changed() -> None:
    count = fleets.watched(events=100, reference=1_000, windows=10, seed=1)

    assert count.told[fleets.ESR].alarms == 0
    assert count.told[fleets.OWNER].alarms == 0
    assert count.told["PSI > .1"].alarms > 1_000
    assert count.told["KS p < .05"].windows == 10


def test_the_same_seed_gives_the_same_counts() -> None:
    first, second = (fleets.watched(events=30, reference=1_000, windows=3, seed=7) for _ in range(2))

    assert first == second


def test_goals_are_judged_over_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "MONITORS", 100)

    section = fleets.run(Scale(1 / 2_000), lambda words: None)

    assert len(section.rows) == 9 * 7
    assert [goal.met for goal in section.goals] == [True, True]
