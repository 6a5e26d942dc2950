"""A party that none of its destinations reaches: when that is so, and who is told instead. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerting.incident import Incident
from alerting.outbox import RINGS, Delivery
from alerting.route import PAGING
from alerting.tell import Telling
from alerting.tiers import Tier

LOWER_TIERS_WAIT = 4
"""How many times as long somebody else is waited for where nobody need get up: an hour instead of a quarter."""


def patience(tier: Tier, minutes: float) -> timedelta:
    """How long a party may be out of reach before somebody else is told; `minutes` is for act and blind."""
    urgent = tier in (Tier.ACT, Tier.BLIND)
    return timedelta(minutes=minutes if urgent else minutes * LOWER_TIERS_WAIT)


def party_of(delivery: Delivery) -> str:
    """Whom a delivery is for, "" where its payload does not say."""
    about = delivery.payload.get("data")
    return str(about.get("party", "")) if isinstance(about, dict) else ""


def _grave(delivery: Delivery) -> bool:
    about = delivery.payload.get("data")
    return isinstance(about, dict) and about.get("tier") in ("act", "blind")


def unreached(told: Sequence[Delivery], now: datetime, wait: timedelta, watched_since: datetime) -> Delivery | None:
    """Give the delivery that shows that a party cannot be reached, None while it was, or still may be in time.

    `told` is what one party was to be told of one incident, at all of its destinations. It cannot be reached when every
    delivery of the oldest notice that has not arrived is dead, or nothing has arrived for `wait`. A line in a log
    reaches nobody where the party has another destination, and at act and blind nothing but what may ring does where
    it has that. What was never tried counts from when it was due, and not
    from before `watched_since`: a service that was away itself blames nobody for it.
    """
    real = [delivery for delivery in told if delivery.target.sink != "log"] or list(told)
    if any(_grave(delivery) for delivery in real):
        real = [delivery for delivery in real if delivery.target.sink in PAGING] or real
    arrived = max((delivery.seq for delivery in real if delivery.state == "sent"), default=-1)
    left = [delivery for delivery in real if delivery.intent in RINGS and delivery.seq > arrived]
    if not left:
        return None
    oldest = [delivery for delivery in left if delivery.seq == min(one.seq for one in left)]
    failing = max(left, key=lambda delivery: (bool(delivery.last_error), delivery.attempts))
    if all(delivery.state == "dead" for delivery in oldest):
        return failing
    since = min(delivery.tried_at or max(delivery.next_at, watched_since) for delivery in left)
    return failing if now - since >= wait else None


def passed_on(incident: Incident, failing: Delivery, telling: Telling) -> Incident | None:
    """Tell whoever is left for everything that a party cannot be reached, once for each incident and party.

    None where nothing is to be done: the incident is over or somebody has taken it on, the party was only informed, or
    this was told before. When nobody is left, that is on record, and the party is among `incident.unreached` as well.
    """
    party, route = party_of(failing), incident.route
    if route is None or not incident.open or not incident.owed or incident.hold is not None:
        return None
    named = {addressee.party for addressee in replace(route, informed=()).everybody}
    if party in incident.unreached or party not in named:
        return None
    incident = replace(incident, unreached=tuple(sorted({*incident.unreached, party})))
    error = failing.last_error or "it is left alone because it fails"
    why = f"{party} could not be reached: {failing.destination} ({error})."
    last = route.last
    if last.party in incident.unreached:
        telling.write("delivery.unreachable", incident, {"party": party}, None, f"{why} Nobody is left to tell.")
        return incident
    told = telling.tell(incident, "remind", [last], why=why)
    telling.write("delivery.rerouted", told, {"party": party}, {"party": last.party}, why)
    return told
