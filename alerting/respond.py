"""What people do about an incident: hold it, hand it on, write about it, close it. Pure; the caller commits it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from alerting.audit import AuditEntry
from alerting.errors import ResponseRefused
from alerting.escalate import DISPOSED, armed
from alerting.handling import Closing, Disposition, Hold, Milestone
from alerting.incident import Incident
from alerting.member import Member
from alerting.notice import Notice
from alerting.outbox import Delivery
from alerting.ownership import Ownership
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.roles import Role
from alerting.route import Addressee, Route
from alerting.routing import concerned
from alerting.tell import Telling, state_of
from alerting.tiers import Tier

ACK_MAX = timedelta(days=7)
SILENCE_MAX = timedelta(days=14)
SILENCE_MAX_ACT = timedelta(hours=24)
"""What is at act cannot be made quiet for longer than its decision may take."""

NoteKind: TypeAlias = Literal["note", "findings", "decision"]
_WRITTEN: Mapping[NoteKind, str] = {"note": "a note", "findings": "findings", "decision": "a decision"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as authenticated, and when; `remark` is what they wrote, kept beside the record."""

    name: str
    at: datetime
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What follows from an action, for one transaction: the incident as it is now, and all that is told and kept."""

    incident: Incident
    notices: Sequence[Notice] = ()
    deliveries: Sequence[Delivery] = ()
    audits: Sequence[AuditEntry] = ()
    remarks: Sequence[Remark] = field(default_factory=tuple)


def ack(incident: Incident, actor: Actor, policy: Policy, until: datetime | None = None) -> Response:
    """Take it in hand until then (without a time: until the next thing is due, at most seven days, at act one).

    What is in the actor's hand already until then stays as it is and nobody is told again. Raises
    ResponseRefused when there is nothing to acknowledge or the time is out of bounds.
    """
    _refuse_unless_open(incident, "acknowledged")
    was = incident.hold if incident.handling == "acked" else None
    if was is not None and was.by == actor.name and actor.remark is None and until in (None, was.until):
        return Response(incident)
    longest = SILENCE_MAX_ACT if incident.tier is Tier.ACT else ACK_MAX
    due = [d.by for d in incident.deadlines if d.name != "acknowledge" and d.met_at is None and d.by > actor.at]
    until = until or min([*due, actor.at + longest])
    _refuse_time("until", until, actor.at, ACK_MAX)
    held = _met(replace(incident, handling="acked", hold=Hold(actor.name, actor.at, until)), "acknowledge", actor.at)
    over = f", and no longer {was.by}" if was is not None and was.by != actor.name else ""
    why = f"{actor.name} has it in hand until {_utc(until)}{over}."
    return _held(incident, held, actor, policy, "incident.acked", why)


def release(incident: Incident, actor: Actor, policy: Policy) -> Response:
    """Give back what one acknowledged or silenced: the clocks go on. Raises ResponseRefused when nobody holds it."""
    _refuse_unless_open(incident, "released")
    if incident.hold is None:
        raise ResponseRefused(f"incident {incident.id} is {incident.handling}: nobody holds it, so nothing to release")
    freed = replace(incident, handling="notified", hold=None)
    return _held(incident, freed, actor, policy, "incident.released", f"{actor.name} no longer has it in hand.")


def silence(incident: Incident, actor: Actor, policy: Policy, until: datetime) -> Response:
    """Tell nobody anything of it until then, unless its tier rises or it ends.

    Raises ResponseRefused without a remark that says why, beyond 14 days (at act 24 hours), or when it is over.
    """
    _refuse_unless_open(incident, "silenced")
    if actor.remark is None:
        raise ResponseRefused(f"incident {incident.id} cannot be silenced without a reason: say why in the note")
    _refuse_time("until", until, actor.at, silence_max(incident))
    held = replace(incident, handling="silenced", hold=Hold(actor.name, actor.at, until))
    return _held(incident, held, actor, policy, "incident.silenced", f"{actor.name} silenced it until {_utc(until)}.")


def note(incident: Incident, actor: Actor, policy: Policy, kind: NoteKind = "note") -> Response:
    """Write something down; as findings or decision it meets that deadline. Raises ResponseRefused without a remark."""
    if actor.remark is None:
        raise ResponseRefused(f"a note on incident {incident.id} has no text: write one")
    telling = Telling(policy, actor.at, actor.name)
    written = incident if kind == "note" else _met(incident, kind, actor.at)
    if written is not incident and incident.owed:
        written = replace(written, timers=tuple(timer for timer in written.timers if timer.kind != kind))
        written = written if written.timers else armed(written, actor.at)
    telling.write(
        f"incident.{kind}", written, None, None, f"{actor.name} wrote {_WRITTEN[kind]}", actor.remark.reference()
    )
    return _response(written, telling, actor)


def reassign(
    incident: Incident, actor: Actor, policy: Policy, ownership: Ownership, role: Role, party: str
) -> Response:
    """Give a role of an open incident to another party: whoever has it no more is told so, the other gets the open.

    Raises ResponseRefused when it is over, when the table in force has no such party, or it has the role already.
    """
    _refuse_unless_open(incident, "reassigned")
    route = incident.route
    assert route is not None, f"{incident.id} is owed without a route"
    if party not in ownership.parties:
        known = ", ".join(sorted(ownership.parties)[:20])
        raise ResponseRefused(f"there is no party {party!r} in the ownership table; there are: {known}")
    was, now = route.of(role), ownership.addressee_of(role, party)
    if was.party == party:
        raise ResponseRefused(f"{party} is the {role} of incident {incident.id} already")
    telling = Telling(policy, actor.at, actor.name)
    changed = replace(incident, route=_with(_loudly(route, party), role, now))
    why = f"{actor.name} made {party} the {role.replace('_', ' ')} in the place of {was.party}."
    left = [was] if was.party in incident.listening and was.party not in _parties_left(changed) else []
    changed = telling.tell(changed, "resolve", left, why=why, ending="reassigned")
    # Whoever was told before learns that it is theirs now, by everything it can be reached by.
    changed = telling.tell(changed, "remind" if party in incident.listening else "open", [now], why=why)
    if changed.hold is not None and left:
        changed = armed(replace(changed, handling="notified", hold=None), actor.at)
    telling.write(
        "incident.reassigned", changed, {"role": role, "party": was.party}, {"role": role, "party": party}, why,
        actor.remark.reference() if actor.remark else "",
    )  # fmt: skip
    return _response(changed, telling, actor)


def close(incident: Incident, actor: Actor, policy: Policy, disposition: Disposition | None = None) -> Response:
    """End it for people, whatever the data shows; what still holds is accepted as it is until it rises or clears.

    Raises ResponseRefused when it is closed already, and at investigate and act without a disposition and a remark.
    """
    if incident.handling == "closed":
        raise ResponseRefused(f"incident {incident.id} is closed already")
    if incident.tier in DISPOSED and incident.handling != "new" and (disposition is None or actor.remark is None):
        missing = "a disposition" if disposition is None else "a note"
        raise ResponseRefused(
            f"incident {incident.id} is of tier {incident.tier} and cannot be closed without {missing}: say what it "
            "was (real_drift, data_bug, expected_change, false_alarm or duplicate) and what was found"
        )
    telling = Telling(policy, actor.at, actor.name)
    reference = actor.remark.reference() if actor.remark else ""
    members = tuple(_accepted(member) for member in incident.members)
    resolved_at = incident.resolved_at or incident.evaluated_at
    closing = Closing(actor.name, actor.at, disposition, actor.remark.id if actor.remark else "")
    met = replace(incident, deadlines=tuple(replace(d, met_at=d.met_at or actor.at) for d in incident.deadlines))
    over = replace(
        met, handling="closed", closing=closing, hold=None, timers=(), resolved_at=resolved_at, members=members
    )
    as_what = f" as {disposition.replace('_', ' ')}" if disposition else ""
    why = f"{actor.name} closed it{as_what}."
    told = telling.tell(over, "resolve", concerned(over, "resolve") if over.route else [], why=why, ending="closed")
    telling.write(
        "incident.closed", told, state_of(incident), {**state_of(told), "disposition": disposition}, why, reference
    )
    return _response(told, telling, actor)


def silence_max(incident: Incident) -> timedelta:
    """Say how long it may be silenced at once."""
    return SILENCE_MAX_ACT if incident.tier is Tier.ACT else SILENCE_MAX


def hidden_by(incident: Incident) -> list[str]:
    """Say what a silence of this incident hides, one line per monitor that still speaks, the most telling first."""
    loud = sorted(incident.loud, key=lambda m: (*m.precedence, m.since, m.key))
    return [f"{m.subject} ({m.detector}) at {m.tier}, since {_utc(m.since)}: {m.peak.reason}" for m in loud]


def _held(was: Incident, held: Incident, actor: Actor, policy: Policy, action: str, why: str) -> Response:
    """Set the timers anew, tell everybody who listens without disturbing them, and record it."""
    telling = Telling(policy, actor.at, actor.name)
    told = telling.tell(armed(held, actor.at), "update", concerned(held, "update"), why=why)
    reference = actor.remark.reference() if actor.remark else ""
    telling.write(action, told, state_of(was), state_of(told), why, reference)
    return _response(told, telling, actor)


def _response(incident: Incident, telling: Telling, actor: Actor) -> Response:
    remarks = (actor.remark,) if actor.remark else ()
    return Response(incident, tuple(telling.notices), tuple(telling.deliveries), tuple(telling.audits), remarks)


def _accepted(member: Member) -> Member:
    if not member.held:
        return member
    higher = member.accepted if member.accepted and member.accepted.rank > member.tier.rank else member.tier
    return replace(member, accepted=higher)


def _met(incident: Incident, name: Milestone, at: datetime) -> Incident:
    return replace(
        incident,
        deadlines=tuple(replace(d, met_at=d.met_at or at) if d.name == name else d for d in incident.deadlines),
    )


def _with(route: Route, role: Role, party: Addressee) -> Route:
    match role:
        case "owner":
            return replace(route, owner=party)
        case "data_steward":
            return replace(route, data_steward=party)
        case "responder":
            return replace(route, responder=party)
        case "technical_lead":
            return replace(route, technical_lead=party)
        case "compliance":
            return replace(route, compliance=party)
        case "executive":
            return replace(route, executive=party)


def _loudly(route: Route, party: str) -> Route:
    """Whoever has a role is not only informed any more."""
    return replace(route, informed=tuple(one for one in route.informed if one.party != party))


def _parties_left(incident: Incident) -> set[str]:
    """Whom it would concern if nobody had been told of it yet, and whom the steps taken so far have reached."""
    route = incident.route
    assert route is not None, f"{incident.id} is owed without a route"
    expected = route.expected(incident.tier)
    stepped = [route.of(role) for role in (expected.steps if expected else ())[: incident.climbed]]
    anew = concerned(replace(incident, told=(), ended=()), "open")
    return {addressee.party for addressee in (*anew, *stepped)}


def _refuse_unless_open(incident: Incident, done: str) -> None:
    if not incident.owed:
        raise ResponseRefused(f"incident {incident.id} is {incident.handling}, so that it cannot be {done}")
    if not incident.open:
        raise ResponseRefused(
            f"incident {incident.id} has recovered and cannot be {done}: close it, saying what it was"
        )


def _refuse_time(name: str, at: datetime, now: datetime, longest: timedelta) -> None:
    if not now < at <= now + longest:
        raise ResponseRefused(
            f"{name} {at.isoformat()} is not between now and {_utc(now + longest)}: give a time within "
            f"{longest.total_seconds() / 3600:g} hours"
        )


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
