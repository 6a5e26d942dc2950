"""Deployments that were announced: the newest of each model, for as long as they may explain anything."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Index, Row, String, Table, delete, insert, select

from service.store.engine import Store
from service.store.schema import metadata

PER_MODEL_MAX, DEPLOYMENTS_MAX, KEPT_DAYS = 1_000, 50_000, 90
_DAY_MS = 86_400_000

deployment = Table(
    "deployment",
    metadata,
    Column("id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("link", String, nullable=False),
    Column("announced_by", String, nullable=False),
    Column("announced_ms", BigInteger, nullable=False),
    Index("deployment_model", "model", "at_ms"),
    Index("deployment_at", "at_ms"),
)
"""What was announced: the newest PER_MODEL_MAX of each model and DEPLOYMENTS_MAX in all, for KEPT_DAYS."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Something that was put in place for a model: when (ms since 1970), what, and who said so when."""

    id: str
    model: str
    version: str
    at_ms: int
    what: str
    link: str
    announced_by: str
    announced_ms: int


def add_deployment(connection: Connection, announced: Deployment) -> Deployment:
    """Keep a deployment and let go of the oldest over the limits; gives the one that is kept under its id already."""
    held = connection.execute(select(deployment).where(deployment.c.id == announced.id)).one_or_none()
    if held is not None:
        return _deployment(held)
    connection.execute(
        insert(deployment).values(
            id=announced.id, model=announced.model, version=announced.version, at_ms=announced.at_ms,
            what=announced.what, link=announced.link, announced_by=announced.announced_by,
            announced_ms=announced.announced_ms,
        )
    )  # fmt: skip
    _let_go(connection, announced)
    return announced


def deployments_of(connection: Connection, model: str, first_ms: int, last_ms: int, limit: int) -> list[Deployment]:
    """What was announced for a model between two times, newest first."""
    table = deployment
    query = (
        select(table)
        .where(table.c.model == model, table.c.at_ms >= first_ms, table.c.at_ms <= last_ms)
        .order_by(table.c.at_ms.desc(), table.c.id)
        .limit(limit)
    )
    return [_deployment(row) for row in connection.execute(query)]


def deployments(store: Store, *, model: str | None, limit: int) -> list[Deployment]:
    """What was announced, newest first, of one model or of all."""
    query = select(deployment).order_by(deployment.c.at_ms.desc(), deployment.c.id).limit(limit)
    if model is not None:
        query = query.where(deployment.c.model == model)
    with store.read() as connection:
        return [_deployment(row) for row in connection.execute(query)]


def _let_go(connection: Connection, announced: Deployment) -> None:
    """Delete what is too old, and what is over the limit of the model or of all."""
    table = deployment
    connection.execute(delete(table).where(table.c.at_ms < announced.announced_ms - KEPT_DAYS * _DAY_MS))
    newest = select(table.c.id).order_by(table.c.at_ms.desc(), table.c.announced_ms.desc(), table.c.id)
    for over in (newest.where(table.c.model == announced.model).offset(PER_MODEL_MAX), newest.offset(DEPLOYMENTS_MAX)):
        # A limit is given because SQLite has no offset without one; each announcement adds one row, so few are over.
        gone = connection.execute(over.limit(100)).scalars().all()
        if gone:
            connection.execute(delete(table).where(table.c.id.in_(gone)))


def _deployment(row: Row[tuple[object, ...]]) -> Deployment:
    return Deployment(**row._mapping)
