"""Which appends are remembered, so that a repeat gets the offsets of the first one."""

import os
import struct
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from service.sources.log_block import Entry, Identity
from service.sources.log_commit import Appended, Outcome
from service.sources.log_disk import Disk, sync_directory
from service.sources.log_errors import KeyReused, LogCorrupt

_ROW = struct.Struct("<16s8sQQ")
_HEAD = struct.Struct("<8sII")
_MAGIC = b"DWKEYS1\n"


def identity_of(
    values: Sequence[bytes], *, producer: str | None, sequence: int | None, idempotency_key: str | None
) -> Identity | None:
    """Name an append by its idempotency key, or else by producer and sequence; None when it has neither."""
    if not values:
        raise ValueError("values is empty: an append holds at least one record")
    if (producer is None) != (sequence is None):
        raise ValueError(f"producer={producer!r}, sequence={sequence!r}: give both, or neither")
    if idempotency_key is not None:
        key = b"key\0" + idempotency_key.encode()
    elif producer is not None:
        key = b"producer\0" + producer.encode() + b"\0" + str(sequence).encode()
    else:
        return None
    content = blake2b(digest_size=8)
    for value in values:
        content.update(len(value).to_bytes(4, "little") + value)
    return Identity(blake2b(key, digest_size=16).digest(), content.digest())


class Identities:
    """The newest `limit` identities and the offsets their appends got; the oldest goes first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A plain dict finds its oldest key by walking over all those deleted before it.
        self._rows: OrderedDict[bytes, tuple[bytes, int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, identity: Identity) -> tuple[int, int] | None:
        """Give the offsets (first, next) of the append that had this identity; KeyReused if it held other records."""
        row = self._rows.get(identity.key)
        if row is None:
            return None
        _check_content(identity, row[0])
        return row[1], row[2]

    def remember(self, identity: Identity, first: int, following: int) -> None:
        """Add the newest append; `following` is the offset after its last record."""
        self._rows.pop(identity.key, None)
        self._rows[identity.key] = (identity.content, first, following)
        if len(self._rows) > self._limit:
            self._rows.popitem(last=False)

    def save(self, path: Path, disk: Disk) -> None:
        """Replace the file at `path` in one step; needed before segments that hold identities are deleted."""
        rows = b"".join(_ROW.pack(key, *row) for key, row in self._rows.items())
        fresh = path.with_suffix(".new")
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            disk.write_all(opened, _HEAD.pack(_MAGIC, len(self._rows), zlib.crc32(rows)) + rows)
            disk.fsync(opened)
        finally:
            os.close(opened)
        fresh.replace(path)
        sync_directory(path.parent, disk)

    def load(self, path: Path) -> None:
        """Read what `save` wrote; a file that does not exist holds nothing."""
        if not path.exists():
            return
        content = path.read_bytes()
        rows = content[_HEAD.size :]
        head = _HEAD.unpack_from(content) if len(content) >= _HEAD.size else None
        if head != (_MAGIC, len(rows) // _ROW.size, zlib.crc32(rows)):
            raise LogCorrupt(path, 0, "the table of idempotency keys fails its checksum")
        for key, digest, first, following in _ROW.iter_unpack(rows):
            self.remember(Identity(key, digest), first, following)


def place(entries: Sequence[Entry], begin: int, known: Identities) -> tuple[list[Outcome], list[Entry]]:
    """Give every append the offsets it gets if all is written from offset `begin` on, and those that are to be written.

    A repeat of a known append, or of one in this very group, gets the first one's offsets and is not written.
    """
    outcomes: list[Outcome] = []
    fresh: list[Entry] = []
    within: dict[bytes, tuple[Identity, Appended]] = {}
    for entry in entries:
        try:
            repeated = _repeat(entry.identity, within, known)
        except KeyReused as misuse:
            outcomes.append(misuse)
            continue
        if repeated is not None:
            outcomes.append(repeated)
            continue
        appended = Appended(begin, begin + len(entry.values), repeated=False)
        begin = appended.next_offset
        outcomes.append(appended)
        fresh.append(entry)
        if entry.identity is not None:
            within[entry.identity.key] = (entry.identity, appended)
    return outcomes, fresh


def _repeat(
    identity: Identity | None, within: Mapping[bytes, tuple[Identity, Appended]], known: Identities
) -> Appended | None:
    if identity is None:
        return None
    if identity.key in within:
        first, appended = within[identity.key]
        _check_content(identity, first.content)
        return Appended(appended.first_offset, appended.next_offset, repeated=True)
    found = known.find(identity)
    return Appended(*found, repeated=True) if found else None


def _check_content(identity: Identity, content: bytes) -> None:
    """Refuse an identity whose first append held other records."""
    if identity.content != content:
        raise KeyReused("this idempotency key was used before with other events; give every new request its own key")
