"""Writing down what was decided, by the service or by people: all of it in one transaction, or nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerting.audit import AuditEntry
from alerting.decide import Decisions
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.outbox import Delivery
from alerting.respond import Response
from service.store.records import add_notice, append_audit, hasten, ms, put_delivery, put_incident
from service.store.remarks import put_remark


def put_decisions(connection: Connection, decisions: Decisions, now: datetime) -> None:
    """Write what was decided about a tick's findings; the caller's transaction is the tick's."""
    put_told(connection, decisions.incidents, decisions.notices, decisions.deliveries, decisions.audits, now)


def put_response(connection: Connection, response: Response, now: datetime) -> None:
    """Write what somebody did about an incident, with what they wrote."""
    for remark in response.remarks:
        put_remark(connection, remark)
    put_told(connection, [response.incident], response.notices, response.deliveries, response.audits, now)


def put_told(
    connection: Connection,
    incidents: Sequence[Incident],
    notices: Sequence[Notice],
    deliveries: Sequence[Delivery],
    audits: Sequence[AuditEntry],
    now: datetime,
) -> None:
    """Write incidents as they are now, what is told of them, and the record of both."""
    for incident in incidents:
        put_incident(connection, incident, ms(now))
    for notice in notices:
        add_notice(connection, notice)
    for delivery in deliveries:
        put_delivery(connection, delivery, ms(now))
        if delivery.next_at <= now:
            hasten(connection, delivery, now)
    append_audit(connection, audits)
