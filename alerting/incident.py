"""Incidents: what has one cause is told once and resolved once. Pure; the two axes never mix.

The condition says what the data shows, the handling what people were told and did. `step` reads findings into an
incident and answers with what happened; who is told, and in which words, is decided by whoever called it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from alerting.cause import cause_of_finding
from alerting.finding import Finding, Stream
from alerting.member import Key, Member, join, key_of, take
from alerting.policy import Rules
from alerting.route import Route
from alerting.stored import read, written
from alerting.tiers import Tier

Condition: TypeAlias = Literal["ok", "pending", "firing", "recovering", "no_data"]
"""`pending`: real, but below the tier from which anybody is told. `no_data`: every held member is without data."""

Handling: TypeAlias = Literal["new", "notified", "closed"]
Intent: TypeAlias = Literal["open", "raise", "remind", "update", "resolve"]
"""What a notice is for: the first of an incident, a higher tier, a clock that ran out, facts that changed (nobody need
be disturbed: an acknowledgement, a silence), and the last one, after which the incident is over for whoever gets it."""
Place: TypeAlias = tuple[str, str]
"""(segment, subject): what several detectors watch together."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """When a subject cleared in an earlier episode; windows that began before then still contain its change."""

    segment: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """Findings with one cause, from the first breach until every member is clear.

    `tier` is the highest of the episode and never falls within it. `members` are sorted by key. `evaluated_at` is the
    end of the newest window that changed it. `told` names the parties that got the open and `notices` counts what was
    told. Times are event times (UTC) except `told_at`.
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
    notices: int = 0

    @property
    def open(self) -> bool:
        """True until it has resolved."""
        return self.resolved_at is None

    @property
    def held(self) -> tuple[Member, ...]:
        """The members that have not cleared."""
        return tuple(member for member in self.members if member.held)

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
    """Every member is clear; told exactly when the open was."""

    finding: Finding
    tell: Intent | None


Effect: TypeAlias = Opened | Raised | MemberJoined | Resolved


def step(
    incident: Incident | None, findings: Sequence[Finding], now: datetime, rules: Rules
) -> tuple[Incident | None, tuple[Effect, ...]]:
    """Read the findings of one evaluation into the incident of their cause, and say what happened.

    `incident` is the newest one of the cause, open or resolved (None: there never was one). A resolved one still
    matters: it numbers the next episode, and remembers which windows are stale. Evaluations are read in the order of
    their time: one that is not newer than what has changed the incident is a repeat and changes nothing, so that the
    very same incident comes back, with no effects. All windows that end at one time must come in one call.
    """
    fresh = _in_order(findings, incident, rules)
    if incident is None or not incident.open:
        return _begin(incident, fresh, now, rules)
    members, unlisted, joined = _taken(incident, fresh, rules)
    if members == incident.members and unlisted == incident.unlisted:
        return incident, ()
    effects: list[Effect] = [MemberJoined(finding) for finding in joined]
    changed = replace(incident, members=members, unlisted=unlisted, evaluated_at=fresh[-1].at)
    lead = changed.lead
    if lead.tier.rank > incident.tier.rank:
        changed, tell = _told(replace(changed, tier=lead.tier), now, rules)
        effects.append(Raised(lead.tier, incident.tier, lead.peak, tell))
    return _settled(changed, fresh[-1], effects, rules)


def _begin(
    past: Incident | None, fresh: Sequence[Finding], now: datetime, rules: Rules
) -> tuple[Incident | None, tuple[Effect, ...]]:
    """Open an incident when any finding earns a tier; clear findings and stale breaches open nothing."""
    memory = _memory(past)
    first = next((f for f in fresh if rules.ladder.tier(f) is not None and not _stale(f, memory)), None)
    if first is None:
        return past, ()
    cause = cause_of_finding(first)
    episode = past.episode + 1 if past is not None else 1
    blank = Incident(
        id=_id(cause, first.at, episode), cause=cause, episode=episode, tier=Tier.OBSERVE, condition="pending",
        handling="new", opened_at=first.at, evaluated_at=fresh[-1].at, members=(),
        memory=tuple(Cleared(*place, at) for place, at in memory.items())[-rules.members_max :],
    )  # fmt: skip
    members, unlisted, _ = _taken(blank, fresh, rules)
    begun = replace(blank, members=members, unlisted=unlisted)
    lead = begun.lead
    begun, tell = _told(replace(begun, tier=lead.tier), now, rules)
    return _settled(begun, fresh[-1], [Opened(lead.tier, lead.peak, tell)], rules)


def _in_order(findings: Sequence[Finding], incident: Incident | None, rules: Rules) -> list[Finding]:
    """Give what is newer than the incident, one finding per monitor, window and time.

    Of one time breaches come first: what brings a member in must not depend on which window is read first.
    """
    newer = {
        (f.at, rules.ladder.tier(f) is None, -f.since.timestamp(), f.window, key_of(f)): f
        for f in findings
        if incident is None or f.at > incident.evaluated_at
    }
    return [newer[place] for place in sorted(newer)]


def _settled(
    incident: Incident, newest: Finding, effects: list[Effect], rules: Rules
) -> tuple[Incident, tuple[Effect, ...]]:
    """Resolve when nothing is held any more, else say what the data shows."""
    if incident.held:
        return replace(incident, condition=_condition(incident, rules)), tuple(effects)
    effects.append(Resolved(newest, "resolve" if incident.handling == "notified" else None))
    over = replace(incident, condition="ok", handling="closed", resolved_at=newest.at, unlisted=0)
    return over, tuple(effects)


def _taken(
    incident: Incident, fresh: Sequence[Finding], rules: Rules
) -> tuple[tuple[Member, ...], int, tuple[Finding, ...]]:
    """Read findings into the members: (members, monitors that found no room, findings that brought a member in)."""
    members = {member.key: member for member in incident.members}
    memory = _memory(incident)
    unlisted: set[Key] = set()
    joined: list[Finding] = []
    for finding in fresh:
        key = key_of(finding)
        member = members.get(key)
        if member is not None and member.held:
            members[key] = take(member, finding, rules)
            _remember(memory, members[key])
            continue
        tier = rules.ladder.tier(finding)
        if tier is None or _stale(finding, memory):
            continue
        if member is None and not _room(members, rules):
            unlisted.add(key)
            continue
        members[key] = join(finding, tier)
        joined.append(finding)
    count = len(unlisted) if any(rules.ladder.tier(f) is not None for f in fresh) else incident.unlisted
    return tuple(sorted(members.values(), key=lambda m: m.key)), count, tuple(joined)


def _room(members: dict[Key, Member], rules: Rules) -> bool:
    """Make room for one more member, at the cost of the one that cleared first."""
    if len(members) < rules.members_max:
        return True
    cleared = [(member.cleared_at, key) for key, member in members.items() if member.cleared_at is not None]
    if not cleared:
        return False
    del members[min(cleared)[1]]
    return True


def _memory(incident: Incident | None) -> dict[Place, datetime]:
    """When each subject last cleared, in this episode and before it, oldest first."""
    if incident is None:
        return {}
    newest: dict[Place, datetime] = {(c.segment, c.subject): c.at for c in incident.memory}
    for member in incident.members:
        _remember(newest, member)
    return dict(sorted(newest.items(), key=lambda item: (item[1], item[0])))


def _remember(memory: dict[Place, datetime], member: Member) -> None:
    if member.cleared_at is not None:
        place = (member.segment, member.subject)
        memory[place] = max(member.cleared_at, memory.get(place, member.cleared_at))


def _stale(finding: Finding, memory: Mapping[Place, datetime]) -> bool:
    """Say whether a breach is old news: its window began before its subject last cleared."""
    cleared = memory.get((finding.stream.segment, finding.subject))
    return cleared is not None and finding.since < cleared


def _told(incident: Incident, now: datetime, rules: Rules) -> tuple[Incident, Intent | None]:
    """Say how a tier just reached is told; the first telling makes a new incident a notified one."""
    if incident.handling == "notified":
        return incident, "raise"
    if not incident.tier.reaches(rules.notify_from):
        return incident, None
    return replace(incident, handling="notified", told_at=now), "open"


def _condition(incident: Incident, rules: Rules) -> Condition:
    states = {member.state for member in incident.held}
    if states == {"blind"}:
        return "no_data"
    if states <= {"blind", "clearing"}:
        return "recovering"
    return "firing" if incident.tier.reaches(rules.notify_from) else "pending"


def _id(cause: str, opened_at: datetime, episode: int) -> str:
    # The episode is hashed too: one that resolves and breaks again within one evaluation must not reuse its row.
    return "inc_" + hashlib.sha256(f"{cause}|{opened_at.isoformat()}|{episode}".encode()).hexdigest()[:16]
