"""Reading the store for metrics, API and pages, where the plain queries would read too much of a long history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select

from alerting.finding import EventKind, Stream
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.outbox import Delivery
from service.store.engine import Store
from service.store.incident_list import Which, find_incidents
from service.store.queries import Read
from service.store.reading_codec import decode_readings
from service.store.schema import delivery, incident, notice, reading, tick_close

CURRENT_TICKS = 60
"""Every window is read at least this often, so a reading older than this is no longer current (its stream is gone)."""


def newest_tick(store: Store) -> int | None:
    """The tick that the newest readings end with, None before the first; it changes whenever readings are added."""
    with store.read() as connection:
        return connection.execute(select(func.max(reading.c.tick))).scalar()


def current_readings(
    store: Store, *, kind: EventKind | None = None, model: str | None = None, version: str | None = None
) -> list[Read]:
    """The newest readings of every stream and window that is still watched, ordered by stream, shortest window first.

    Only the last hour of ticks is looked at, by index: the table holds months.
    """
    table = reading
    asked = [
        column == value
        for column, value in ((table.c.kind, kind), (table.c.model, model), (table.c.version, version))
        if value is not None
    ]
    with store.read() as connection:
        newest = connection.execute(select(func.max(table.c.tick))).scalar()
        if newest is None:
            return []
        ends = connection.execute(
            select(table.c.window, func.max(table.c.tick))
            .where(table.c.tick > newest - CURRENT_TICKS)
            .group_by(table.c.window)
        ).all()
        here = or_(*(and_(table.c.tick == tick, table.c.window == window) for window, tick in ends))
        rows = connection.execute(select(table).where(here, *asked)).all()
    reads = [
        Read(Stream(row.kind, row.model, row.version, row.segment), row.window, row.tick, tuple(decoded))
        for row in rows
        for decoded in (decode_readings(row.content, row.window),)
    ]
    return sorted(reads, key=lambda read: (_kind_order(read.stream), read.stream, window_seconds(read.window)))


def _kind_order(stream: Stream) -> int:
    """Predictions come first: where names collide under a budget, the model goes before the feature view."""
    return 0 if stream.kind == "prediction" else 1


def window_seconds(window: str) -> int:
    """The length of a window from its name.

    >>> [window_seconds(name) for name in ("90s", "5m", "1h", "1d")]
    [90, 300, 3600, 86400]
    """
    return int(window[:-1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[window[-1]]


def waiting(store: Store) -> Mapping[str, tuple[int, int]]:
    """Deliveries that are pending or dead: how many, and when the oldest was made (ms). Sent ones are not looked at."""
    table = delivery
    query = (
        select(table.c.state, func.count().label("n"), func.min(table.c.created_ms).label("oldest"))
        .where(table.c.state.in_(("pending", "dead")))
        .group_by(table.c.state)
    )
    with store.read() as connection:
        return {row.state: (row.n, row.oldest) for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Close:
    """The newest close of the journal."""

    tick: int
    at: datetime
    watermark: datetime


def last_close(store: Store) -> Close | None:
    """When the last tick was closed, None before the first."""
    query = select(tick_close).order_by(tick_close.c.tick.desc()).limit(1)
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Close(row.tick, _time(row.at_ms), _time(row.watermark_ms))


@dataclass(frozen=True, slots=True)
class Told:
    """An incident, the notices composed for it and where each of them stands, oldest first."""

    incident: Incident
    notices: Sequence[Notice]
    deliveries: Sequence[Delivery]


def incidents_newest_first(
    store: Store, *, open_only: bool | None = None, owed: bool | None = None, model: str | None = None, limit: int
) -> list[Incident]:
    """Incidents as alerting wrote them, newest first: all, only open ones (True) or only resolved ones (False).

    `owed` asks for those that wait for a person, or for the others, likewise.
    """
    return find_incidents(store, Which(open=open_only, owed=owed, model=model), limit=limit)


def told_of(store: Store, incident_id: str) -> Told | None:
    """One incident with its notices and deliveries, None when there is no such incident."""
    with store.read() as connection:
        content = connection.execute(select(incident.c.content).where(incident.c.id == incident_id)).scalar()
        if content is None:
            return None
        notices = connection.execute(
            select(notice.c.content).where(notice.c.incident == incident_id).order_by(notice.c.at_ms, notice.c.id)
        ).scalars()
        deliveries = connection.execute(
            select(delivery.c.content)
            .where(delivery.c.incident == incident_id)
            .order_by(delivery.c.created_ms, delivery.c.seq)
        ).scalars()
        return Told(
            Incident.from_json(content),
            [Notice.from_json(text) for text in notices],
            [Delivery.from_json(text) for text in deliveries],
        )


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
