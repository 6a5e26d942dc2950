"""Who is told about an incident and where: resolved once, when it opens, and kept with it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["owner", "technical_lead", "data_steward", "responder", "compliance", "executive"]
SinkName: TypeAlias = Literal[
    "log", "webhook", "email", "slack", "teams", "pagerduty", "goalert", "alertmanager", "apprise"
]

PAGING: frozenset[SinkName] = frozenset({"pagerduty", "goalert", "alertmanager", "webhook"})
"""Sinks behind which something may ring; a party that is to act at night needs one."""

THREADED: frozenset[SinkName] = frozenset({"slack"})
"""Sinks that change or answer their first message of an incident, and need what the destination called it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One place a party is reached at: where (a URL, channel, mail address or log), and what opens it.

    `secret` is a reference (`env:NAME`, `file:/path`), looked up at each attempt; an address may be one too.
    `name` is unique over the table and does not tell the address: it is a key, a label and a line in logs.
    """

    name: str
    sink: SinkName
    address: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A party in the role it has for one incident, and how it came by it.

    `rule` is the id of the rule that named it ("" for the fallback); `inherited_from` the role it was taken from.
    """

    role: Role
    party: str
    rule: str
    fallback: bool
    destinations: tuple[Destination, ...]
    tz: str = "UTC"
    hours: str = ""
    inherited_from: Role | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Everybody an incident may concern, frozen: a table that changes later moves no open incident.

    `config_sha` is the SHA-256 of the table the route came from.
    """

    owner: Addressee
    data_steward: Addressee
    responder: Addressee
    config_sha: str

    @property
    def everybody(self) -> tuple[Addressee, ...]:
        """All three, owner first."""
        return (self.owner, self.data_steward, self.responder)
