"""What lies beside the audit's chain and must agree with it: how entries are found, and what of it was published."""

from sqlalchemy import Connection, func, select, text

from alerting.audit_proof import Faults
from service.store.audit_tables import audit, checkpoint

_NOT_FOUND = text(
    "SELECT audit.seq FROM audit LEFT JOIN audit_about ON audit_about.seq = audit.seq "
    "AND audit_about.subject = json_extract(audit.content, '$.subject') "
    "WHERE audit_about.seq IS NULL AND json_valid(audit.content) ORDER BY audit.seq LIMIT 3"
)


def check_beside(connection: Connection, faults: Faults) -> None:
    """Note entries that nobody who looks for their subject finds, and checkpoints of entries that are not there."""
    for seq in connection.execute(_NOT_FOUND).scalars():
        faults.add(f"entry {seq} is not found by its subject: a row of audit_about was changed or deleted")
    last = connection.execute(select(func.max(audit.c.seq))).scalar() or 0
    for row in connection.execute(select(checkpoint).where(checkpoint.c.seq > last).order_by(checkpoint.c.place)):
        faults.add(
            f"entry {row.seq} was published to {row.place} and is not there now; the chain ends with entry {last}"
        )
