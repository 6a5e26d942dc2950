"""Rows and columns of history files: what each text becomes, and what is handed on untouched."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sources.row import FileUnreadable, Row
from service.sources.rows import open_rows, read_columns
from service.sources.rows_lines import LINE_BYTES_MAX


def rows_of(path: Path, begin: int = 0) -> list[Row]:
    return list(open_rows(path).read(begin))


def csv_file(directory: Path, content: str | bytes) -> Path:
    path = directory / "rows.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def ndjson_file(directory: Path, lines: Iterable[str | bytes]) -> Path:
    path = directory / "rows.ndjson"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\n")
    return path


def test_a_column_of_numbers_is_numeric(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, "a,b\n1,2.5\n-3,1e3\n")) == [{"a": 1, "b": 2.5}, {"a": -3, "b": 1000.0}]


def test_a_column_with_one_text_is_text(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, "a\n1\nx\n")) == [{"a": "1"}, {"a": "x"}]


def test_a_column_of_true_and_false_is_boolean(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, "a,b\ntrue,1\nFalse,2\n")) == [{"a": True, "b": 1}, {"a": False, "b": 2}]


def test_an_empty_field_is_missing_in_every_column(tmp_path: Path) -> None:
    content = "n,b,t\n1,true,x\n,,\n"

    assert rows_of(csv_file(tmp_path, content))[1] == {"n": None, "b": None, "t": None}


def test_a_text_that_comes_later_in_a_numeric_column_stays_text(tmp_path: Path) -> None:
    content = "a\n" + "1\n" * 1_000 + "oops\n"

    assert rows_of(csv_file(tmp_path, content))[-1] == {"a": "oops"}


def test_nan_in_a_numeric_column_is_not_a_missing_value(tmp_path: Path) -> None:
    (first, _) = rows_of(csv_file(tmp_path, "a\nnan\n1\n"))

    assert isinstance(first, dict)
    assert math.isnan(first["a"])


def test_quoted_commas_and_line_ends_stay_in_their_field(tmp_path: Path) -> None:
    content = 'a,b\n"x, y","say ""hi""\nthere"\n'

    assert rows_of(csv_file(tmp_path, content)) == [{"a": "x, y", "b": 'say "hi"\nthere'}]


def test_a_byte_order_mark_and_crlf_are_not_part_of_names_or_values(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, b"\xef\xbb\xbfa,b\r\n1,x\r\n")) == [{"a": 1, "b": "x"}]


def test_a_last_row_without_a_line_end_counts(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, "a\n1\n2")) == [{"a": 1}, {"a": 2}]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, "a,b\n\n1,2\n\n\n3,4\n")) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_a_ragged_row_is_handed_on_as_it_stands_and_its_neighbours_are_read(tmp_path: Path) -> None:
    content = "a,b\n1,2\n3\n4,5,6\n7,8\n"

    assert rows_of(csv_file(tmp_path, content)) == [{"a": 1, "b": 2}, b"3", b"4,5,6", {"a": 7, "b": 8}]


def test_a_row_that_is_not_utf8_is_handed_on_as_it_stands(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, b"a,b\n1,\xff\n2,x\n")) == [b"1,\xff", {"a": 2, "b": "x"}]


def test_a_field_too_long_to_read_costs_its_row_only(tmp_path: Path) -> None:
    content = "a,b\n1," + "x" * 200_000 + "\n2,y\n"

    first, second = rows_of(csv_file(tmp_path, content))

    assert (isinstance(first, bytes), second) == (True, {"a": 2, "b": "y"})


def test_a_line_of_many_megabytes_is_cut_and_costs_its_row_only(tmp_path: Path) -> None:
    first, second = rows_of(csv_file(tmp_path, "a,b\n1," + "x" * 5_000_000 + "\n2,y\n"))

    assert isinstance(first, bytes)
    assert (len(first), second) == (LINE_BYTES_MAX, {"a": 2, "b": "y"})


def test_an_unclosed_quote_ends_in_an_unreadable_row_not_in_an_error(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n')) == [{"a": 1, "b": 2}, b'3,"4\n5,6']


def test_reading_from_a_row_gives_the_same_rows_as_reading_to_it(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'a,b\n1,2\n\n3\n"4\n",5\n6,7\n')
    everything = rows_of(path)

    assert [rows_of(path, begin) for begin in range(5)] == [everything[begin:] for begin in range(5)]


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    assert rows_of(csv_file(tmp_path, ",a\n0,x\n")) == [{"column 1": 0, "a": "x"}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.csv", b"", "no header line"),
        ("rows.csv", b"a,b,a\n1,2,3\n", "names 'a' more than once"),
        ("rows.parquet", b"PAR1 not really", "not a Parquet file"),
        ("rows.xlsx", b"", "cannot read .xlsx; give .csv, .ndjson or .parquet"),
        ("rows", b"", "cannot read a file without ending"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FileUnreadable, match=words):
        open_rows(path)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="there is no such file"):
        open_rows(tmp_path / "rows.csv")


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200))
def test_no_bytes_whatsoever_make_reading_a_csv_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = csv_file(tmp_path_factory.mktemp("csv"), b"a,b\n" + content)

    rows = rows_of(path)

    assert all(isinstance(row, bytes) or set(row) == {"a", "b"} for row in rows)


def test_an_ndjson_line_that_is_an_event_already_passes_as_it_stands(tmp_path: Path) -> None:
    line = '{ "type":"label",  "event_id":"e1" }'

    assert rows_of(ndjson_file(tmp_path, [line])) == [line.encode()]


def test_an_ndjson_object_is_a_row_of_values(tmp_path: Path) -> None:
    assert rows_of(ndjson_file(tmp_path, ['{"a": 1, "b": null}', '{"type": "house"}'])) == [
        {"a": 1, "b": None},
        {"type": "house"},
    ]


def test_pythons_nan_in_ndjson_is_read(tmp_path: Path) -> None:
    (row,) = rows_of(ndjson_file(tmp_path, ['{"a": NaN, "b": 1}']))

    assert isinstance(row, dict)
    assert math.isnan(row["a"])


@pytest.mark.parametrize("line", [b"{", b"[1]", b"17", b'"text"', b"\xff", b"[" * 5_000])
def test_an_ndjson_line_that_is_no_object_passes_as_it_stands(tmp_path: Path, line: bytes) -> None:
    assert rows_of(ndjson_file(tmp_path, [line])) == [line]


def test_blank_ndjson_lines_are_no_rows(tmp_path: Path) -> None:
    assert rows_of(ndjson_file(tmp_path, ['{"a": 1}', "", " \t", '{"a": 2}']), 1) == [{"a": 2}]


def parquet_file(directory: Path, columns: dict[str, list[object]], rows_per_group: int = 100) -> Path:
    path = directory / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=rows_per_group)
    return path


def test_parquet_values_keep_their_types(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"n": [1, None], "x": [0.5, math.inf], "t": ["a", None], "b": [True, False]}

    assert rows_of(parquet_file(tmp_path, columns)) == [
        {"n": 1, "x": 0.5, "t": "a", "b": True},
        {"n": None, "x": math.inf, "t": None, "b": False},
    ]


def test_parquet_times_and_decimals_become_what_json_can_hold(tmp_path: Path) -> None:
    when = datetime(2024, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
    path = tmp_path / "rows.parquet"
    nanoseconds = pyarrow.array([1_706_698_800_000_000_001], pyarrow.timestamp("ns", "Europe/Berlin"))
    pyarrow.parquet.write_table(pyarrow.table({"t": [when], "ns": nanoseconds, "d": [Decimal("1.25")]}), path)

    assert rows_of(path) == [{"t": "2024-01-31T12:00:00.500000", "ns": "2024-01-31T11:00:00", "d": 1.25}]


@pytest.mark.parametrize("begin", [0, 1, 9, 10, 11, 25, 29, 30, 99])
def test_parquet_is_read_from_any_row_on(tmp_path: Path, begin: int) -> None:
    path = parquet_file(tmp_path, {"n": list(range(30))}, rows_per_group=10)

    assert rows_of(path, begin) == [{"n": number} for number in range(begin, 30)]


def test_parquet_without_its_reader_names_the_extra(tmp_path: Path) -> None:
    def load(name: str) -> ModuleType:
        raise ModuleNotFoundError(name)

    path = parquet_file(tmp_path, {"n": [1]})

    with pytest.raises(FileUnreadable, match=r"pip install 'driftwarden\[parquet\]'"):
        open_rows(path, load=load)


def test_columns_of_all_formats_are_the_same(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]

    columns = [
        read_columns(csv_file(tmp_path, "a,b\n1,x\n2,\n")),
        read_columns(ndjson_file(tmp_path, map(json.dumps, rows))),
        read_columns(parquet_file(tmp_path, {"a": [1, 2], "b": ["x", None]})),
    ]

    assert columns == [{"a": [1, 2], "b": ["x", None]}] * 3


def test_only_so_many_rows_are_read_as_columns(tmp_path: Path) -> None:
    assert read_columns(csv_file(tmp_path, "a\n1\n2\n3\n"), rows_max=2) == {"a": [1, 2]}


def test_columns_that_come_and_go_have_equal_length(tmp_path: Path) -> None:
    path = ndjson_file(tmp_path, ['{"a": 1}', '{"b": 2}', '{"a": 3, "b": [1]}'])

    assert read_columns(path) == {"a": [1, None, 3], "b": [None, 2, "[1]"]}


def test_columns_of_events_are_their_features_and_outcome(tmp_path: Path) -> None:
    event = '{"type": "prediction", "features": {"a": 1}, "prediction": 0.5, "segment": "s"}'

    assert read_columns(ndjson_file(tmp_path, [event])) == {"prediction": [0.5], "segment": ["s"], "a": [1]}


def test_unreadable_rows_are_left_out_of_columns_and_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    columns = read_columns(csv_file(tmp_path, "a,b\n1,2\n3\n4,5\n"))

    assert columns == {"a": [1, 4], "b": [2, 5]}
    assert "1 of 3 rows cannot be read" in caplog.text
