import pytest

from service.windows import DAYS_30_SECONDS, WINDOWS, alpha


def test_the_alphas_of_all_tests_in_30_days_add_up_to_the_budget() -> None:
    tests, budget, tick_seconds = 140, 2.0, 60

    spent = sum(
        alpha(window, tests=tests, pages_per_30_days=budget, tick_seconds=tick_seconds)
        * tests
        * DAYS_30_SECONDS
        / (window.step * tick_seconds)
        for window in WINDOWS
    )

    assert spent == pytest.approx(budget)


def test_a_window_is_read_only_when_its_step_ends() -> None:
    five, _, day = WINDOWS

    assert [tick for tick in range(12) if five.ends_with(tick)] == [4, 9]
    assert [tick for tick in range(121) if day.ends_with(tick)] == [59, 119]


def test_window_names_follow_the_length_of_a_tick() -> None:
    assert [window.name(1) for window in WINDOWS] == ["5s", "1m", "24m"]
