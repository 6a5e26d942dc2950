"""Signed links that were used, until they would have expired anyway: none works twice."""

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, delete, insert, select

from service.store.schema import metadata

used_link = Table(
    "used_link",
    metadata,
    Column("nonce", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("used_link_expires", "expires_ms"),
)
"""Which links were used and when; the nonce is that of the link, and makes no link by itself."""


def used_at_ms(connection: Connection, nonce: str) -> int | None:
    """When a link was used (ms since 1970); None when it was not."""
    found = connection.execute(select(used_link.c.at_ms).where(used_link.c.nonce == nonce)).scalar()
    return None if found is None else int(found)


def use(connection: Connection, nonce: str, now_ms: int, expires_ms: int) -> None:
    """Note that a link was used, and let go of what has expired: that is refused for its time."""
    connection.execute(delete(used_link).where(used_link.c.expires_ms < now_ms))
    connection.execute(insert(used_link).values(nonce=nonce, at_ms=now_ms, expires_ms=expires_ms))
