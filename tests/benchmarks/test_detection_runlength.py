import math

import pytest

from benchmarks.detection import cost, runlength
from benchmarks.detection.section import Scale


def _quiet(_: str) -> None:
    return None


def test_the_wait_of_a_known_null_is_about_what_is_stated() -> None:
    null = next(null for null in runlength.NULLS if null.name == "category, one event a tick")

    mean, error, ended = runlength.waited(null, 50, 600, seed=3)

    assert ended == 600
    assert 50 - 2 * error <= mean <= 50 * 1.4 + 2 * error


def test_waits_that_are_cut_short_do_not_shorten_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    null = next(null for null in runlength.NULLS if null.name == "histogram of normal values, 100 events a tick")
    monkeypatch.setattr(runlength, "CUT", 2)
    cut, cut_error, ended = runlength.waited(null, 50, 400, seed=3)
    monkeypatch.setattr(runlength, "CUT", 100)

    whole, error, all_of_them = runlength.waited(null, 50, 400, seed=3)

    assert ended < 250
    assert all_of_them == 400
    assert abs(cut - whole) < 2 * math.hypot(error, cut_error)


def test_only_ticks_of_one_event_are_run_to_the_longest_wait() -> None:
    assert {null.lengths[-1] for null in runlength.NULLS if null.single} == {10_000}
    assert {null.lengths[-1] for null in runlength.NULLS if not null.single} == {1_000}


def test_cost_says_time_state_and_their_ratio_to_a_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "MONITORS", 500)

    section = cost.run(Scale(0.01), _quiet)

    assert [goal.asked for goal in section.goals] == [
        "500 monitors per tick <= 15 ms", "sequential state <= 300 B per monitor",
    ]  # fmt: skip
    assert section.goals[1].measured == "276 B"
    assert section.goals[1].met
    assert section.rows[1]["x one product"] == 1


def test_the_shares_of_a_number_with_missing_values_add_up() -> None:
    assert len(cost.shares()) == 15
    assert cost.shares().sum() == pytest.approx(1)
