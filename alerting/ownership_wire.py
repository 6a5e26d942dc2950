"""The ownership table as it is written: field by field, before names are looked up in one another."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from alerting.allowance import RATE_MAX, RATE_MIN, parse_rate
from alerting.clocks import parse_hours
from alerting.contact_wire import Contacts
from alerting.quiet import parse_quiet
from alerting.route import Role

NAME_CHARS_MAX = 256
REASON_CHARS_MAX = 500


def _tz(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError(f'{text!r} is not a time zone|Use a name such as "Europe/Berlin" or "UTC"') from fault
    return text


def _hours(text: str) -> str:
    return _readable(text, parse_hours)


def _quiet(text: str) -> str:
    return _readable(text, parse_quiet)


def _readable(text: str, parse: Callable[[str], object]) -> str:
    try:
        parse(text)
    except ValueError as fault:
        # The text itself may hold ": ".
        problem, _, fix = str(fault).rpartition(": ")
        raise ValueError(f"{problem}|{fix[:1].upper()}{fix[1:]}") from fault
    return text


def _rate(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return parse_rate(text)
    except ValueError as fault:
        problem, _, fix = str(fault).partition(": ")
        raise ValueError(f"{problem}|{fix[:1].upper()}{fix[1:]}") from fault


def _iso_date(text: object) -> object:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else text
    except ValueError as fault:
        raise ValueError(f'{text!r} is not a date|Write it like "2027-03-31"') from fault


Day = Annotated[date, BeforeValidator(_iso_date, json_schema_input_type=date)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


RateText = Annotated[str, Field(examples=["1 per 30 days", "2 per week"])]
Rate = Annotated[float, BeforeValidator(_rate, json_schema_input_type=RateText), Field(ge=RATE_MIN, le=RATE_MAX)]


class WireAllowance(_Wire):
    """How many false alarms the party accepts."""

    pages: Rate | None = None
    tickets: Rate | None = None
    digests: Rate | None = None


class WireParty(_Wire):
    """A person or a team."""

    contacts: Contacts
    tz: Annotated[str, AfterValidator(_tz)] = "UTC"
    hours: Annotated[str, AfterValidator(_hours)] = "Mon-Fri 09:00-17:00"
    quiet: Annotated[str, AfterValidator(_quiet)] | None = None
    false_alarms: WireAllowance = WireAllowance()


class WireMatch(_Wire):
    """What a rule is about."""

    family: Name | None = None
    model: Name | None = None
    version: Name | None = None
    segment: Mapping[Name, str] | Name | None = None
    feature: Name | None = None
    feature_view: Name | None = None


class WireNobody(_Wire):
    """A role that is left empty on purpose."""

    none: Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX)]
    until: Day


class WireRule(_Wire):
    """One row."""

    id: Name
    match: WireMatch
    assign: Annotated[dict[Role, Name | WireNobody], Field(min_length=1)]
    policy: Name | None = None
    review_by: Day | None = None


class WireFamily(_Wire):
    """A family of models by their names; a bare list means the same."""

    models: Annotated[list[Name], Field(min_length=1)]


WireFallback = dict[Role, Name]
