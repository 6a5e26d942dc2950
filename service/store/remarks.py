"""Remarks: what people wrote, beside the chain that names them; erased from here, and only here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from alerting.audit import AuditEntry
from alerting.remark import NAME_CHARS_MAX, Remark
from service.store.engine import Store
from service.store.records import append_audit, ms
from service.store.schema import remark as table

ERASED = "remark.erased"
"""The action of the audit entry that an erasure leaves."""


class RemarkUnknown(LookupError):
    """There is no remark of this id; the message says so and where ids are found."""


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """A remark as it is stored: its content, or when (ms since 1970) and by whom that was erased."""

    id: str
    incident: str
    at_ms: int
    content: str | None
    erased_ms: int | None
    erased_by: str | None

    def remark(self) -> Remark | None:
        """What was written; None once erased. Raises RemarkError when it was damaged."""
        return Remark.from_json(self.content) if self.content is not None else None


def put_remark(connection: Connection, written: Remark) -> None:
    """Keep a remark; the audit entry of the same transaction carries `written.reference()` as its `remark`."""
    connection.execute(
        insert(table).values(
            id=written.id, incident=written.incident, at_ms=ms(written.at), content=written.to_json()
        )
    )  # fmt: skip


def remark_row(connection: Connection, remark_id: str) -> RemarkRow | None:
    """The remark of this id, erased or not."""
    row = connection.execute(select(table).where(table.c.id == remark_id)).one_or_none()
    return RemarkRow(*row) if row is not None else None


def remarks_of(connection: Connection, incident_id: str) -> list[RemarkRow]:
    """The remarks about an incident, the oldest first, the erased among them."""
    rows = connection.execute(select(table).where(table.c.incident == incident_id).order_by(table.c.at_ms, table.c.id))
    return [RemarkRow(*row) for row in rows]


def erase_remark(store: Store, remark_id: str, *, actor: str, why: str, now: datetime) -> RemarkRow:
    """Erase what was written, in the file too, and put on record who did it and why; a second time changes nothing.

    The row stays without its content. Raises RemarkUnknown, and ValueError without an actor or a reason.
    """
    for name, value in (("actor", actor), ("why", why)):
        if not value.strip() or len(value) > NAME_CHARS_MAX:
            raise ValueError(f"{name}: {len(value)} characters; give 1 to {NAME_CHARS_MAX}, it goes into the audit")
    with store.write() as connection:
        # SQLite then writes zeros over what it deletes, which it otherwise leaves in the file until it is reused.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        held = remark_row(connection, remark_id)
        if held is None:
            raise RemarkUnknown(f"There is no remark {remark_id[:100]!r}; the audit entry of what it says names its id")
        if held.content is not None:
            values = {"content": None, "erased_ms": ms(now), "erased_by": actor}
            connection.execute(update(table).where(table.c.id == remark_id).values(**values))
            after = {"remark": remark_id}
            append_audit(connection, [AuditEntry(now, actor, ERASED, held.incident, None, after, why)])
        erased = remark_row(connection, remark_id)
    assert erased is not None, "the row stays"
    _leave_no_copy(store)
    return erased


def _leave_no_copy(store: Store) -> None:
    """Move what the write-ahead log holds into the file and cut the log, where the old page may still stand."""
    connection = store.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()
