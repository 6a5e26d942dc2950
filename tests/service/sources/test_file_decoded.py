"""Rows of history as decoding takes them: what is an event, and why the rest is none."""

from pathlib import Path

import pytest

from service.events.decode import DecodeLimits, Decoder
from service.events.event import Event
from service.sources.file import EvenClock, FileColumns, FileSource, TimeColumn
from service.sources.file_event import Clock, Kind


async def fates(path: Path, clock: Clock, kind: Kind = "prediction") -> list[str]:
    """Read a file and give what decoding makes of each row: `event`, or the reason why it is none."""

    async def nothing(source: str, partition: str) -> int | None:
        return None

    columns = FileColumns(prediction="score", label="truth", segment="land")
    source = FileSource([path], model="m", version="1", columns=columns, clock=clock, kind=kind)
    decoder = Decoder(DecodeLimits(record_bytes_max=1_048_576, features_max=500, string_chars_max=256))
    await source.start(nothing)
    fates: list[str] = []
    while not source.exhausted():
        for batch in await source.poll(0):
            decoded = [decoder.decode(record) for record in batch.records]
            fates += ["event" if isinstance(each, Event) else each.reason for each in decoded]
    return fates


EVEN = EvenClock(events_per_second=1, start_ms=1_700_000_000_000)


@pytest.mark.parametrize("kind", ["prediction", "feature"])
async def test_every_good_row_is_an_event(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "history.csv"
    path.write_text("age,job,score,truth,land\n42,nurse,0.5,1,DE\n,,,,\nnan,x,inf,0,FR\n")

    assert await fates(path, EVEN, kind) == ["event", "event", "event"]


async def test_rows_of_a_file_with_a_very_long_name_are_events(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".csv")
    path.write_text("age\n42\n")

    assert await fates(path, EVEN) == ["event"]


async def test_a_file_of_features_alone_is_events(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("age\n42\n43\n")

    assert await fates(path, EVEN) == ["event", "event"]


async def test_a_ragged_row_and_one_that_is_not_utf8_are_no_events(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(b"age,job\n1,a\n2\n3,\xff\n4,d\n")

    assert await fates(path, EVEN) == ["event", "not_an_object", "bad_utf8", "event"]


async def test_a_time_that_cannot_be_told_is_a_bad_time_and_a_missing_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("t,age\n2024-01-31,1\nyesterday,2\n,3\n2024-01-31T12:00:00+01:00,4\n")

    assert await fates(path, TimeColumn("t")) == ["event", "bad_time", "missing_field", "event"]


async def test_ndjson_rows_and_events_are_decoded_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    path.write_bytes(
        b'{"age": 1, "score": 0.5}\n'
        b'{"type": "label", "event_id": "e", "model": "m", "time": 1700000000000, "label": 1}\n'
        b'{"type": "label"}\n'
        b"not json\n"
        b'{"age": NaN, "tags": ["a"], "huge": 123456789012345678901234567890}\n'
    )

    assert await fates(path, EVEN) == ["event", "event", "missing_field", "not_json", "event"]
