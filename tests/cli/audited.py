"""A store with an audit to verify, and ways to forge it as its administrator could."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from alerting.audit import AuditEntry
from alerting.checkpoint import sign
from alerting.remark import Remark
from service.store.engine import Store, open_store
from service.store.records import append_audit, audit_rows
from service.store.remarks import put_remark

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONFIG = 'store: {url: "sqlite:///s.db"}\n'
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def at(minutes: float) -> datetime:
    """A time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def written(number: int) -> Remark:
    """What somebody wrote."""
    return Remark(f"rmk_{number}", f"inc_{number}", at(number), f"words {number}", bytes([number] * 16), "anna")


def audited(folder: Path, entries: int = 9, *, remarks: int = 2, actor: str = "anna", name: str = "s.db") -> None:
    """Make a store whose first entries each name a remark, and the settings that lead to it."""
    store = opened(folder, name)
    with store.write() as connection:
        for number in range(1, entries + 1):
            reference = ""
            if number <= remarks:
                put_remark(connection, written(number))
                reference = written(number).reference()
            entry = AuditEntry(at(number), actor, "incident.noted", f"inc_{number}", remark=reference)
            append_audit(connection, [entry])
    store.close()
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")


def opened(folder: Path, name: str = "s.db") -> Store:
    """Open the store."""
    return open_store(f"sqlite:///{folder / name}", tick_seconds=60)


def forged(folder: Path, *statements: str) -> None:
    """Change the database as its administrator could, who takes the triggers off first."""
    store = opened(folder)
    with store.write() as connection:
        for trigger in ("audit_not_changed", "audit_not_deleted", "audit_only_appended"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        for statement in statements:
            connection.execute(text(statement))
    store.close()


def anchored(folder: Path, *seqs: int, key: Ed25519PrivateKey = KEY, name: str = "anchors.ndjson") -> Path:
    """Publish checkpoints of entries as the store now holds them, an hour apart."""
    store = opened(folder)
    with store.read() as connection:
        rows = audit_rows(connection)
    store.close()
    signed = [sign(rows[0].hash, seq, rows[seq - 1].hash, at(60 * (i + 1)), key) for i, seq in enumerate(seqs)]
    path = folder / name
    path.write_text("".join(one.to_line() + "\n" for one in signed), encoding="utf-8")
    return path
