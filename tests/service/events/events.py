"""Good events of every kind, as dictionaries, and a decoder to read them with."""

import json
from typing import Any

from service.events.decode import DecodeLimits, Decoder, Event, Rejected
from service.events.record import Headers, Record

LIMITS = DecodeLimits(record_bytes_max=100_000, features_max=20, string_chars_max=32)
TIME_MS = 1_763_900_000_000

PREDICTION: dict[str, Any] = {
    "type": "prediction",
    "event_id": "e1",
    "model": "credit",
    "version": "7",
    "time": TIME_MS,
    "features": {"income": 51_000.0, "region": "north"},
    "prediction": 0.12,
}
FEATURE: dict[str, Any] = {
    "type": "feature",
    "event_id": "f1",
    "feature_view": "customer",
    "version": "2",
    "time": TIME_MS,
    "entity": "c-42",
    "features": {"income": 51_000.0},
}
LABEL: dict[str, Any] = {"type": "label", "event_id": "e1", "model": "credit", "time": TIME_MS, "label": True}
HEALTH: dict[str, Any] = {
    "type": "health",
    "model": "credit",
    "version": "7",
    "instance": "pod-1",
    "time": TIME_MS,
    "latency": 12.5,
}


def decode(value: object, headers: Headers = (), *, limits: DecodeLimits = LIMITS) -> Event | Rejected:
    """Decode one event: bytes as they are, anything else as its JSON (NaN and infinities included)."""
    text = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return Decoder(limits).decode(Record(5, text, headers))


def accepted(value: object, headers: Headers = ()) -> Event:
    """Decode an event that must be good."""
    event = decode(value, headers)
    assert isinstance(event, Event), event
    return event


def rejected(value: object, headers: Headers = (), *, limits: DecodeLimits = LIMITS) -> Rejected:
    """Decode a record that must be refused."""
    fault = decode(value, headers, limits=limits)
    assert isinstance(fault, Rejected), fault
    return fault
