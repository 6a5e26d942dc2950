"""A decoded event, and the limits it keeps to."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from alerting.finding import Stream
from service.events.native import Body


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What one record may hold; more than that is a dead letter."""

    record_bytes_max: int
    features_max: int
    string_chars_max: int


# A msgspec struct, not a dataclass: one is made per record, and a frozen dataclass takes eight times as long to make.
class Event(Struct, frozen=True, gc=False):
    """One event that will be counted, whatever its values are.

    `id_hash` is 64 bits of (kind, model, version, event_id), None for an event that has no id. `loose` holds the
    features of an event whose text is not strict JSON (NaN, infinities, 1e400), already read.
    """

    stream: Stream
    id_hash: int | None
    time_ms: int
    offset: int
    body: Body
    loose: Mapping[str, object] | None = None
