"""Files of history as a source of the pipeline."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.events.record import Batch
from service.sources.file import EvenClock, FileColumns, FileSource, FileUnreadable, TimeColumn
from service.sources.file_event import Clock, Kind
from service.sources.source import Positions

CLOCK = EvenClock(events_per_second=10, start_ms=1_000_000)


def written(directory: Path, content: str, name: str = "history.csv") -> Path:
    path = directory / name
    path.write_text(content)
    return path


def numbers(count: int) -> str:
    return "n\n" + "".join(f"{number}\n" for number in range(count))


def store_at(positions: Mapping[str, int] | None = None) -> Positions:
    async def position(source: str, partition: str) -> int | None:
        assert source == "file"
        return (positions or {}).get(partition.split(":")[0])

    return position


def source_of(
    *paths: Path,
    columns: FileColumns | None = None,
    clock: Clock = CLOCK,
    kind: Kind = "prediction",
    first_row: int = 0,
    records_max: int = 1_000,
) -> FileSource:
    return FileSource(
        paths,
        model="credit",
        version="7",
        columns=columns or FileColumns(),
        clock=clock,
        kind=kind,
        first_row=first_row,
        records_max=records_max,
    )


def partition_of(path: Path) -> str:
    return f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


async def drained(source: FileSource, positions: Positions | None = None) -> list[Batch]:
    await source.start(positions or store_at())
    batches: list[Batch] = []
    while not source.exhausted():
        batches += await source.poll(0)
    return batches


async def events_of(source: FileSource) -> list[dict[str, object]]:
    return [json.loads(record.value or b"") for batch in await drained(source) for record in batch.records]


async def test_a_row_becomes_the_event_a_model_service_would_have_sent(tmp_path: Path) -> None:
    path = written(tmp_path, "when,age,job,score,outcome,land\n2024-01-31 12:00:00,42,,0.5,1,DE\n")
    columns = FileColumns(time="when", prediction="score", label="outcome", segment="land")

    (event,) = await events_of(source_of(path, columns=columns, clock=TimeColumn("when")))

    assert event == {
        "type": "prediction",
        "event_id": f"{partition_of(path)}#0",
        "model": "credit",
        "version": "7",
        "time": 1_706_702_400_000,
        "segment": "DE",
        "prediction": 0.5,
        "attributes": {"label": 1},
        "features": {"age": 42, "job": None},
    }


async def test_a_row_of_a_feature_view_becomes_a_feature_event(tmp_path: Path) -> None:
    (event,) = await events_of(source_of(written(tmp_path, "age\n42\n"), kind="feature"))

    assert (event["type"], event["feature_view"], event["entity"], event["features"]) == (
        "feature",
        "credit",
        "0",
        {"age": 42},
    )


async def test_a_label_or_segment_that_the_file_does_not_have_is_left_out(tmp_path: Path) -> None:
    columns = FileColumns(label="outcome", segment="land")

    (event,) = await events_of(source_of(written(tmp_path, "age\n42\n"), columns=columns))

    assert not {"attributes", "segment"} & event.keys()


@pytest.mark.parametrize("prediction", [None, "score"])
async def test_a_file_without_predictions_says_that_the_model_gave_none(tmp_path: Path, prediction: str | None) -> None:
    columns = FileColumns(prediction=prediction)

    (event,) = await events_of(source_of(written(tmp_path, "age\n42\n"), columns=columns))

    assert event["prediction"] is None


async def test_an_even_clock_runs_on_over_all_files(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(3), "a.csv"), written(tmp_path, numbers(2), "b.csv")]

    events = await events_of(source_of(*paths, records_max=2))

    assert [event["time"] for event in events] == [1_000_000, 1_000_100, 1_000_200, 1_000_300, 1_000_400]


async def test_an_even_clock_is_the_same_after_a_resume_in_the_second_file(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(3), "a.csv"), written(tmp_path, numbers(2), "b.csv")]

    batches = await drained(source_of(*paths), store_at({"a.csv": 3, "b.csv": 1}))

    assert [json.loads(r.value or b"")["time"] for batch in batches for r in batch.records] == [1_000_400]


@pytest.mark.parametrize(
    ("written_time", "sent"),
    [("2024-01-31", 1_706_659_200_000), ("yesterday", "yesterday"), ("20240131", "20240131")],
)
async def test_a_time_that_cannot_be_told_is_passed_on_for_decoding_to_refuse(
    tmp_path: Path, written_time: str, sent: object
) -> None:
    (event,) = await events_of(source_of(written(tmp_path, f"t,a\n{written_time},1\n"), clock=TimeColumn("t")))

    assert event["time"] == sent


async def test_a_missing_time_is_left_out(tmp_path: Path) -> None:
    (event,) = await events_of(source_of(written(tmp_path, "t,a\n,1\n"), clock=TimeColumn("t")))

    assert "time" not in event


async def test_a_value_that_is_not_finite_is_not_turned_into_a_missing_one(tmp_path: Path) -> None:
    (batch,) = await drained(source_of(written(tmp_path, "a,b\nnan,1\n")))

    assert b'"features":{"a":NaN,"b":1}' in (batch.records[0].value or b"")


async def test_a_ragged_row_is_a_record_of_its_own_text(tmp_path: Path) -> None:
    (batch,) = await drained(source_of(written(tmp_path, "a,b\n1\n2,3\n")))

    assert [record.offset for record in batch.records] == [0, 1]
    assert batch.records[0].value == b"1"


async def test_an_event_in_ndjson_passes_as_it_stands(tmp_path: Path) -> None:
    line = '{"type": "health", "model": "credit"}'

    (batch,) = await drained(source_of(written(tmp_path, line + "\n", "history.ndjson")))

    assert [record.value for record in batch.records] == [line.encode()]


async def test_files_are_read_one_after_the_other_as_partitions_of_their_own(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(3), "b.csv"), written(tmp_path, numbers(2), "a.csv")]

    batches = await drained(source_of(*paths, records_max=2))

    assert [(batch.partition.split(":")[0], batch.lo, batch.hi, batch.end) for batch in batches] == [
        ("b.csv", 0, 2, None),
        ("b.csv", 2, 3, 3),
        ("a.csv", 0, 2, None),
    ]


async def test_a_partition_is_named_by_file_and_content(tmp_path: Path) -> None:
    path = written(tmp_path, "n\n1\n")
    source = source_of(path)

    await source.start(store_at())

    assert dict(source.assigned()) == {partition_of(path): False}


async def test_a_changed_file_is_another_partition(tmp_path: Path) -> None:
    names: list[str] = []
    for count in (1, 2):
        source = source_of(written(tmp_path, numbers(count)))
        await source.start(store_at())
        names += source.assigned()

    assert names[0] != names[1]


async def test_a_resumed_run_reads_the_remaining_rows_as_the_first_would_have(tmp_path: Path) -> None:
    path = written(tmp_path, numbers(10))
    everything = [record for batch in await drained(source_of(path)) for record in batch.records]

    resumed = [
        record for batch in await drained(source_of(path), store_at({"history.csv": 6})) for record in batch.records
    ]

    assert resumed == everything[6:]


async def test_rows_that_a_baseline_was_fitted_to_are_not_read(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(5), "a.csv"), written(tmp_path, numbers(1), "b.csv")]

    batches = await drained(source_of(*paths, first_row=3))

    assert [(batch.lo, batch.hi) for batch in batches] == [(3, 5), (0, 1)]


async def test_a_rewind_to_an_earlier_file_reads_the_later_ones_again(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(2), "a.csv"), written(tmp_path, numbers(3), "b.csv")]
    source = source_of(*paths)
    first, second = await drained(source)

    await source.rewind(first.partition)

    assert source.exhausted() is False
    assert [*await source.poll(0), *await source.poll(0)] == [first, second]


async def test_a_rewind_to_a_file_that_has_not_begun_changes_nothing(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(3), "a.csv"), written(tmp_path, numbers(3), "b.csv")]
    source = source_of(*paths, records_max=2)
    await source.start(store_at())
    await source.poll(0)

    await source.rewind(list(source.assigned())[1])

    (batch,) = await source.poll(0)
    assert (batch.partition.split(":")[0], batch.lo) == ("a.csv", 2)


async def test_read_files_are_read_to_their_end(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(1), "a.csv"), written(tmp_path, numbers(2), "b.csv")]
    source = source_of(*paths)
    await source.start(store_at())

    await source.poll(0)

    assert list(source.assigned().values()) == [True, False]


async def test_progress_ends_at_the_exact_number_of_rows(tmp_path: Path) -> None:
    paths = [written(tmp_path, numbers(3), "a.csv"), written(tmp_path, numbers(4), "b.csv")]
    source = source_of(*paths, records_max=2)

    await drained(source)

    assert (source.rows_read, source.rows_total) == (7, 7)


async def test_the_number_of_rows_is_estimated_from_their_bytes(tmp_path: Path) -> None:
    source = source_of(written(tmp_path, "n\n" + "1234567\n" * 50_000))
    before = source.rows_total
    await source.start(store_at())

    await source.poll(0)

    assert (before, source.rows_read) == (0, 1_000)
    assert abs(source.rows_total - 50_000) < 100


async def test_the_same_file_given_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, numbers(1))

    with pytest.raises(FileUnreadable, match="the same file was given twice"):
        await source_of(path, path).start(store_at())


def test_a_time_column_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n")

    with pytest.raises(FileUnreadable, match="no time column 'when'; the columns are a, b"):
        source_of(path, clock=TimeColumn("when"))


def test_a_rate_of_zero_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n1\n")

    with pytest.raises(ValueError, match="events_per_second is 0; it must be above 0"):
        source_of(path, clock=EvenClock(0, 0))
