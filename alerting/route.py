"""Who is told about an incident and where: resolved once, when it opens, and kept with it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from alerting.escalation_policy import DEFAULT, EscalationPolicy, TierPolicy
from alerting.roles import Role as Role
from alerting.tiers import Tier

SinkName: TypeAlias = Literal[
    "log", "webhook", "email", "slack", "teams", "pagerduty", "goalert", "alertmanager", "apprise", "loopback"
]
"""Kinds of destination: those that a contact in the ownership table may name, and `loopback`, where canaries go."""

RINGING: frozenset[SinkName] = frozenset({"pagerduty", "goalert", "alertmanager"})
"""Sinks that wake people up; whoever is only informed is not told through them."""

PAGING: frozenset[SinkName] = frozenset({"pagerduty", "goalert", "alertmanager", "webhook"})
"""Sinks behind which something may ring; a party that is to act at night needs one."""

LINKED: frozenset[SinkName] = frozenset({"email", "slack", "teams", "webhook"})
"""Sinks whose messages carry signed links.

Paging services acknowledge by themselves, and are read by many, as are an Alertmanager's alerts and logs. Apprise sends
plain text to places that we know nothing of.
"""

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

    `rule` is the id of the rule that named it ("" for the fallback); `inherited_from` the role it was taken from;
    `quiet` when it is not to be told of what can wait, as written.
    """

    role: Role
    party: str
    rule: str
    fallback: bool
    destinations: tuple[Destination, ...]
    tz: str = "UTC"
    hours: str = ""
    inherited_from: Role | None = None
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Everybody an incident may concern, frozen: a table that changes later moves no open incident.

    `config_sha` is the SHA-256 of the table the route came from; `fallback` is told when nobody else is left.
    `informed` are owners of models that an incident of their data's source touches: told, and never rung up.
    Routes that an earlier release froze name three roles only.
    """

    owner: Addressee
    data_steward: Addressee
    responder: Addressee
    config_sha: str
    technical_lead: Addressee | None = None
    compliance: Addressee | None = None
    executive: Addressee | None = None
    fallback: Addressee | None = None
    informed: tuple[Addressee, ...] = ()
    policy: EscalationPolicy | None = None

    def of(self, role: Role) -> Addressee:
        """Give whoever has a role; where the route names nobody for it, the owner."""
        named: dict[Role, Addressee | None] = {
            "owner": self.owner, "data_steward": self.data_steward, "responder": self.responder,
            "technical_lead": self.technical_lead, "compliance": self.compliance, "executive": self.executive,
        }  # fmt: skip
        return named[role] or self.owner

    def expected(self, tier: Tier) -> TierPolicy | None:
        """Give what is expected at a tier; None where nothing is."""
        return (self.policy or DEFAULT).at(tier)

    @property
    def last(self) -> Addressee:
        """Who is told when everybody else has been."""
        return self.fallback or self.responder

    @property
    def everybody(self) -> tuple[Addressee, ...]:
        """All whom the route names; a party in two roles is there twice, first as one that is only informed.

        Whoever was told quietly must get everything else quietly: what rings there knows nothing of the incident.
        """
        named = (
            *self.informed, self.owner, self.data_steward, self.responder, self.technical_lead, self.compliance,
            self.executive, self.fallback,
        )  # fmt: skip
        return tuple(addressee for addressee in named if addressee is not None)
