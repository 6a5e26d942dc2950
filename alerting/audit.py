"""Who decided what, chained so that a later change of any row shows. Tamper-evident, never called immutable.

The chain proves that the rows agree with each other. Whoever can rewrite all of them can rewrite the chain, so its
newest hash is worth keeping where the database's administrator cannot write.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import rfc8785
from pydantic import JsonValue

from alerting.remark import read_reference

Json: TypeAlias = JsonValue
"""A JSON value: pydantic's own name for it, which its adapters can resolve although it contains itself."""

GENESIS = "0" * 64
"""What the first row has for a previous hash."""

INTEGER_MAX = 2**53 - 1
"""The largest integer that canonical JSON (RFC 8785) can tell from its neighbours."""

_FIELDS = frozenset({"at", "actor", "action", "subject", "before", "after", "reason", "remark"})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision: who (a token's name, or the service itself) did what to what, its state before and after, and why.

    `remark` is the reference of free text kept beside the chain (`alerting.remark`), or empty; an entry without one is
    hashed as it always was. Raises ValueError on a naive time, on numbers that canonical JSON cannot carry, and on a
    remark that is not a reference.
    """

    at: datetime
    actor: str
    action: str
    subject: str
    before: Mapping[str, Json] | None = None
    after: Mapping[str, Json] | None = None
    reason: str = ""
    remark: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"audit time {self.at.isoformat()} has no time zone: pass an aware time")
        _refuse_numbers("before", self.before)
        _refuse_numbers("after", self.after)
        if self.remark:
            read_reference(self.remark)

    def to_json_object(self) -> dict[str, Json]:
        """Give the entry as JSON values, times in ISO 8601."""
        value: dict[str, Json] = {
            "at": self.at.isoformat(), "actor": self.actor, "action": self.action, "subject": self.subject,
            "before": None if self.before is None else dict(self.before),
            "after": None if self.after is None else dict(self.after), "reason": self.reason,
        }  # fmt: skip
        return value | {"remark": self.remark} if self.remark else value

    @classmethod
    def from_json_object(cls, value: Mapping[str, Json]) -> "AuditEntry":
        """Read what `to_json_object` gave; raises ValueError naming the field that is not what it should be."""
        if strange := sorted(set(value) - _FIELDS):
            raise ValueError(f"audit entry has a field {strange[0]!r}: it has none beside {', '.join(sorted(_FIELDS))}")
        if value.get("remark") == "":
            raise ValueError("audit entry has an empty remark: leave it out")
        before, after = value.get("before"), value.get("after")
        if not isinstance(before, Mapping | None) or not isinstance(after, Mapping | None):
            raise ValueError(f"audit entry has before {before!r} and after {after!r}: give an object or null")
        at, actor, action, subject, reason = (
            _text(value, name) for name in ("at", "actor", "action", "subject", "reason")
        )
        remark = _text(value, "remark") if "remark" in value else ""
        return cls(datetime.fromisoformat(at), actor, action, subject, before, after, reason, remark)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry at its place in the chain; `seq` counts from 1, hashes are 64 hex digits."""

    seq: int
    entry: AuditEntry
    previous: str
    hash: str


def chain(previous: str, seq: int, entry: AuditEntry) -> AuditRow:
    """Place an entry behind the row whose hash is `previous`.

    The hash is SHA-256(0x00 | previous as 32 bytes | RFC 8785 JSON of the entry and its seq).
    """
    content = rfc8785.dumps({"seq": seq, **entry.to_json_object()})
    digest = hashlib.sha256(b"\x00" + bytes.fromhex(previous) + content).hexdigest()
    return AuditRow(seq, entry, previous, digest)


def verify(rows: Iterable[AuditRow], previous: str = GENESIS, seq: int = 0) -> AuditRow | None:
    """Give the first row that does not follow from the one before it; None when all do.

    `previous` and `seq` are those of the last row before these, for a chain whose beginning was archived. Rows cut off
    at the end cannot be seen here: compare the last hash with one that was kept elsewhere.
    """
    for row in rows:
        seq += 1
        if row.seq != seq or row.previous != previous or row.hash != chain(previous, seq, row.entry).hash:
            return row
        previous = row.hash
    return None


def _text(value: Mapping[str, Json], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise ValueError(f"audit entry has {name} {text!r}: it must be a string")
    return text


def _refuse_numbers(where: str, value: Json | Mapping[str, Json]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"audit {where} holds {value}: canonical JSON has no such number, leave it out")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise ValueError(f"audit {where} holds {value}: integers beyond {INTEGER_MAX} must be written as strings")
    if isinstance(value, Mapping):
        for name, item in value.items():
            _refuse_numbers(f"{where}.{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_numbers(f"{where}[{index}]", item)
