"""Holding a chain of any length against itself, checkpoints kept elsewhere, and the remarks it names, row by row."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from alerting.audit import GENESIS, AuditEntry, Json, chain
from alerting.checkpoint import Checkpoint

FAULTS_MAX = 20
"""Faults that are spelled out; further ones are counted."""

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it lies in a database or an export, believed in nothing; `at_ms` where the store has it beside."""

    seq: int
    content: str
    previous: str
    hash: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint and where it was found, in words."""

    checkpoint: Checkpoint
    where: str


@dataclass(slots=True)
class Faults:
    """What is wrong, in sentences: the first `FAULTS_MAX`, and how many there are."""

    spelled: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, sentence: str) -> None:
        """Note one more."""
        self.count += 1
        if self.count <= FAULTS_MAX:
            self.spelled.append(sentence)


class ChainProof:
    """Takes rows in the order in which they lie, then says how they stand; holds no more than the last of them.

    With `part`, the rows may begin after the first entry and end before the newest checkpoint.
    """

    def __init__(self, anchors: Iterable[Anchor], faults: Faults, *, part: bool = False) -> None:
        """Put the checkpoints where their entries will come by."""
        self._anchors: defaultdict[int, list[Anchor]] = defaultdict(list)
        for anchor in anchors:
            self._anchors[anchor.checkpoint.seq].append(anchor)
        self._faults, self._part = faults, part
        self._previous = GENESIS
        self.rows, self.agreeing = 0, 0
        self.first_seq, self.last_seq = 0, 0
        self.first_hash = ""
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.newest: Checkpoint | None = None

    def take(self, row: StoredRow) -> AuditEntry | None:
        """Check the next row and give its entry, None when it cannot be read; every fault is noted and passed over."""
        if self.rows == 0 and self._part and _HASH.fullmatch(row.previous):
            self.last_seq, self._previous = row.seq - 1, row.previous
        self._link(row)
        entry = self._content(row)
        if self.rows == 0:
            self.first_seq, self.first_hash = row.seq, row.hash
            self.first_at = entry.at if entry is not None else None
        self.last_at = entry.at if entry is not None else self.last_at
        self._hold_against_anchors(row)
        # Going on from what the row claims keeps one fault from being told again for every row behind it.
        self.rows, self.last_seq = self.rows + 1, row.seq
        self._previous = row.hash if _HASH.fullmatch(row.hash) else self._previous
        return entry

    def end(self) -> None:
        """Note what can only be known once all rows were seen: checkpoints of entries that are not there."""
        for seq, anchors in sorted(self._anchors.items()):
            if self._part and (seq > self.last_seq or seq < self.first_seq):
                continue
            for anchor in anchors:
                self._faults.add(
                    f"{anchor.where}: entry {seq} was on record at {_time(anchor.checkpoint.at)} and is not there now; "
                    f"the chain ends with entry {self.last_seq}"
                )
        if not self._part:
            self._anchors.clear()

    @property
    def left_over(self) -> int:
        """Checkpoints of entries outside the rows, where those are a part."""
        return sum(len(anchors) for anchors in self._anchors.values())

    def _link(self, row: StoredRow) -> None:
        expected = self.last_seq + 1
        if row.seq > expected:
            gap = f"entries {expected} to {row.seq - 1} are" if row.seq > expected + 1 else f"entry {expected} is"
            self._faults.add(f"{gap} missing")
        elif row.seq < expected:
            self._faults.add(f"entry {row.seq} comes after entry {self.last_seq}: it is out of its place")
        if row.previous != self._previous and row.seq == expected:
            self._faults.add(f"entry {row.seq} does not follow from the one before it, which was changed or replaced")

    def _content(self, row: StoredRow) -> AuditEntry | None:
        try:
            value = json.loads(row.content, object_pairs_hook=_each_once)
            if not isinstance(value, dict):
                raise ValueError("it is not a JSON object")
            entry = AuditEntry.from_json_object(value)
            previous = row.previous if _HASH.fullmatch(row.previous) else GENESIS
            made = chain(previous, row.seq, entry)
        except (ValueError, RecursionError) as fault:
            self._faults.add(f"entry {row.seq} cannot be read ({str(fault)[:200]}): it was changed")
            return None
        if made.hash != row.hash:
            self._faults.add(f"entry {row.seq} is not what was hashed: it or its hash was changed")
        if row.at_ms is not None and row.at_ms != round(entry.at.timestamp() * 1000):
            self._faults.add(f"entry {row.seq} is filed under another time than its own: the column at_ms was changed")
        return entry

    def _hold_against_anchors(self, row: StoredRow) -> None:
        first = self.first_hash or row.hash
        for anchor in self._anchors.pop(row.seq, ()):
            made = anchor.checkpoint
            if made.hash != row.hash:
                self._faults.add(
                    f"{anchor.where}: entry {row.seq} had another hash at {_time(made.at)}: it, or one before it, was "
                    "rewritten since, or the checkpoint is of another store"
                )
            elif self.first_seq <= 1 and made.chain != first:
                self._faults.add(f"{anchor.where}: it is of a chain with another first entry")
            else:
                self.agreeing += 1
                if self.newest is None or made.seq >= self.newest.seq:
                    self.newest = made


def _each_once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    """Refuse a key that is there twice: what is hashed is the last one, and another reader may show the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is in it twice")
    return found


def in_order(anchors: Sequence[Anchor], faults: Faults) -> None:
    """Note checkpoints of one place, in the order in which they were published, of which a later one is older."""
    for earlier, later in pairwise(anchors):
        was, now = earlier.checkpoint, later.checkpoint
        if now.at < was.at or now.seq < was.seq:
            faults.add(
                f"{later.where}: entry {now.seq} at {_time(now.at)} comes after entry {was.seq} at {_time(was.at)}: "
                "lines were moved, the clock was set back, or an older copy of the store was brought back"
            )


def _time(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
