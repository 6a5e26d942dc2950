"""Everything a producer can do wrong, each with the place it has to end in, between healthy events."""

from dataclasses import dataclass

import msgspec

from benchmarks.simulated import MODEL, VERSION, baseline
from detectors.baseline import EVENTS, Counts
from detectors.fold import merge, zeros
from detectors.pane import decode
from service.store.changes import ModelKey, Outcomes
from service.store.engine import Store
from service.store.learning import put_baseline
from service.store.partitions import partitions
from tests.e2e.workers import pane_rows

FIVE_MEGABYTES = b'{"type": "prediction", "attributes": {"pad": "' + b"x" * 5_000_000 + b'"}}'
HEALTHY = 500


@dataclass(frozen=True, slots=True)
class Values:
    """What the panes say of one subject's values that could not be used."""

    missing: int
    not_finite: int
    wrong_type: int


def event(at_ms: int, name: str, **changed: object) -> bytes:
    """A healthy prediction of the watched model, with fields changed."""
    whole = {
        "type": "prediction", "event_id": name, "model": MODEL, "version": VERSION, "time": at_ms,
        "features": {"amount": 20.0, "age": 40, "known_device": True, "country": "NO"}, "prediction": 0.1,
    }  # fmt: skip
    return msgspec.json.encode(whole | changed)


def healthy(at_ms: int) -> list[bytes]:
    """Events that nothing is wrong with."""
    return [event(at_ms, f"healthy-{index}") for index in range(HEALTHY)]


def counted(at_ms: int) -> list[bytes]:
    """Events with bad values in them: each is counted, and so is what is wrong with it."""
    nan = event(at_ms, "nan").replace(b'"amount":20.0', b'"amount":NaN')
    return [nan, event(at_ms, "empty", features={}), event(at_ms, "types", features={"amount": "much", "age": True})]


def buried(at_ms: int) -> dict[str, bytes]:
    """Records that cannot be counted, by the reason each becomes a dead letter for."""
    return {
        "not_json": b'{"type": "prediction", "event_id": ',
        "bad_utf8": b'{"type": "\xff"}',
        "not_an_object": b"7",
        "unknown_type": b'{"type": "guess"}',
        "wrong_type": event(at_ms, "version", version=31),
        "missing_field": event(at_ms, ""),
        "naive_time": event(at_ms, "naive", time="2026-11-22T10:00:00"),
        "bad_time": event(at_ms, "never", time="yesterday"),
        "too_long": event(at_ms, "x" * 1_000),
        "too_large": FIVE_MEGABYTES,
        "unknown_model": event(at_ms, "unknown", model="nobody-knows"),
        "future_time": event(at_ms, "2099", time="2099-01-01T00:00:00Z"),
    }


def mixed(at_ms: int) -> list[bytes]:
    """All of it, and an event of 1970 and a repeat, spread between the healthy ones."""
    bad = [*counted(at_ms), *buried(at_ms).values(), event(1_000, "1970"), event(at_ms, "healthy-0")]
    whole = healthy(at_ms)
    for index, value in enumerate(bad):
        whole.insert(1 + index * 2, value)
    return whole


def watch(store: Store) -> None:
    """Put the baseline in force that the healthy events are like."""
    with store.write() as connection:
        put_baseline(connection, ModelKey("prediction", MODEL, VERSION), baseline(), "test", 0)


def books(store: Store) -> Outcomes:
    """What became of every record of all partitions together."""
    total = Outcomes()
    for partition in partitions(store):
        for name in ("accepted", "duplicate", "late", "dead", "filtered", "gap"):
            setattr(total, name, getattr(total, name) + getattr(partition.outcomes, name))
    return total


def counts(store: Store) -> Counts:
    """The counts of all single-tick panes together."""
    total = zeros(baseline())
    for _, _, content in pane_rows(store).values():
        total = merge(total, decode(content))
    return total


def events(store: Store) -> int:
    """Events that the panes hold."""
    return int(counts(store)[EVENTS])


def values(store: Store, subject: str) -> Values:
    """What the panes say of a subject's values that could not be used."""
    (place,) = [one.missing for one in baseline().subjects if one.name == subject]
    missing, not_finite, wrong_type = counts(store)[place : place + 3].tolist()
    return Values(missing, not_finite, wrong_type)
