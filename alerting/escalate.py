"""What happens by itself: clocks begin when people are told, and somebody else is told when one runs out. Pure.

A service that was away does not catch up step by step: however many clocks ran out meanwhile, one notice says so, and
the next step comes a full interval later.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerting.audit import Json
from alerting.clocks import Hours, deadlines, later, parse_hours
from alerting.escalation_policy import WorkingDays
from alerting.handling import Timer, TimerKind
from alerting.incident import Incident
from alerting.route import Addressee
from alerting.routing import asked, lead
from alerting.tell import Telling, state_of
from alerting.tiers import Tier

ROUNDS_MAX = 3
"""How often everybody is told again at the step's own pace once nobody is left to tell; then once a day."""

DAILY = timedelta(days=1)
SILENCE_WARNING = timedelta(days=1)

DISPOSED = (Tier.INVESTIGATE, Tier.ACT)
"""Tiers at which a person must say what it was before an incident is closed."""


def begun(incident: Incident, now: datetime) -> Incident:
    """Start the clocks of the incident's tier, for the party that leads; also when the tier rose."""
    assert incident.route is not None, f"{incident.id} has clocks without a route"
    expected = incident.route.expected(incident.tier)
    if expected is None:
        return replace(incident, deadlines=(), timers=())
    first = lead(incident)
    due = deadlines(expected.clocks, incident.tier, now, first.tz, _hours(first))
    return armed(replace(incident, deadlines=due, climbed=0, rounds=0, hold=None), now)


def armed(incident: Incident, now: datetime) -> Incident:
    """Set the timers that follow from how the incident stands."""
    if not incident.owed:
        return replace(incident, timers=())
    left = {deadline.name: deadline for deadline in incident.deadlines if deadline.met_at is None}
    timers: list[Timer] = []
    if not incident.open:
        decision = left.get("decision")
        tomorrow = _tomorrow(incident, now)
        timers.append(Timer(max(decision.by, tomorrow) if decision else tomorrow, "decision"))
    elif incident.handling == "silenced" and incident.hold is not None:
        timers.append(Timer(incident.hold.until, "silence"))
        warn_at = incident.hold.until - SILENCE_WARNING
        if warn_at > now:
            timers.append(Timer(warn_at, "silence_ending"))
    else:
        if incident.handling == "acked" and incident.hold is not None:
            timers.append(Timer(incident.hold.until, "lease"))
        elif incident.deadlines:
            ack = left.get("acknowledge")
            timers.append(Timer(ack.by if ack and ack.by > now else _next_step(incident, now), "step"))
        timers += [Timer(d.by, d.name) for d in left.values() if d.name != "acknowledge" and d.by > now]
        if "decision" in left and left["decision"].by <= now:
            timers.append(Timer(_tomorrow(incident, now), "decision"))
    return replace(incident, timers=tuple(sorted(timers)))


def fired(incident: Incident, telling: Telling) -> Incident:
    """Do what is due now, all of it in one notice per party; gives the same incident when nothing is."""
    now = telling.now
    due = [timer for timer in incident.timers if timer.due_at <= now]
    if not due:
        return incident
    before = state_of(incident)
    kinds = {timer.kind for timer in due}
    why = " ".join(_why(incident, timer) for timer in due)
    if not incident.open:
        told = telling.tell(incident, "remind", [asked(incident)], why=why)
        return _recorded(telling, before, _reminded(told, now), kinds, why)
    if kinds == {"silence_ending"}:
        told = telling.tell(incident, "remind", [asked(incident)], why=why)
        return _recorded(telling, before, replace(told, timers=_without(told, "silence_ending")), kinds, why)
    if kinds & {"lease", "silence"}:
        incident = replace(incident, handling="notified", hold=None)
    incident, added = _climbed(incident) if kinds & {"step", "findings", "decision"} else (incident, [])
    again = [a for a in _listeners(incident) if a.party not in {one.party for one in added}]
    incident = telling.tell(incident, "remind", [*added, *again], why=why)
    return _recorded(telling, before, armed(incident, now), kinds, why)


def _climbed(incident: Incident) -> tuple[Incident, list[Addressee]]:
    """Give the next role nobody of which was told yet; when all were, whoever is left for everything."""
    route = incident.route
    assert route is not None, f"{incident.id} climbs without a route"
    expected = route.expected(incident.tier)
    steps = expected.steps if expected is not None else ()
    for place in range(incident.climbed, len(steps)):
        found = route.of(steps[place])
        # A role that is left to nobody, or to somebody told already, costs no time.
        if found.party not in incident.listening and found.destinations:
            return replace(incident, climbed=place + 1), [found]
    last = [route.last] if route.last.party not in incident.listening else []
    rounds = incident.rounds if last else incident.rounds + 1
    return replace(incident, climbed=len(steps), rounds=rounds), last


def _reminded(incident: Incident, now: datetime) -> Incident:
    """Of what has recovered: ask again tomorrow, and after a few days once a week."""
    pause = DAILY if incident.rounds < ROUNDS_MAX else 7 * DAILY
    return replace(incident, rounds=incident.rounds + 1, timers=(Timer(now + pause, "decision"),))


def _next_step(incident: Incident, now: datetime) -> datetime:
    """One interval on, at the pace of the party that leads; once a day when nobody is left to tell."""
    route = incident.route
    assert route is not None, f"{incident.id} has steps without a route"
    expected = route.expected(incident.tier)
    if expected is None or incident.rounds >= ROUNDS_MAX:
        return _tomorrow(incident, now)
    first = lead(incident)
    return later(expected.clocks.ack, now, first.tz, _hours(first))


def _tomorrow(incident: Incident, now: datetime) -> datetime:
    """A day on; where the tier's clocks go by working days, the next day on which whoever leads works."""
    route = incident.route
    expected = route.expected(incident.tier) if route is not None else None
    if expected is None or not isinstance(expected.clocks.ack, WorkingDays):
        return now + DAILY
    first = lead(incident)
    return later(WorkingDays(1), now, first.tz, _hours(first))


def _listeners(incident: Incident) -> list[Addressee]:
    """Who must act, of those who were told; whoever was only informed is not reminded."""
    route = incident.route
    assert route is not None, f"{incident.id} has listeners without a route"
    quiet = {addressee.party for addressee in route.informed}
    kept: dict[str, Addressee] = {}
    for addressee in route.everybody:
        if addressee.party in incident.listening and addressee.party not in quiet:
            kept.setdefault(addressee.party, addressee)
    return list(kept.values())


def _why(incident: Incident, timer: Timer) -> str:
    by = f"{timer.due_at:%Y-%m-%d %H:%M} UTC"
    holder = incident.hold.by if incident.hold is not None else "somebody"
    if not incident.open:
        return f"It has recovered, and nobody has said what it was (due by {by})."
    match timer.kind:
        case "step":
            return f"Nobody has acknowledged it by {by}."
        case "lease":
            return f"{holder} acknowledged it until {by}, and it is still open."
        case "silence":
            return f"{holder} silenced it until {by}, and it is still open."
        case "silence_ending":
            return f"{holder} silenced it until {_later(timer.due_at + SILENCE_WARNING)}; it still holds."
        case "findings":
            return f"Findings were due by {by}, and none are on record."
        case "decision":
            return f"A decision was due by {by}, and none is on record."


def _later(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _recorded(
    telling: Telling, before: dict[str, Json], incident: Incident, kinds: set[TimerKind], why: str
) -> Incident:
    telling.write(f"escalation.{min(kinds)}", incident, before, state_of(incident), why)
    return incident


def _without(incident: Incident, kind: TimerKind) -> tuple[Timer, ...]:
    return tuple(timer for timer in incident.timers if timer.kind != kind)


def _hours(addressee: Addressee) -> Hours:
    return parse_hours(addressee.hours) if addressee.hours else Hours()
