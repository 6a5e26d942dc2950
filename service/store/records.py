"""Readings, findings, incidents, notices, deliveries and audit: rows of the transaction they come from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from alerting.audit import GENESIS, AuditEntry, AuditRow, chain
from alerting.finding import Finding, Stream
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.outbox import Delivery
from service.store.audit_tables import audit_about
from service.store.schema import audit, delivery, finding, incident, notice, reading

RECEIPTS_MAX = 50
"""Deliveries of one line that are looked at for the first that has a receipt."""


_CLOCKLESS = and_(
    incident.c.due_ms.is_(None), incident.c.handling.not_in(("new", "closed")), incident.c.tier != "observe"
)


def ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return round(at.timestamp() * 1000)


def put_readings(connection: Connection, tick: int, window: str, readings: Mapping[Stream, bytes]) -> None:
    """Keep the encoded readings of a window that ends with `tick`."""
    if readings:
        connection.execute(
            insert(reading),
            [
                {
                    "kind": stream.kind, "model": stream.model, "version": stream.version, "segment": stream.segment,
                    "window": window, "tick": tick, "content": content,
                }
                for stream, content in readings.items()
            ],
        )  # fmt: skip


def add_findings(connection: Connection, tick: int, found: Sequence[tuple[Finding, str | None, str]]) -> None:
    """Record findings with the tier each earned and its JSON."""
    if found:
        connection.execute(
            insert(finding),
            [
                {
                    "tick": tick, "kind": item.stream.kind, "model": item.stream.model, "version": item.stream.version,
                    "segment": item.stream.segment, "subject": item.subject, "detector": item.detector,
                    "window": item.window, "tier": tier, "content": content,
                }
                for item, tier, content in found
            ],
        )  # fmt: skip


def newest_incidents(connection: Connection, resolved_since_ms: int) -> dict[str, Incident]:
    """The newest incident of each cause that may still matter.

    Those are the ones that are open, that resolved since then, that nobody has closed, or that people closed while the
    data still spoke.
    """
    table = incident.c
    rows = connection.execute(
        select(table.cause, table.content)
        .where(
            or_(table.open == 1, table.resolved_ms >= resolved_since_ms, table.watched == 1, table.handling != "closed")
        )
        .order_by(table.open, table.opened_ms)
    )
    return {row.cause: Incident.from_json(row.content) for row in rows}


def open_incidents(connection: Connection) -> list[Incident]:
    """The incidents that are open, the oldest first."""
    rows = connection.execute(select(incident.c.content).where(incident.c.open == 1).order_by(incident.c.opened_ms))
    return [Incident.from_json(content) for content in rows.scalars()]


def put_incident(connection: Connection, changed: Incident, now_ms: int) -> None:
    """Write an incident as it now is."""
    values = {
        "cause": changed.cause, "open": int(changed.open), "tier": str(changed.tier),
        "condition": changed.condition, "handling": changed.handling, "opened_ms": ms(changed.opened_at),
        "updated_ms": now_ms, "resolved_ms": ms(changed.resolved_at) if changed.resolved_at else None,
        "content": changed.to_json(), "watched": int(not changed.open and bool(changed.held)),
        "due_ms": ms(changed.timers[0].due_at) if changed.timers else None,
    }  # fmt: skip
    moved = connection.execute(update(incident).where(incident.c.id == changed.id).values(**values))
    if moved.rowcount == 0:
        # What an earlier one of the cause still watched, this one watches.
        before = and_(incident.c.cause == changed.cause, incident.c.watched == 1)
        connection.execute(update(incident).where(before).values(watched=0))
        connection.execute(insert(incident).values(id=changed.id, **values))


def due_incidents(connection: Connection, now_ms: int, limit: int) -> list[Incident]:
    """The incidents of which a timer has run out, the longest overdue first."""
    rows = connection.execute(
        select(incident.c.content).where(incident.c.due_ms <= now_ms).order_by(incident.c.due_ms).limit(limit)
    )
    return [Incident.from_json(content) for content in rows.scalars()]


def clockless_incidents(connection: Connection, limit: int) -> list[Incident]:
    """The incidents that people were told of, that nobody closed, and that no timer would ever bring up again."""
    rows = connection.execute(select(incident.c.content).where(_CLOCKLESS).limit(limit))
    return [Incident.from_json(content) for content in rows.scalars()]


def clockless_count(connection: Connection) -> int:
    """How many incidents `clockless_incidents` could give."""
    return connection.execute(select(func.count()).select_from(incident).where(_CLOCKLESS)).scalar_one()


def incident_now(connection: Connection, incident_id: str) -> Incident | None:
    """An incident as it stands, None when there is none of that id."""
    content = connection.execute(select(incident.c.content).where(incident.c.id == incident_id)).scalar()
    return None if content is None else Incident.from_json(content)


def add_notice(connection: Connection, composed: Notice) -> None:
    """Keep the words of a notice."""
    connection.execute(
        insert(notice).values(
            id=composed.id,
            incident=composed.incident,
            at_ms=ms(composed.at),
            content=composed.to_json(),
            party=composed.party,
        )
    )


def notices_since(connection: Connection, party: str, since_ms: int, at_most: int) -> int:
    """How many notices were made for a party since then, counted up to a bound."""
    found = select(notice.c.id).where(notice.c.party == party, notice.c.at_ms >= since_ms).limit(at_most)
    return len(list(connection.execute(found)))


def next_seq(connection: Connection, incident_id: str, destination: str) -> int:
    """The number of the next delivery of an incident at a destination."""
    table = delivery
    count = connection.execute(
        select(func.coalesce(func.max(table.c.seq), -1)).where(
            table.c.incident == incident_id, table.c.destination == destination
        )
    ).scalar_one()
    return int(count) + 1


def put_delivery(connection: Connection, changed: Delivery, now_ms: int) -> None:
    """Write a delivery as it now is."""
    values = {"state": changed.state, "next_ms": ms(changed.next_at), "content": changed.to_json()}
    moved = connection.execute(update(delivery).where(delivery.c.key == changed.key).values(**values))
    if moved.rowcount == 0:
        connection.execute(
            insert(delivery).values(
                key=changed.key, incident=changed.incident_id, destination=changed.destination, seq=changed.seq,
                created_ms=now_ms, **values,
            )
        )  # fmt: skip


def put_attempt(connection: Connection, changed: Delivery) -> bool:
    """Write what an attempt made of a delivery; False, and nothing, where it does not wait any more.

    Somebody else has then sent or dropped it: a worker that stood still for longer than its lease must not bring back
    what is over.
    """
    values = {"state": changed.state, "next_ms": ms(changed.next_at), "content": changed.to_json()}
    waiting = and_(delivery.c.key == changed.key, delivery.c.state == "pending")
    return connection.execute(update(delivery).where(waiting).values(**values)).rowcount == 1


def hasten(connection: Connection, urgent: Delivery, now: datetime) -> None:
    """Let nothing that was held back over quiet hours stand in the way of what cannot wait."""
    rows = connection.execute(
        select(delivery.c.content).where(
            delivery.c.incident == urgent.incident_id, delivery.c.destination == urgent.destination,
            delivery.c.seq < urgent.seq, delivery.c.state == "pending", delivery.c.next_ms > ms(now),
        )
    )  # fmt: skip
    for content in list(rows.scalars()):
        held = Delivery.from_json(content)
        if held.attempts == 0:
            put_delivery(connection, replace(held, next_at=now), ms(now))


def drop_delivery(connection: Connection, key: str) -> None:
    """Remove a delivery that was never attempted (its incident resolved first)."""
    connection.execute(delete(delivery).where(and_(delivery.c.key == key, delivery.c.state == "pending")))


def first_receipt(connection: Connection, incident_id: str, destination: str) -> str:
    """What a destination called its first message of an incident, "" when it called none anything."""
    sent = connection.execute(
        select(delivery.c.content)
        .where(delivery.c.incident == incident_id, delivery.c.destination == destination, delivery.c.state == "sent")
        .order_by(delivery.c.seq)
        .limit(RECEIPTS_MAX)
    ).scalars()
    return next((receipt for content in sent if (receipt := Delivery.from_json(content).receipt)), "")


def append_audit(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Add entries to the end of the chain."""
    if not entries:
        return
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    seq, previous = (last.seq, last.hash) if last is not None else (0, GENESIS)
    for entry in entries:
        seq += 1
        row = chain(previous, seq, entry)
        connection.execute(
            insert(audit).values(
                seq=row.seq, at_ms=ms(entry.at), content=json.dumps(entry.to_json_object()), previous=row.previous,
                hash=row.hash,
            )
        )  # fmt: skip
        connection.execute(insert(audit_about).values(subject=entry.subject, seq=seq))
        previous = row.hash


def audit_rows(connection: Connection) -> list[AuditRow]:
    """The whole chain, oldest first."""
    rows = connection.execute(select(audit).order_by(audit.c.seq))
    return [
        AuditRow(row.seq, AuditEntry.from_json_object(json.loads(row.content)), row.previous, row.hash) for row in rows
    ]
