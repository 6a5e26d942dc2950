"""Webhooks of PagerDuty that were taken: none is taken twice, and which of its incidents is which of ours."""

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, delete, insert, select

from service.store.schema import metadata

KEPT_DAYS = 90
_DAY_MS = 86_400_000

pagerduty_event = Table(
    "pagerduty_event",
    metadata,
    Column("id", String, primary_key=True),
    Column("pagerduty_incident", String, nullable=False),
    Column("incident", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("pagerduty_event_incident", "pagerduty_incident"),
    Index("pagerduty_event_at", "at_ms"),
)
"""Events about our incidents, by PagerDuty's ids of the event and of its incident, for KEPT_DAYS."""


def was_taken(connection: Connection, event: str) -> bool:
    """Say whether an event was taken before: PagerDuty sends at least once."""
    found = select(pagerduty_event.c.id).where(pagerduty_event.c.id == event)
    return connection.execute(found).scalar() is not None


def incident_of(connection: Connection, pagerduty_incident: str) -> str:
    """The id of our incident that one of PagerDuty's is, as an earlier event said; "" when none did."""
    known = (
        select(pagerduty_event.c.incident)
        .where(pagerduty_event.c.pagerduty_incident == pagerduty_incident)
        .order_by(pagerduty_event.c.at_ms.desc())
        .limit(1)
    )
    found = connection.execute(known).scalar() if pagerduty_incident else None
    return str(found or "")


def take(connection: Connection, event: str, pagerduty_incident: str, incident: str, now_ms: int) -> None:
    """Note an event, and let go of those that are too old to come again."""
    connection.execute(delete(pagerduty_event).where(pagerduty_event.c.at_ms < now_ms - KEPT_DAYS * _DAY_MS))
    values = {"pagerduty_incident": pagerduty_incident, "incident": incident, "at_ms": now_ms}
    connection.execute(insert(pagerduty_event).values(id=event, **values))
