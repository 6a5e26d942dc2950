"""The hot path: from records to events, and from events of one stream to columns.

Compiled code reads what is as it should be; the slow reader (`careful`) takes what that refuses, and is the one that
explains. Nothing that a record holds makes these raise.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple, TypeAlias

import msgspec

from alerting.finding import EventKind, Stream
from detectors.baseline import Baseline
from detectors.columns import Columns, Scalar
from service.events import careful
from service.events.envelope import native
from service.events.event import DecodeLimits, Event
from service.events.native import FEATURED, TIME_MS_MAX, Body, ms_of
from service.events.record import Record
from service.events.rejected import Rejected, shown
from service.events.row import row, row_bytes
from service.events.stream_reader import StreamReader

__all__ = ["DecodeLimits", "Decoder", "Event", "Rejected"]

PLACES_MAX, READERS_MAX = 10_000, 2_000
"""Streams and baselines remembered; when there are more, all are forgotten and those still in use come back."""

_BYTES_PER_FEATURE_MIN = 5
"""The shortest feature is `"":1,`: text too short for more features than are allowed need not be counted."""

_BRACKET = ord("[")
_unsigned = Struct(">Q").unpack

_Key: TypeAlias = tuple[EventKind, str, str, str | None]


class _Place(NamedTuple):
    """A stream, and the hash that the ids of its events begin with."""

    stream: Stream
    hashed: blake2b


class Decoder:
    """Decodes the records of one worker; keeps compiled readers and known streams, nothing else."""

    def __init__(self, limits: DecodeLimits) -> None:
        self.limits = limits
        self._native = msgspec.json.Decoder(Body).decode
        self._few_bytes = limits.features_max * _BYTES_PER_FEATURE_MIN
        self._places: dict[_Key, _Place] = {}
        self._readers: dict[tuple[EventKind, str], StreamReader] = {}

    def decode(self, record: Record) -> Event | Rejected:
        """Read one record; what is no event comes back with the reason."""
        value = record.value
        if value is None:
            return Rejected("tombstone", "the record has no value; events are never deleted, send nothing instead")
        if len(value) > self.limits.record_bytes_max:
            most = f"more than kafka.record_bytes_max = {self.limits.record_bytes_max}"
            return Rejected("too_large", f"the record has {len(value)} bytes, {most}; send less or raise the limit")
        if record.headers:
            opened = native(record.headers, value)
            if isinstance(opened, Rejected):
                return opened
            value = opened
        try:
            body = self._native(value)
        except (ValueError, RecursionError):
            return self._decode_carefully(value, record.offset)
        # The compiled reader skips over `features` and over fields that nobody asked for: nearly always they are plain.
        if not value.isascii() and not _is_utf8(value):
            return self._decode_carefully(value, record.offset)
        if isinstance(body, FEATURED):
            text = bytes(body.features)
            # One object with nothing nested in it, and too short to hold too many features.
            plain = text.rfind(b"{") == 0 and _BRACKET not in text and len(text) <= self._few_bytes
            if not plain and not self._is_allowed(text):
                return self._decode_carefully(value, record.offset)
        return self._event(body, record.offset, None)

    def columns(self, baseline: Baseline, events: Sequence[Event]) -> Columns:
        """Turn events of one stream into the columns of its baseline, as `columns_of` defines them for their rows."""
        if not events:
            return Columns(0, {})
        key = (events[0].stream.kind, baseline.id)
        reader = self._readers.get(key)
        if reader is None:
            if len(self._readers) >= READERS_MAX:
                self._readers.clear()
            reader = self._readers[key] = StreamReader(key[0], baseline, self.limits.string_chars_max)
        return reader.read(events)

    def row(self, event: Event) -> dict[str, Scalar]:
        """Give the values of one event by subject, and its segment under ""."""
        return row(event, self.limits.string_chars_max)

    def row_bytes(self, event: Event) -> bytes:
        """Pack the row of one event for learning; `service.events.row.row_of` unpacks it."""
        return row_bytes(event, self.limits.string_chars_max)

    def _decode_carefully(self, value: bytes, offset: int) -> Event | Rejected:
        found = careful.read(value, self.limits)
        if isinstance(found, Rejected):
            return found
        return self._event(found.body, offset, found.features)

    def _is_allowed(self, text: bytes) -> bool:
        """Look closer at features that are long or nested; what is doubtful is left to the careful reader."""
        if not text.startswith(b"{") or text.count(b"[") + text.count(b"{") > careful.DEPTH_MAX:
            return False
        return len(text) <= self._few_bytes or text.count(b":") <= self.limits.features_max

    def _event(self, body: Body, offset: int, loose: Mapping[str, object] | None) -> Event | Rejected:
        time = body.time
        time_ms = time if isinstance(time, int) else ms_of(time)
        if not 0 <= time_ms <= TIME_MS_MAX:
            return Rejected("bad_time", f"time: {shown(time_ms)} ms is outside the years 1970 to 9999")
        place = self._places.get((body.kind, body.model, body.version, body.segment))
        if place is None:
            found = self._place(body)
            if isinstance(found, Rejected):
                return found
            place = found
        name = body.event_id
        if name is None:
            return Event(place.stream, None, time_ms, offset, body, loose)
        if len(name) > self.limits.string_chars_max:
            return self._too_long("event_id", name)
        hashed = place.hashed.copy()
        hashed.update(name.encode())
        return Event(place.stream, _unsigned(hashed.digest())[0], time_ms, offset, body, loose)

    def _place(self, body: Body) -> _Place | Rejected:
        view = "feature_view" if body.kind == "feature" else "model"
        for field, name in ((view, body.model), ("version", body.version), ("segment", body.segment or "")):
            if len(name) > self.limits.string_chars_max:
                return self._too_long(field, name)
        stream = Stream(body.kind, body.model, body.version, body.segment or "")
        # The model is part of the id: a challenger scores the same requests as its champion, under the same ids.
        prefix = msgspec.json.encode((stream.kind, stream.model, stream.version))
        if len(self._places) >= PLACES_MAX:
            self._places.clear()
        place = _Place(stream, blake2b(prefix, digest_size=8))
        self._places[body.kind, body.model, body.version, body.segment] = place
        return place

    def _too_long(self, field: str, name: str) -> Rejected:
        most = self.limits.string_chars_max
        return Rejected(
            "too_long", f"{field}: {shown(name)} has {len(name)} characters, more than limits.string_chars_max = {most}"
        )


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
