"""What a source delivers: bytes at an offset, in batches that are contiguous within one partition."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import Struct

Headers: TypeAlias = Sequence[tuple[str, bytes]]


# A msgspec struct, not a dataclass: one is made per record, and a frozen dataclass takes ten times as long to make.
class Record(Struct, frozen=True, gc=False):
    """One record of a partition; `value` is None for a tombstone, `time_ms` when it was appended (ms, UTC)."""

    offset: int
    value: bytes | None
    headers: Headers = ()
    key: bytes | None = None
    time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition covering offsets lo <= offset < hi.

    `gap` counts offsets in the range that no longer exist (retention, compaction, transaction markers): they are
    booked, never skipped silently. `end` is the partition's known end when the batch was made (lag = end - hi).
    """

    source: str
    partition: str
    lo: int
    hi: int
    records: Sequence[Record] = field(default_factory=tuple)
    gap: int = 0
    end: int | None = None
