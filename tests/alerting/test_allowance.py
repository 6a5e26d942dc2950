"""A party writes how many false alarms it accepts as a rate; what cannot be kept is refused with the way out."""

import pytest

from alerting.allowance import Allowance, parse_rate
from alerting.errors import OwnershipError
from alerting.ownership_file import parse_ownership

TABLE = "version: 1\nparties:\n  ds: {{contacts: [log], false_alarms: {{{}}}}}\nfallback: {{owner: ds}}\n"


def _allowance(accepts: str) -> Allowance:
    return parse_ownership(TABLE.format(accepts)).parties["ds"].allowance


def _faults(accepts: str) -> str:
    with pytest.raises(OwnershipError) as caught:
        _allowance(accepts)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "in_30_days"),
    [
        ("1 per 30 days", 1.0),
        ("2 per week", 60 / 7),
        ("0.5 per day", 15.0),
        ("1 per 2 weeks", 30 / 14),
        ("1 per hour", 720.0),
        ("3 per month", 3.0),
        ("1 per quarter", 30 / 91),
        ("1 per year", 30 / 365),
        (" 1 per 1 day ", 30.0),
    ],
)
def test_a_rate_is_read_as_its_number_in_30_days(text: str, in_30_days: float) -> None:
    assert parse_rate(text) == pytest.approx(in_30_days)


@pytest.mark.parametrize(
    "text",
    ["", "1", "one per day", "-1 per day", "1 per -2 days", "1/day", "1 per fortnight", "1e3 per day", "1, per day",
     "1 per day and night", ".5 per day", "nan per day", "inf per day"],
)  # fmt: skip
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read: write it like") as caught:
        parse_rate(text)

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["0 per day", "0.0 per week", "0 per 30 days"])
def test_a_rate_of_nothing_is_refused_since_nothing_could_ever_be_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"is never: .*nothing can be told without any chance of a false alarm"):
        parse_rate(text)


def test_a_party_may_give_a_rate_for_each_tier_and_leave_out_any() -> None:
    assert _allowance("pages: 1 per 60 days, digests: 2 per day") == Allowance(pages=0.5, digests=60.0)
    assert _allowance("") == Allowance()


def test_a_plain_number_is_in_30_days() -> None:
    assert _allowance("pages: 2, tickets: 4.5") == Allowance(pages=2.0, tickets=4.5)


@pytest.mark.parametrize("accepts", ["pages: 0", "tickets: -1", "digests: true", "pages: [1]", "calls: 1 per day"])
def test_a_number_that_is_no_allowance_is_refused_at_its_line(accepts: str) -> None:
    assert _faults(accepts).startswith("owners.yaml:3:")


@pytest.mark.parametrize("accepts", ["pages: 0 per day", "pages: soon"])
def test_a_rate_that_is_refused_in_the_table_is_quoted_with_an_example(accepts: str) -> None:
    rate = accepts.removeprefix("pages: ")

    assert f"rate '{rate}'" in _faults(accepts)
    assert 'rite it like "1 per 30 days" or "2 per week"' in _faults(accepts)


@pytest.mark.parametrize(
    "accepts", [f"pages: {'9' * 400} per day", f"pages: 1 per {'9' * 400} days", "pages: 1 per 0 days"]
)
def test_a_rate_beyond_all_reason_is_refused_at_its_line(accepts: str) -> None:
    assert _faults(accepts).startswith("owners.yaml:3:")
