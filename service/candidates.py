"""What this service knows to have happened to a model shortly before a change: versions, baselines, deployments."""

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from alerting.candidate import LOOK_BACK, SLACK, Candidate, chosen
from alerting.finding import Stream
from service.store.deployments import deployments_of
from service.store.records import ms
from service.store.schema import baseline, model_version

ROWS_MAX = 100
"""Rows looked at of each kind; a model with more of them in one day has changed all day long."""


_OWN = "it is the version that changed"
_OTHER = "some of the traffic may have moved to it"


def candidates(connection: Connection, stream: Stream, began: datetime) -> tuple[Candidate, ...]:
    """Give what happened to the model of a stream in the day before a change of it began, the nearest first.

    Versions and baselines are dated by the wall clock and the change by its events: in a replay of old events they do
    not meet, and nothing is named.
    """
    first, last = ms(began - LOOK_BACK), ms(began + SLACK)
    found = [
        *_versions(connection, stream, first, last),
        *_baselines(connection, stream, first, last),
        *_deployments(connection, stream, first, last),
    ]
    return chosen(found, began)


def _versions(connection: Connection, stream: Stream, first: int, last: int) -> list[Candidate]:
    table = model_version
    rows = connection.execute(
        select(table.c.version, table.c.first_ms)
        .where(
            table.c.kind == stream.kind, table.c.model == stream.model,
            table.c.first_ms >= first, table.c.first_ms <= last,
        )
        .order_by(table.c.first_ms.desc())
        .limit(ROWS_MAX)
    )  # fmt: skip
    return [
        Candidate("version", f"version {row.version} was first seen", _time(row.first_ms), why)
        for row in rows
        for why in (_OWN if row.version == stream.version else _OTHER,)
    ]


def _baselines(connection: Connection, stream: Stream, first: int, last: int) -> list[Candidate]:
    table = baseline
    rows = connection.execute(
        select(table.c.version, table.c.origin, table.c.created_ms)
        .where(
            table.c.kind == stream.kind, table.c.model == stream.model,
            table.c.created_ms >= first, table.c.created_ms <= last,
        )
        .order_by(table.c.created_ms.desc())
        .limit(ROWS_MAX)
    )  # fmt: skip
    return [
        Candidate("baseline", f"version {row.version} got a new baseline", _time(row.created_ms), row.origin)
        for row in rows
    ]


def _deployments(connection: Connection, stream: Stream, first: int, last: int) -> list[Candidate]:
    return [
        Candidate(
            "deploy",
            f"version {one.version}: {one.what}" if one.version else one.what,
            _time(one.at_ms),
            f"announced by {one.announced_by}" if one.announced_by else "announced",
            one.link,
        )
        for one in deployments_of(connection, stream.model, first, last, ROWS_MAX)
    ]


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
