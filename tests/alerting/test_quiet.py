"""Quiet hours: read as people write them, and always over, whatever the clocks of the world do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from alerting.clocks import DAYS
from alerting.ownership_file import parse_ownership
from alerting.quiet import Quiet, parse_quiet, quiet_until

NIGHTS = parse_quiet("Mon-Sun 22:00-07:00")

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
         "Pacific/Auckland", "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia"]  # fmt: skip

MOMENTS = st.integers(0, 15 * 366 * 1_440).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def utc(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-20 21:59", None),
        ("2026-11-20 22:00", "2026-11-21 07:00"),
        ("2026-11-21 03:00", "2026-11-21 07:00"),
        ("2026-11-21 07:00", None),
        ("2026-11-22 23:00", "2026-11-23 07:00"),  # Sunday to Monday.
    ],
)
def test_a_night_ends_in_the_morning(at: str, until: str | None) -> None:
    assert quiet_until(utc(at), "UTC", NIGHTS) == (utc(until) if until else None)


def test_days_are_those_on_which_quiet_hours_begin() -> None:
    friday = parse_quiet("Fri 22:00-07:00")

    assert quiet_until(utc("2026-11-21 06:00"), "UTC", friday) == utc("2026-11-21 07:00")
    assert quiet_until(utc("2026-11-20 06:00"), "UTC", friday) is None


def test_nights_and_the_weekend_may_be_given_together() -> None:
    quiet = parse_quiet("Mon-Fri 18:00-08:00; Sat-Sun 00:00-00:00")

    assert quiet_until(utc("2026-11-20 19:00"), "UTC", quiet) == utc("2026-11-23 00:00")
    assert quiet_until(utc("2026-11-23 19:00"), "UTC", quiet) == utc("2026-11-24 08:00")


def test_the_partys_own_clock_counts() -> None:
    assert quiet_until(utc("2026-11-20 21:30"), "Europe/Berlin", NIGHTS) == utc("2026-11-21 06:00")


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-28 23:00", "2026-03-29 05:00"),  # A night of eight hours.
        ("2026-10-24 23:00", "2026-10-25 06:00"),  # And one of ten.
    ],
)
def test_a_change_of_the_clock_does_not_move_the_morning(at: str, until: str) -> None:
    assert quiet_until(utc(at), "Europe/Berlin", NIGHTS) == utc(until)


def test_an_end_in_the_hour_that_is_left_out_comes_after_it() -> None:
    until = quiet_until(utc("2026-03-29 00:00"), "Europe/Berlin", parse_quiet("Sat 22:00-02:30"))

    assert until is not None
    assert f"{until.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" == "03:30"


def test_what_the_clock_shows_twice_is_quiet_twice() -> None:
    quiet = parse_quiet("Sat 22:00-02:30")
    shown_first, shown_again = utc("2026-10-25 00:10"), utc("2026-10-25 01:10")  # Both are 02:10 in Berlin.

    assert quiet_until(shown_first, "Europe/Berlin", quiet) == utc("2026-10-25 00:30")
    assert quiet_until(shown_again, "Europe/Berlin", quiet) == utc("2026-10-25 01:30")


@st.composite
def written(draw: st.DrawFn) -> str:
    """Quiet hours of one to three parts, as they are written."""
    clock = st.times().map(lambda moment: f"{moment:%H:%M}")
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        days = "-".join(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=2)))
        parts.append(f"{days} {draw(clock)}-{draw(clock)}")
    return "; ".join(parts)


def _read(text: str) -> Quiet:
    try:
        return parse_quiet(text)
    except ValueError:
        assume(False)
        raise


@settings(deadline=None)
@given(written(), MOMENTS, st.sampled_from(ZONES))
@example("Sat 22:00-02:30", utc("2026-03-29 00:15"), "Europe/Berlin")
@example("Sun 04:00-00:00; Mon-Sat 00:00-00:00; Sun 00:00-02:00", utc("2026-03-22 04:00"), "Europe/Berlin")
def test_quiet_hours_are_over_within_a_week_and_their_end_is_not_quiet(text: str, at: datetime, zone: str) -> None:
    quiet = _read(text)
    until = quiet_until(at, zone, quiet)

    if until is None:
        assert not quiet.holds(at.astimezone(ZoneInfo(zone)))
        return
    assert quiet.holds(at.astimezone(ZoneInfo(zone)))
    assert at < until <= at + timedelta(days=7)
    assert not quiet.holds(until.astimezone(ZoneInfo(zone)))
    assert quiet_until(until, zone, quiet) is None


@settings(deadline=None)
@given(written(), MOMENTS)
def test_without_a_change_of_the_clock_they_end_at_the_first_minute_that_is_not_quiet(text: str, at: datetime) -> None:
    quiet = _read(text)
    until = quiet_until(at, "UTC", quiet)

    minute = at
    while until is not None and minute < until:
        assert quiet.holds(minute)
        minute += timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon-Sun 00:00-00:00", "leave less than 2 hours in a row in all the week: leave some"),
        ("Mon-Sun 08:00-07:00", "leave less than 2 hours in a row"),
        ("at night", "cannot be read: write them like"),
        ("Mon-Sun 25:00-07:00", "hold an impossible time"),
        ("Moon 22:00-07:00", "name the days 'Moon': use Mon, Tue"),
        ("", "cannot be read"),
        ("Mon 01:00-02:00;" * 8, "9 parts, over 7"),
    ],
)
def test_quiet_hours_that_cannot_be_meant_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_quiet(text)


def test_a_party_keeps_its_quiet_hours_as_written() -> None:
    text = 'version: 1\nparties: {ds: {contacts: [log], quiet: "Mon-Sun 22:00-07:00"}}\nfallback: {owner: ds}\n'

    assert parse_ownership(text).parties["ds"].quiet == "Mon-Sun 22:00-07:00"
