"""Reading the audit's chain as it lies in the database, a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerting.audit_proof import StoredRow
from service.store.records import ms
from service.store.schema import audit

BATCH = 1_000
"""Rows that are in memory at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries `first` to `last` of the chain; none when `last` is before `first`."""

    first: int
    last: int


def stretch(connection: Connection, since: datetime | None = None, until: datetime | None = None) -> Stretch:
    """Find the entries from the first at or after `since` to the last before `until`, without a gap between them."""
    query = select(func.coalesce(func.min(audit.c.seq), 1), func.coalesce(func.max(audit.c.seq), 0))
    if since is not None:
        query = query.where(audit.c.at_ms >= ms(since))
    if until is not None:
        query = query.where(audit.c.at_ms < ms(until))
    first, last = connection.execute(query).one()
    return Stretch(first, last)


def stored_rows(connection: Connection, wanted: Stretch) -> Iterator[list[StoredRow]]:
    """Give the rows in batches, by their number; the connection may be used for other reading in between."""
    query = select(audit).where(audit.c.seq >= wanted.first, audit.c.seq <= wanted.last).order_by(audit.c.seq)
    found = connection.execute(query, execution_options={"yield_per": BATCH})
    for rows in found.partitions():
        yield [StoredRow(row.seq, row.content, row.previous, row.hash, row.at_ms) for row in rows]
