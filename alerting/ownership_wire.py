"""The ownership table as it is written: field by field, before names are looked up in one another."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerting.allowance import RATE_MAX, RATE_MIN, parse_rate
from alerting.clocks import parse_hours
from alerting.route import Role

NAME_CHARS_MAX = 256


def _secret(text: str) -> str:
    if not text.startswith(("env:", "file:")) or text in ("env:", "file:"):
        # The value is not repeated: it may well be the secret itself.
        raise ValueError('is not a reference|Keep secrets out of this file: write "env:NAME" or "file:/path"')
    return text


def _url(text: str) -> str:
    if text.startswith(("env:", "file:")):
        return _secret(text)
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f'{text!r} is not a web address|Write "https://host/path", or "env:NAME" when it is a secret')
    return text


def _tz(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError(f'{text!r} is not a time zone|Use a name such as "Europe/Berlin" or "UTC"') from fault
    return text


def _hours(text: str) -> str:
    try:
        parse_hours(text)
    except ValueError as fault:
        problem, _, fix = str(fault).partition(": ")
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


def _plain_log(contact: object) -> object:
    """Read the contact `log` as `log: ""`."""
    return {"log": ""} if contact == "log" else contact


def _iso_date(text: object) -> object:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else text
    except ValueError as fault:
        raise ValueError(f'{text!r} is not a date|Write it like "2027-03-31"') from fault


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WireWebhook(_Wire):
    """Where to POST and what to sign with."""

    url: Annotated[str, AfterValidator(_url)]
    secret: Annotated[str, AfterValidator(_secret)]


class WireContact(_Wire):
    """One way to reach a party: exactly one of the fields."""

    log: str | None = None
    webhook: WireWebhook | None = None

    @model_validator(mode="after")
    def _one(self) -> "WireContact":
        if (self.log is None) == (self.webhook is None):
            raise ValueError("the contact must be one of log and webhook|Begin a new list item for each contact")
        return self


Rate = Annotated[float, BeforeValidator(_rate), Field(ge=RATE_MIN, le=RATE_MAX)]


class WireAllowance(_Wire):
    """How many false alarms the party accepts."""

    pages: Rate | None = None
    tickets: Rate | None = None
    digests: Rate | None = None


class WireParty(_Wire):
    """A person or a team."""

    contacts: Annotated[list[Annotated[WireContact, BeforeValidator(_plain_log)]], Field(min_length=1, max_length=20)]
    tz: Annotated[str, AfterValidator(_tz)] = "UTC"
    hours: Annotated[str, AfterValidator(_hours)] = "Mon-Fri 09:00-17:00"
    false_alarms: WireAllowance = WireAllowance()


class WireMatch(_Wire):
    """What a rule is about."""

    family: Name | None = None
    model: Name | None = None
    version: Name | None = None
    segment: Mapping[Name, str] | Name | None = None
    feature: Name | None = None
    feature_view: Name | None = None


class WireRule(_Wire):
    """One row."""

    id: Name
    match: WireMatch
    assign: Annotated[dict[Role, Name], Field(min_length=1)]
    review_by: Annotated[date | None, BeforeValidator(_iso_date)] = None


class WireFamily(_Wire):
    """A family of models by their names; a bare list means the same."""

    models: Annotated[list[Name], Field(min_length=1)]


WireFallback = dict[Role, Name]
