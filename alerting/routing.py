"""Whom an incident concerns: its route when it opens, and who of the route is told of what."""

from collections.abc import Iterable
from dataclasses import replace

from alerting.cause import is_view, view_of_cause
from alerting.incident import Incident, Intent
from alerting.lineage import Lineage
from alerting.ownership import Ownership
from alerting.route import RINGING, Addressee, Route
from alerting.tiers import QUALITY, SELF_WATCH, Tier

INFORMED_MAX = 20
"""Owners of models who are told, without being rung up, that the source of their data broke."""


def route_for(incident: Incident, ownership: Ownership, lineage: Lineage) -> Route:
    """Resolve everybody an incident may concern, by its lead and its cause."""
    lead = incident.lead.peak
    if lead.detector in SELF_WATCH:
        return ownership.sight_route()
    view = view_of_cause(incident.cause)
    if view:
        route = ownership.route(lead.stream, lead.subject, view)
        return replace(route, informed=informed(incident, route, ownership))
    return ownership.route(lead.stream, lead.subject, lineage.name_of(lead.stream, lead.subject))


def informed(incident: Incident, route: Route, ownership: Ownership) -> tuple[Addressee, ...]:
    """Name the owners of all models that read what broke, other than its steward, first those already named."""
    found = {addressee.party: addressee for addressee in route.informed}
    for stream in sorted({member.peak.stream for member in incident.members}):
        if stream.kind == "feature":
            continue
        owner = ownership.addressee("owner", stream, "")
        # Whoever was told loudly in another role stays told loudly, or what rings would never learn of the end.
        if owner.party in (route.data_steward.party, *incident.listening):
            continue
        if len(found) < INFORMED_MAX:
            found.setdefault(owner.party, quietly(owner))
    return tuple(found.values())


def concerned(incident: Incident, intent: Intent) -> list[Addressee]:
    """Who is told: who leads, who else the tier asks for, and everybody who was told before; once each.

    What ends goes to those who were told and to nobody else.
    """
    assert incident.route is not None, f"{incident.id} is told without a route"
    route = incident.route
    again = [addressee for addressee in route.everybody if addressee.party in incident.listening]
    if intent in ("resolve", "update"):
        return once(again)
    expected = route.expected(incident.tier)
    named = [route.of(role) for role in expected.told if role not in ("owner", "data_steward")] if expected else []
    first = lead(incident)
    # Whoever is only the fallback for a role is told when a clock runs out, not at once of everything; but at once of
    # what has been left to nobody on purpose.
    wanted = [one for one in named if not one.fallback or not first.destinations]
    return once([first, *route.informed, *wanted, *again])


def lead(incident: Incident) -> Addressee:
    """Who must act first: the steward where data is broken, else the owner."""
    route = incident.route
    assert route is not None, f"{incident.id} is told without a route"
    broken = is_view(incident.cause) or incident.lead.detector in QUALITY
    return route.data_steward if broken else route.owner


def asked(incident: Incident) -> Addressee:
    """Who is reminded without being woken: who leads, else the next that has a contact which does not ring.

    While it is open only whoever was told of it. Where everything rings it is who leads, by nothing.
    """
    route = incident.route
    assert route is not None, f"{incident.id} reminds without a route"
    expected = route.expected(incident.tier)
    steps = [route.of(role) for role in expected.steps] if expected is not None else []
    known = [a for a in (*steps, route.last) if not incident.open or a.party in incident.listening]
    return next((calm for a in (lead(incident), *known) if (calm := quietly(a)).destinations), quietly(lead(incident)))


def unheard(incident: Incident, from_tier: Tier) -> list[Addressee]:
    """Who has become concerned since the open: data broke too, the model itself is at act, or another model is hit."""
    route = incident.route
    if not incident.owed or route is None:
        return []
    wanted = list(route.informed)
    for member in incident.loud if not is_view(incident.cause) else ():
        if member.detector in QUALITY and member.tier.reaches(from_tier):
            wanted.append(route.data_steward)
        elif member.detector not in SELF_WATCH | QUALITY and member.tier is Tier.ACT:
            wanted.append(route.owner)
    return [addressee for addressee in once(wanted) if addressee.party not in incident.listening]


def once(addressees: Iterable[Addressee]) -> list[Addressee]:
    """Keep the first of each party."""
    kept: dict[str, Addressee] = {}
    for addressee in addressees:
        kept.setdefault(addressee.party, addressee)
    return list(kept.values())


def quietly(addressee: Addressee) -> Addressee:
    """Leave out the destinations that would wake somebody up."""
    calm = tuple(target for target in addressee.destinations if target.sink not in RINGING)
    return replace(addressee, destinations=calm)
