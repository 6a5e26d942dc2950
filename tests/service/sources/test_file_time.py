"""Times as files write them."""

import math
from datetime import UTC, date, datetime

import pytest

from service.sources.file_time import time_ms

NOON_MS = 1_706_702_400_000
"""2024-01-31 12:00 UTC."""


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-31T12:00:00Z",
        "2024-01-31T13:00:00+01:00",
        "2024-01-31 12:00:00",
        " 2024-01-31 12:00 ",
        "2024-01-31T12:00:00.000400",
        "1706702400",
        "1706702400.0",
        "1706702400000",
        1_706_702_400,
        1_706_702_400.0,
        1_706_702_400_000,
        1_706_702_400_000_000,
        1_706_702_400_000_000_000,
        datetime(2024, 1, 31, 12, tzinfo=UTC),
    ],
)
def test_a_moment_is_the_same_however_it_is_written(written: object) -> None:
    assert time_ms(written) == NOON_MS


def test_a_date_is_its_midnight_in_utc() -> None:
    assert [time_ms("2024-01-31"), time_ms(date(2024, 1, 31))] == [NOON_MS - 43_200_000] * 2


def test_a_date_before_1970_is_negative() -> None:
    assert time_ms("1969-12-31") == -86_400_000


@pytest.mark.parametrize(
    "written",
    [
        None, True, "", "noon", "31.01.2024", "20240131", 20_240_131, "2024", 0, math.nan, math.inf, 1e300,
        "9" * 400, "2024-13-01", "12:00:00", [1], b"2024-01-31",
    ],
)  # fmt: skip
def test_what_is_no_time_for_sure_is_none(written: object) -> None:
    assert time_ms(written) is None
