"""Reading findings into an incident: what the data shows begins, raises and resolves it. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from alerting.cause import cause_of_finding
from alerting.finding import Finding
from alerting.incident import (
    Cleared,
    Condition,
    Effect,
    Incident,
    Intent,
    MemberJoined,
    Opened,
    Place,
    Raised,
    Resolved,
)
from alerting.member import Key, Member, join, key_of, take
from alerting.policy import Rules
from alerting.tiers import Tier


def step(
    incident: Incident | None,
    findings: Sequence[Finding],
    now: datetime,
    rules: Rules,
    cause: str = "",
    taken_over: Sequence[Member] = (),
) -> tuple[Incident | None, tuple[Effect, ...]]:
    """Read the findings of one evaluation into the incident of their cause, and say what happened.

    `incident` is the newest one of the cause, open or resolved (None: there never was one). A resolved one still
    matters: it numbers the next episode, remembers which windows are stale, and goes on reading the members that people
    accepted. Evaluations are read in the order of their time: one that is not newer than what has changed the incident
    is a repeat and changes nothing, so that the very same incident comes back, with no effects. All windows that end at
    one time must come in one call. Without a `cause` that of the first breach is taken. Members `taken_over` from an
    incident of another cause go on here as they were; they open one where there is none.
    """
    fresh = _in_order(findings, incident, rules)
    if incident is None or not incident.open:
        return _begin(incident, fresh, now, rules, cause, taken_over)
    known = replace(incident, members=_with(incident.members, taken_over, rules))
    members, unlisted, joined = _taken(known, fresh, rules)
    if members == incident.members and unlisted == incident.unlisted:
        return incident, ()
    effects: list[Effect] = [MemberJoined(finding) for finding in joined]
    changed = replace(incident, members=members, unlisted=unlisted)
    changed = replace(changed, evaluated_at=fresh[-1].at if fresh else incident.evaluated_at)
    lead = changed.lead
    if lead.loud and lead.tier.rank > incident.tier.rank:
        changed, tell = _told(replace(changed, tier=lead.tier), now, rules)
        effects.append(Raised(lead.tier, incident.tier, lead.peak, tell))
    return _settled(changed, fresh[-1] if fresh else lead.peak, effects, rules)


def _begin(
    past: Incident | None,
    fresh: Sequence[Finding],
    now: datetime,
    rules: Rules,
    cause: str,
    taken_over: Sequence[Member],
) -> tuple[Incident | None, tuple[Effect, ...]]:
    """Open an incident when any finding earns a tier; clear findings, stale and accepted breaches open nothing."""
    memory, accepted = _memory(past), _accepted(past)
    first = next((f for f in fresh if _is_news(f, memory, accepted, rules)), None)
    if first is None and not taken_over:
        return _watched(past, fresh, rules), ()
    at = fresh[-1].at if fresh else max(member.seen_at for member in taken_over)
    opened_at = first.at if first is not None else at
    cause = cause or cause_of_finding(first or taken_over[0].peak)
    episode = past.episode + 1 if past is not None else 1
    blank = Incident(
        id=_id(cause, opened_at, episode), cause=cause, episode=episode, tier=Tier.OBSERVE, condition="pending",
        handling="new", opened_at=opened_at, evaluated_at=at,
        members=_with(past.held if past is not None else (), taken_over, rules),
        memory=tuple(_cleared(place, at) for place, at in memory.items())[-rules.members_max :],
    )  # fmt: skip
    members, unlisted, _ = _taken(blank, fresh, rules)
    begun = replace(blank, members=members, unlisted=unlisted)
    lead = begun.lead
    begun, tell = _told(replace(begun, tier=lead.tier), now, rules)
    return _settled(begun, fresh[-1] if fresh else lead.peak, [Opened(lead.tier, lead.peak, tell)], rules)


def _with(members: Sequence[Member], taken_over: Sequence[Member], rules: Rules) -> tuple[Member, ...]:
    """Put members of another incident among these, as far as there is room: the gravest first."""
    known = {member.key: member for member in members}
    for member in sorted(taken_over, key=lambda m: (*m.precedence, m.key)):
        if member.key in known or _room(known, rules):
            known[member.key] = member
    return tuple(sorted(known.values(), key=lambda m: m.key))


def _is_news(finding: Finding, memory: Mapping[Place, datetime], accepted: Mapping[Place, Tier], rules: Rules) -> bool:
    tier = rules.ladder.tier(finding)
    if tier is None or _stale(finding, memory):
        return False
    known = accepted.get((finding.stream, finding.subject))
    return known is None or tier.rank > known.rank


def _watched(past: Incident | None, fresh: Sequence[Finding], rules: Rules) -> Incident | None:
    """Go on reading what people accepted, until it clears; nothing else of an incident that is over changes."""
    if past is None or not past.held or not fresh:
        return past
    held = {member.key: member for member in past.held}
    read = dict(held)
    for finding in fresh:
        member = read.get(key_of(finding))
        if member is not None and member.held:
            read[member.key] = take(member, finding, rules)
    if read == held:
        return past
    members = tuple(read.get(member.key, member) for member in past.members)
    return replace(past, members=members, evaluated_at=fresh[-1].at)


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
    if incident.loud:
        return replace(incident, condition=_condition(incident, rules)), tuple(effects)
    effects.append(Resolved(newest, "resolve" if incident.owed else None))
    return replace(incident, condition="ok", resolved_at=newest.at, unlisted=0), tuple(effects)


def _taken(
    incident: Incident, fresh: Sequence[Finding], rules: Rules
) -> tuple[tuple[Member, ...], int, tuple[Finding, ...]]:
    """Read findings into the members: (members, monitors that found no room, findings that brought a member in)."""
    members = {member.key: member for member in incident.members}
    memory, accepted = _memory(incident), _accepted(incident)
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
        members[key] = replace(join(finding, tier), accepted=accepted.get((finding.stream, finding.subject)))
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
    newest: dict[Place, datetime] = {cleared.place: cleared.at for cleared in incident.memory}
    for member in incident.members:
        _remember(newest, member)
    return dict(sorted(newest.items(), key=lambda item: (item[1], item[0])))


def _remember(memory: dict[Place, datetime], member: Member) -> None:
    if member.cleared_at is not None:
        place = (member.peak.stream, member.subject)
        memory[place] = max(member.cleared_at, memory.get(place, member.cleared_at))


def _stale(finding: Finding, memory: Mapping[Place, datetime]) -> bool:
    """Say whether a breach is old news: its window began before its subject last cleared."""
    cleared = memory.get((finding.stream, finding.subject))
    return cleared is not None and finding.since < cleared


def _accepted(incident: Incident | None) -> dict[Place, Tier]:
    """The highest tier at which people accepted each place that has not cleared since."""
    accepted: dict[Place, Tier] = {}
    for member in incident.held if incident is not None else ():
        place = (member.peak.stream, member.subject)
        if member.accepted is not None and (place not in accepted or member.accepted.rank > accepted[place].rank):
            accepted[place] = member.accepted
    return accepted


def _cleared(place: Place, at: datetime) -> Cleared:
    stream, subject = place
    return Cleared(stream.segment, subject, at, stream.kind, stream.model, stream.version)


def _told(incident: Incident, now: datetime, rules: Rules) -> tuple[Incident, Intent | None]:
    """Say how a tier just reached is told; it ends a hold, since whoever holds it knew of less."""
    if incident.handling != "new":
        return replace(incident, handling="notified", hold=None), "raise"
    if not incident.tier.reaches(rules.notify_from):
        return incident, None
    return replace(incident, handling="notified", told_at=now), "open"


def _condition(incident: Incident, rules: Rules) -> Condition:
    states = {member.state for member in incident.loud}
    if states == {"blind"}:
        return "no_data"
    if states <= {"blind", "clearing"}:
        return "recovering"
    return "firing" if incident.tier.reaches(rules.notify_from) else "pending"


def _id(cause: str, opened_at: datetime, episode: int) -> str:
    # The episode is hashed too: one that resolves and breaks again within one evaluation must not reuse its row.
    return "inc_" + hashlib.sha256(f"{cause}|{opened_at.isoformat()}|{episode}".encode()).hexdigest()[:16]
