"""By when: wall time for what cannot wait, the party's working days for the rest."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.clocks import Hours, deadlines, parse_hours, working_days_after
from alerting.escalation_policy import DEFAULT
from alerting.tiers import Tier
from tests.alerting.examples import NOON

OFFICE = parse_hours("Mon-Fri 09:00-18:00")


def utc(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "days", "due"),
    [
        ("2026-11-17 10:00", 1, "2026-11-18 10:00"),  # Tuesday to Wednesday.
        ("2026-11-20 10:00", 1, "2026-11-23 10:00"),  # Friday to Monday.
        ("2026-11-20 10:00", 5, "2026-11-27 10:00"),
        ("2026-11-21 10:00", 1, "2026-11-24 09:00"),  # Saturday counts from Monday's opening.
        ("2026-11-17 03:00", 1, "2026-11-18 09:00"),  # At night: from the morning.
        ("2026-11-17 20:00", 1, "2026-11-19 09:00"),  # In the evening: from the next morning.
        ("2026-11-17 18:00", 1, "2026-11-18 18:00"),
    ],
)
def test_a_working_day_later_is_the_same_time_on_the_next_working_day(told: str, days: int, due: str) -> None:
    assert working_days_after(utc(told), days, "UTC", OFFICE) == utc(due)


def test_summer_time_does_not_move_the_time_of_day() -> None:
    friday_before = utc("2026-03-27 10:00")  # 11:00 in Berlin, still winter.

    assert working_days_after(friday_before, 1, "Europe/Berlin", OFFICE) == utc("2026-03-30 09:00")


def test_a_working_day_is_that_of_the_partys_own_zone() -> None:
    friday_evening = utc("2026-11-19 23:00")  # Friday 08:00 in Tokyo.

    assert working_days_after(friday_evening, 1, "Asia/Tokyo", OFFICE) == utc("2026-11-23 00:00")


def test_act_does_not_wait_for_office_hours() -> None:
    due = [clock.by - NOON for clock in deadlines(DEFAULT.act.clocks, Tier.ACT, NOON, "UTC", OFFICE)]

    assert due == [timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24)]


def test_investigate_has_three_working_day_clocks() -> None:
    due = [
        f"{clock.by:%a %d %H:%M}"
        for clock in deadlines(DEFAULT.investigate.clocks, Tier.INVESTIGATE, NOON, "UTC", OFFICE)
    ]

    assert due == ["Mon 23 12:00", "Wed 25 12:00", "Fri 27 12:00"]


def test_observe_expects_nothing() -> None:
    assert DEFAULT.at(Tier.OBSERVE) is None


def test_a_week_may_begin_on_sunday() -> None:
    assert parse_hours("Sun-Thu 08:00-16:00").days == frozenset({6, 0, 1, 2, 3})


def test_without_hours_it_is_nine_to_five_on_weekdays() -> None:
    assert Hours() == parse_hours("Mon-Fri 09:00-17:00")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("09:00-17:00", "cannot be read"),
        ("Mon-Fri 9-17", "cannot be read"),
        ("Mon-Fri 09:00-25:00", "impossible time"),
        ("Mon-Fri 18:00-02:00", "end before they begin"),
        ("Mon-Fry 09:00-17:00", "'Mon-Fry'"),
        ("Mon-Wed-Fri 09:00-17:00", "'Mon-Wed-Fri'"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_hours(text)
