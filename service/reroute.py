"""When a party cannot be reached at all: whoever is left for everything is told instead, and why."""

import logging

from sqlalchemy import Connection, select

from alerting.outbox import Delivery
from alerting.tell import LIMITED, Telling
from service.store.decisions import put_told
from service.store.records import incident_now
from service.store.schema import delivery as table

log = logging.getLogger(__name__)


def reroute(connection: Connection, dead: Delivery, telling: Telling) -> bool:
    """Tell the fallback of the incident's route once no destination of a party took what it was to be told.

    True when somebody is told. Nobody is where the incident is over, the fallback is the party itself, or has been told
    already; what is then left is said as loudly as a log can.
    """
    party = _party(dead)
    if dead.intent not in LIMITED or not _lost(connection, dead, party):
        return False
    incident = incident_now(connection, dead.incident_id)
    if incident is None or incident.route is None or not incident.open or not incident.owed:
        return False
    last = incident.route.last
    if last.party == party or last.party in incident.listening:
        log.critical("%s cannot be reached about incident %s, and nobody is left to tell", party, incident.id)
        return False
    why = f"{party} could not be reached: {dead.destination} failed for good ({dead.last_error})."
    told = telling.tell(incident, "remind", [last], why=why)
    telling.write("delivery.rerouted", told, {"party": party}, {"party": last.party}, why)
    put_told(connection, [told], telling.notices, telling.deliveries, telling.audits, telling.now)
    return True


def _lost(connection: Connection, dead: Delivery, party: str) -> bool:
    """Whether every delivery of the same notice is dead."""
    rows = connection.execute(
        select(table.c.content).where(table.c.incident == dead.incident_id, table.c.seq == dead.seq)
    ).scalars()
    same = [found for found in map(Delivery.from_json, rows) if _party(found) == party and found.key != dead.key]
    return all(found.state == "dead" for found in same)


def _party(delivery: Delivery) -> str:
    about = delivery.payload.get("data")
    return str(about.get("party", "")) if isinstance(about, dict) else ""
