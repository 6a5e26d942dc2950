"""Incidents: what has one cause is told once and resolved once. Two axes that never mix.

The condition says what the data shows (`step` moves it), the handling what people were told and did (`respond` and
`escalate` move it).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from alerting.candidate import Candidate
from alerting.finding import EventKind, Finding, Stream
from alerting.handling import Closing, Deadline, Handling, Hold, Timer
from alerting.member import Member
from alerting.route import Route
from alerting.stored import read, written
from alerting.tiers import Tier

Condition: TypeAlias = Literal["ok", "pending", "firing", "recovering", "no_data"]
"""`pending`: real, but below the tier from which anybody is told. `no_data`: every held member is without data."""

Intent: TypeAlias = Literal["open", "raise", "remind", "update", "resolve"]
"""What a notice is for: the first of an incident, a higher tier, a clock that ran out, facts that changed (nobody need
be disturbed: an acknowledgement, a silence), and the last one, after which the incident is over for whoever gets it."""
Place: TypeAlias = tuple[Stream, str]
"""(stream, subject): what several detectors watch together."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """When a subject cleared in an earlier episode; windows that began before then still contain its change."""

    segment: str
    subject: str
    at: datetime
    kind: EventKind = "prediction"
    model: str = ""
    version: str = ""

    @property
    def place(self) -> Place:
        """What it is about."""
        return Stream(self.kind, self.model, self.version, self.segment), self.subject


@dataclass(frozen=True, slots=True)
class Incident:
    """Findings with one cause, from the first breach until every member is clear.

    `tier` is the highest of the episode and never falls within it. `members` are sorted by key. `evaluated_at` is the
    end of the newest window that changed it. `told` names the parties that got the open, `ended` those of them that got
    the end too, `notices` counts what was told. `resolved_at` is when the data recovered, or what it had shown when
    people closed it; members they accepted go on being read until they clear. `timers` are what happens next by itself,
    `climbed` how many steps of the escalation were taken, `rounds` how often everybody was told again after the last.
    `candidates` is what was known to have changed shortly before, when last asked. `unreached` names the parties
    that none of their destinations reached, so that somebody else was told.
    Times are event times (UTC) except `told_at` and those of deadlines, timers, hold and closing, which are wall times.
    """

    id: str
    cause: str
    episode: int
    tier: Tier
    condition: Condition
    handling: Handling
    opened_at: datetime
    evaluated_at: datetime
    members: tuple[Member, ...]
    memory: tuple[Cleared, ...] = ()
    unlisted: int = 0
    resolved_at: datetime | None = None
    told_at: datetime | None = None
    route: Route | None = None
    told: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    notices: int = 0
    deadlines: tuple[Deadline, ...] = ()
    timers: tuple[Timer, ...] = ()
    hold: Hold | None = None
    closing: Closing | None = None
    climbed: int = 0
    rounds: int = 0
    candidates: tuple[Candidate, ...] = ()
    unreached: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """True until the data recovered or people closed it."""
        return self.resolved_at is None

    @property
    def listening(self) -> frozenset[str]:
        """The parties that got the open and not the end."""
        return frozenset(self.told) - frozenset(self.ended)

    @property
    def owed(self) -> bool:
        """True while people must still do something about it: it was told and is not closed."""
        return self.handling not in ("new", "closed")

    @property
    def held(self) -> tuple[Member, ...]:
        """The members that have not cleared."""
        return tuple(member for member in self.members if member.held)

    @property
    def loud(self) -> tuple[Member, ...]:
        """The held members that nobody has accepted as they are."""
        return tuple(member for member in self.held if member.loud)

    @property
    def lead(self) -> Member:
        """The member that speaks for the incident: of the highest tier, and rather broken data than what follows.

        Then the larger lower bound, then the first to break.
        """
        return min(self.members, key=lambda m: (*m.precedence, -(m.peak.low or 0.0), m.since, m.key))

    @property
    def stream(self) -> Stream:
        """The stream of its lead member."""
        return self.lead.peak.stream

    def to_json(self) -> str:
        """Write it for the store; `from_json` gives an equal incident back."""
        return written(self)

    @classmethod
    def from_json(cls, text: str) -> "Incident":
        """Read what `to_json` wrote; raises StoredStateError on a newer version or damage."""
        return read(cls, text)


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident began; `tell` is None when its tier is below the one from which people are told."""

    tier: Tier
    finding: Finding
    tell: Intent | None


@dataclass(frozen=True, slots=True)
class Raised:
    """A higher tier's bound was crossed; `tell` is "open" when nobody had been told before."""

    tier: Tier
    was: Tier
    finding: Finding
    tell: Intent | None


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Another monitor broke, or one that had cleared broke again; recorded, not told."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Resolved:
    """Every member is clear, or accepted; told exactly when the open was."""

    finding: Finding
    tell: Intent | None


Effect: TypeAlias = Opened | Raised | MemberJoined | Resolved
