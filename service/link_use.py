"""Following a signed link: what it offers is done once, in one transaction with the note that it was used."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from alerting.audit import AuditEntry, Json
from alerting.errors import LinkRefused, ResponseRefused
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.links import Offer
from alerting.policy import Policy
from alerting.remark import SALT_BYTES, Remark, RemarkError
from alerting.respond import Actor, Response, ack, close, release
from service.store.decisions import put_response
from service.store.engine import Store
from service.store.links import use, used_at_ms
from service.store.records import incident_now, ms

ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote on a link's page; `hours` is how long they have the incident in hand."""

    hours: float | None = None
    disposition: Disposition | None = None
    note: str = ""


def offered_incident(store: Store, offer: Offer) -> Incident:
    """Give the incident that a link is about; raises LinkRefused when the link does nothing any more."""
    with store.read() as connection:
        return _standing(connection, offer)


def follow(
    store: Store, offer: Offer, said: Said, policy: Policy, now: datetime, random_bytes: Callable[[int], bytes]
) -> Response:
    """Do what a link offers; the actor is `link:PARTY`, and the audit says at which destination it was read.

    Raises LinkRefused when the link does nothing any more, and ResponseRefused when the incident or what was said does
    not allow it: then nothing happened, and the link can be followed again.
    """
    with store.write() as connection:
        incident = _standing(connection, offer)
        remark = _remark(offer, said.note, now, random_bytes)
        response = _done(incident, offer, said, Actor(f"link:{offer.party}", now, remark), policy)
        use(connection, offer.nonce, ms(now), ms(offer.expires))
        response = replace(response, audits=[_entry(offer, now), *response.audits])
        put_response(connection, response, now)
    return response


def _standing(connection: Connection, offer: Offer) -> Incident:
    used = used_at_ms(connection, offer.nonce)
    if used is not None:
        at = datetime.fromtimestamp(used / 1000, UTC)
        raise LinkRefused("used", f"This link was used already, at {at:%Y-%m-%d %H:%M} UTC", offer.incident)
    incident = incident_now(connection, offer.incident)
    if incident is None:
        raise LinkRefused("outdated", f"There is no incident {offer.incident} here")
    if str(incident.tier) != offer.tier:
        risen = f"The incident has been raised to {incident.tier} since this notice was written, at {offer.tier}"
        raise LinkRefused("outdated", risen, offer.incident)
    if incident.closing is not None:
        closed = f"{incident.closing.by} has closed the incident since this notice was written"
        raise LinkRefused("outdated", closed, offer.incident)
    _refuse_who_is_not_asked(incident, offer)
    return incident


def _refuse_who_is_not_asked(incident: Incident, offer: Offer) -> None:
    """Whoever was only informed, or has been taken off it, does not decide about it by a link any more."""
    route = incident.route
    named = {one.party for one in replace(route, informed=()).everybody} if route is not None else set()
    if offer.party in named and (offer.party in incident.listening or not incident.open):
        return
    raise LinkRefused("outdated", f"{offer.party} has no part in this incident, or none any more", offer.incident)


def _done(incident: Incident, offer: Offer, said: Said, actor: Actor, policy: Policy) -> Response:
    match offer.action:
        case "ack":
            until = actor.at + timedelta(hours=said.hours) if said.hours is not None else None
            return ack(incident, actor, policy, until)
        case "release":
            return release(incident, actor, policy)
        case "close":
            return close(incident, actor, policy, said.disposition)


def _remark(offer: Offer, note: str, now: datetime, random_bytes: Callable[[int], bytes]) -> Remark | None:
    if not note.strip():
        return None
    name = f"rmk_{random_bytes(ID_BYTES).hex()}"
    try:
        return Remark(name, offer.incident, now, note.strip(), random_bytes(SALT_BYTES), f"link:{offer.party}")
    except RemarkError as fault:
        raise ResponseRefused(str(fault)) from fault


def _entry(offer: Offer, now: datetime) -> AuditEntry:
    reason = f"by the link in notice {offer.seq} at {offer.destination}"
    after: dict[str, Json] = {"action": offer.action, "destination": offer.destination, "seq": offer.seq}
    return AuditEntry(now, f"link:{offer.party}", "link.used", offer.incident, None, after, reason)
