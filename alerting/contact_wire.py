"""The ways to reach a party as they are written in the ownership table: one field of a contact per kind."""

from importlib.util import find_spec
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerting.mail_address import is_mail_address

PAGERDUTY_REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}


def secret_reference(text: str) -> str:
    """Let a reference through; raises ValueError, in which the text is not repeated: it may be the secret itself."""
    if not text.startswith(("env:", "file:")) or text in ("env:", "file:"):
        raise ValueError('is not a reference|Keep secrets out of this file: write "env:NAME" or "file:/path"')
    return text


def _url(text: str) -> str:
    if text.startswith(("env:", "file:")):
        return secret_reference(text)
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f'{text!r} is not a web address|Write "https://host/path", or "env:NAME" when it is a secret')
    if parts.username is not None or parts.query:
        raise ValueError(
            "has a password or a query, which may be a secret and would be stored|"
            'Write "env:NAME" or "file:/path", and put the whole address there'
        )
    return text


def _mail(text: str) -> str:
    if not is_mail_address(text) or "." not in text.rpartition("@")[2].strip("."):
        raise ValueError(f'{text!r} is not a mail address|Write it like "team@company.example", one per contact')
    return text


def _channel(text: str) -> str:
    if not text.isalnum() or not text.isascii() or text != text.upper() or len(text) < 2:
        raise ValueError(
            f'{text!r} is not the id of a channel|Write its id, such as "C0123ABCD": it is at the end of the '
            "channel's details in Slack"
        )
    return text


def _region(text: str) -> str:
    if text not in PAGERDUTY_REGIONS:
        raise ValueError(f'{text!r} is not a service region|Use "us" or "eu"')
    return text


def _apprise(text: str) -> str:
    if find_spec("apprise") is None:
        raise ValueError('needs a package that is not installed|Run: pip install "driftwarden[apprise]"')
    return secret_reference(text)


def _key_only(contact: object) -> object:
    """Read `pagerduty: "env:KEY"` as its key."""
    return {"key": contact} if isinstance(contact, str) else contact


Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[str, AfterValidator(secret_reference)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WireWebhook(_Wire):
    """Where to POST and what to sign with."""

    url: Url
    secret: Secret


class WireSlack(_Wire):
    """A channel, and the token of the bot that writes there."""

    channel: Annotated[str, AfterValidator(_channel)]
    token: Secret


class WirePagerDuty(_Wire):
    """The integration key of a service (Events API v2)."""

    key: Secret
    region: Annotated[str, AfterValidator(_region)] = "us"


class WireGoAlert(_Wire):
    """A GoAlert server and the token of a generic integration key."""

    url: Url
    token: Secret


class WireContact(_Wire):
    """One way to reach a party: exactly one of the fields."""

    log: str | None = None
    webhook: WireWebhook | None = None
    email: Annotated[str, AfterValidator(_mail)] | None = None
    slack: WireSlack | None = None
    teams: Secret | None = None
    pagerduty: (
        Annotated[WirePagerDuty, BeforeValidator(_key_only, json_schema_input_type=WirePagerDuty | Secret)] | None
    ) = None
    goalert: WireGoAlert | None = None
    alertmanager: Url | None = None
    apprise: Annotated[str, AfterValidator(_apprise)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "WireContact":
        if len(self.kinds()) != 1:
            raise ValueError(
                f"the contact must be exactly one of {', '.join(type(self).model_fields)}|Begin a new list item for "
                "each contact"
            )
        return self

    def kinds(self) -> list[str]:
        """Name the fields that are given."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


def plain_log(contact: object) -> object:
    """Read the contact `log` as `log: ""`."""
    return {"log": ""} if contact == "log" else contact


Contact = Annotated[WireContact, BeforeValidator(plain_log, json_schema_input_type=WireContact | Literal["log"])]
Contacts = Annotated[list[Contact], Field(min_length=1, max_length=20)]
