"""What follows here from what people do in PagerDuty, in one transaction with the note that it was taken."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from alerting.errors import ResponseRefused
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.pagerduty_hook import Event
from alerting.policy import Policy
from alerting.remark import SALT_BYTES, Remark
from alerting.respond import Actor, Response, ack, note, release
from alerting.wording import clean
from service.store.decisions import put_response
from service.store.engine import Store
from service.store.pagerduty import incident_of, take, was_taken
from service.store.records import incident_now, ms

HookOutcome: TypeAlias = Literal["done", "noted", "known", "refused", "echo", "repeat", "unknown", "ignored"]
"""`known`: its incident is known from now on, or stands so already. `unknown`: none of ours. `ignored`: no matter."""

HEARD = frozenset(
    f"incident.{what}"
    for what in ("triggered", "acknowledged", "unacknowledged", "resolved", "escalated", "reassigned", "delegated")
)

ACTOR = "pagerduty"
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one webhook, and the notices that came of it."""

    outcome: HookOutcome
    notices: tuple[Notice, ...] = ()


def take_event(
    store: Store, event: Event, policy: Policy, now: datetime, random_bytes: Callable[[int], bytes]
) -> Taken:
    """Take one event: what a person did in PagerDuty is done or noted here.

    The actor is `pagerduty:ID` with PagerDuty's id of the person; the name goes into a remark, which can be erased.
    """
    if event.event_type not in HEARD or not event.pagerduty_incident:
        return Taken("ignored")
    with store.write() as connection:
        if was_taken(connection, event.id):
            return Taken("repeat")
        found = event.incident or incident_of(connection, event.pagerduty_incident)
        incident = incident_now(connection, found) if found else None
        if incident is None:
            return Taken("unknown")
        take(connection, event.id, event.pagerduty_incident, incident.id, ms(now))
        return _follow(connection, incident, event, policy, now, random_bytes)


def _follow(
    connection: Connection,
    incident: Incident,
    event: Event,
    policy: Policy,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> Taken:
    if event.event_type == "incident.triggered":
        return Taken("known")
    if event.ours:
        return Taken("echo")
    remark = Remark(
        f"rmk_{random_bytes(ID_BYTES).hex()}", incident.id, now, _words(event), random_bytes(SALT_BYTES), _name(event)
    )
    actor = Actor(f"{ACTOR}:{clean(event.person.id, 64)}" if event.person else ACTOR, now, remark)
    try:
        response, outcome = _response(incident, event, actor, policy)
    except ResponseRefused:
        return Taken("refused")
    if response is None:
        return Taken(outcome)
    put_response(connection, response, now)
    return Taken(outcome, tuple(response.notices))


def _response(incident: Incident, event: Event, actor: Actor, policy: Policy) -> tuple[Response | None, HookOutcome]:
    """Do what a person did; PagerDuty's own clocks only take back what came from there, since ours go on by themselves.

    What is resolved there stays owed here: only people who say what it was close an incident.
    """
    if not incident.owed:
        return None, "known"
    hold = incident.hold
    match event.event_type:
        case "incident.acknowledged":
            if event.person is None or (hold is not None and incident.handling == "acked" and hold.by == actor.name):
                return None, "known"
            if incident.handling == "silenced":
                return note(incident, actor, policy), "noted"
            return ack(incident, actor, policy), "done"
        case "incident.unacknowledged":
            if hold is None or incident.handling != "acked" or not hold.by.startswith(f"{ACTOR}:"):
                return None, "known"
            return release(incident, actor, policy), "done"
        case _:
            return note(incident, actor, policy), "noted"


def _words(event: Event) -> str:
    by = _name(event) or "PagerDuty itself"
    match event.event_type:
        case "incident.acknowledged":
            return f"Acknowledged in PagerDuty by {by}."
        case "incident.unacknowledged":
            return f"Given back in PagerDuty by {by}."
        case "incident.resolved":
            return f"Resolved in PagerDuty by {by}. Here it is open until somebody closes it: say what it was."
        case "incident.escalated":
            return f"Escalated in PagerDuty by {by}, to {clean(event.assignees, 1_000)}."
        case _:
            return f"Reassigned in PagerDuty by {by}, to {clean(event.assignees, 1_000)}."


def _name(event: Event) -> str:
    return clean(event.person.summary or event.person.id, 200) if event.person is not None else ""
