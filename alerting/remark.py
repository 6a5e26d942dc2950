"""What people write in their own words, kept apart from the audit so that it can be erased without breaking it.

The audit holds only a remark's id and its commitment. The text lies beside the chain with 16 random bytes of salt:
while it is there the commitment proves that it is what was written; once text and salt are gone, the commitment says
nothing about them, and the chain is as whole as before.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import rfc8785

SALT_BYTES = 16
"""Enough that nobody can find a short text by trying, once the salt is erased with it."""

TEXT_CHARS_MAX = 10_000
NAME_CHARS_MAX = 256

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFERENCE = re.compile(r"([A-Za-z0-9_-]{1,64}):([0-9a-f]{64})")


class RemarkError(ValueError):
    """A remark cannot be kept or read as it is; the message names the field, its value and the way out."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Free text about an incident. `salt` is 16 random bytes that the caller draws; `author` may be empty.

    Raises RemarkError on a naive time, an empty or too long text, an id that is not plain, or salt of another length.
    """

    id: str
    incident: str
    at: datetime
    text: str
    salt: bytes
    author: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise RemarkError(f"remark id {self.id[:80]!r} is not plain: use 1 to 64 letters, digits, '_' and '-'")
        if self.at.tzinfo is None:
            raise RemarkError(f"remark time {self.at.isoformat()} has no time zone: pass an aware time")
        if not any(unicodedata.category(c) not in ("Cc", "Cf") and not c.isspace() for c in self.text):
            raise RemarkError(f"remark text says nothing: write something, at most {TEXT_CHARS_MAX} characters")
        if len(self.text) > TEXT_CHARS_MAX:
            raise RemarkError(f"remark text has {len(self.text)} characters: write at most {TEXT_CHARS_MAX}")
        if not 1 <= len(self.incident) <= NAME_CHARS_MAX or len(self.author) > NAME_CHARS_MAX:
            raise RemarkError(f"remark incident and author: at most {NAME_CHARS_MAX} characters, incident not empty")
        if len(self.salt) != SALT_BYTES:
            raise RemarkError(f"remark salt has {len(self.salt)} bytes: draw {SALT_BYTES} random ones")
        try:
            _canonical(self)
        except (ValueError, rfc8785.CanonicalizationError) as fault:
            raise RemarkError(f"remark {self.id} is not text that UTF-8 can carry: remove half characters") from fault

    def reference(self) -> str:
        """What an audit entry carries of it: its id and its commitment, joined by a colon."""
        return f"{self.id}:{commitment(self)}"

    def to_json(self) -> str:
        """Give it as JSON text, the salt in hex."""
        return json.dumps(_fields(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Remark":
        """Read what `to_json` gave; raises RemarkError when it is anything else."""
        try:
            value = json.loads(text)
        except ValueError as fault:
            raise RemarkError(f"a stored remark is not JSON ({fault}): it was changed outside the service") from fault
        names = ("id", "incident", "at", "text", "salt", "author")
        if (
            not isinstance(value, Mapping)
            or set(value) != set(names)
            or not all(isinstance(v, str) for v in value.values())
        ):
            raise RemarkError("a stored remark has not the fields of one: it was changed outside the service")
        try:
            at, salt = datetime.fromisoformat(value["at"]), bytes.fromhex(value["salt"])
        except ValueError as fault:
            raise RemarkError(
                f"a stored remark cannot be read ({fault}): it was changed outside the service"
            ) from fault
        return cls(value["id"], value["incident"], at, value["text"], salt, value["author"])


def commitment(remark: Remark) -> str:
    """SHA-256, in hex, over the RFC 8785 JSON of every field, the salt among them."""
    return hashlib.sha256(_canonical(remark)).hexdigest()


def read_reference(reference: str) -> tuple[str, str]:
    """Split what an audit entry carries into id and commitment; raises RemarkError when it is not the two.

    >>> read_reference("rmk_1:" + "0" * 64)[0]
    'rmk_1'
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise RemarkError(f"remark {reference[:150]!r} is not an id and 64 hex digits: give Remark.reference()")
    return found[1], found[2]


def _canonical(remark: Remark) -> bytes:
    return rfc8785.dumps(_fields(remark))


def _fields(remark: Remark) -> dict[str, str]:
    return {
        "id": remark.id, "incident": remark.incident, "at": remark.at.isoformat(), "author": remark.author,
        "text": remark.text, "salt": remark.salt.hex(),
    }  # fmt: skip
