"""One event as a row of plain values, and the bytes in which rows wait until a baseline is learned from them."""

from collections.abc import Mapping

import msgspec

from detectors.columns import Scalar
from service.events.event import Event
from service.events.loose import object_of, scalar_of
from service.events.native import FEATURED
from service.events.subjects import SEGMENT, fields_of, subject_of

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, dict[str, Scalar]]).decode


def row(event: Event, string_chars_max: int) -> dict[str, Scalar]:
    """Give the values of an event by subject, and under "" its segment if it has one.

    Arrays and objects stand as their JSON text; features whose name is longer than the limit are left out.
    """
    values = fields_of(event.body)
    if isinstance(event.body, FEATURED):
        values |= {
            subject_of(name): value for name, value in features_of(event).items() if len(name) <= string_chars_max
        }
    row = {name: scalar_of(value, string_chars_max) for name, value in values.items()}
    return row | {SEGMENT: event.stream.segment} if event.stream.segment else row


def features_of(event: Event) -> Mapping[str, object]:
    """Read the features of a prediction or feature event, {} for the other kinds."""
    if event.loose is not None or not isinstance(event.body, FEATURED):
        return event.loose or {}
    return object_of(event.body.features)


def row_bytes(event: Event, string_chars_max: int) -> bytes:
    """Pack the time and the row of an event (MessagePack)."""
    return _encode((event.time_ms, row(event, string_chars_max)))


def row_of(packed: bytes) -> tuple[int, dict[str, Scalar]]:
    """Unpack what `row_bytes` made: milliseconds since 1970, and the row.

    >>> row_of(msgspec.msgpack.encode((1_700_000_000_000, {"income": 1.5, "": "north"})))
    (1700000000000, {'income': 1.5, '': 'north'})
    """
    return _decode(packed)
