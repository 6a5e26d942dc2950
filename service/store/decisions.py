"""Writing down what alerting decided: incidents, notices, deliveries and audit, in the tick's own transaction."""

from datetime import datetime

from sqlalchemy import Connection

from alerting.decide import Decisions
from service.store.records import add_notice, append_audit, ms, put_delivery, put_incident


def put_decisions(connection: Connection, decisions: Decisions, now: datetime) -> None:
    """Write all of it; the caller's transaction makes it happen together with the tick, or not at all."""
    for incident in decisions.incidents:
        put_incident(connection, incident, ms(now))
    for notice in decisions.notices:
        add_notice(connection, notice)
    for delivery in decisions.deliveries:
        put_delivery(connection, delivery, ms(now))
    append_audit(connection, decisions.audits)
