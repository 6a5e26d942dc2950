"""A backtest: the same history gives the same lines, whatever the format, and every line says what it must."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.cli.command import Command, Ended, golden
from tests.cli.conftest import BEGIN_S, BROKEN_FROM, ROWS

LEARNED = 1_000
COMMON = {"type", "time", "row", "model", "subject", "tier", "detector", "reason"}
SUMMARY = {
    "type", "rows", "ticks", "monitors", "findings", "incidents", "notices", "rejected", "blind", "seconds"
}  # fmt: skip


def _backtest(command: Command, *files: Path, clock: tuple[object, ...] = ("--time", "at")) -> Ended:
    return command("backtest", *files, "--model", "credit", "--baseline-rows", LEARNED, *clock, "--json")


def test_every_line_but_the_last_has_the_fields_that_readers_rely_on(command: Command, history: Path) -> None:
    *lines, _ = _backtest(command, history).lines

    assert {line["type"] for line in lines} == {"finding", "incident", "notice"}
    assert [line for line in lines if not set(line) >= COMMON] == []


def test_fields_have_the_types_that_readers_rely_on(command: Command, history: Path) -> None:
    *lines, _ = _backtest(command, history).lines
    texts = COMMON - {"row"}

    assert {type(line["row"]) for line in lines} == {int}
    assert {type(line[name]) for line in lines for name in texts} == {str}
    assert {line["model"] for line in lines} == {"credit"}
    assert {line["tier"] for line in lines} <= {"observe", "investigate", "act"}


def test_the_summary_is_the_last_line_and_counts_the_lines_before_it(command: Command, history: Path) -> None:
    *lines, summary = _backtest(command, history).lines
    notices = [line["tier"] for line in lines if line["type"] == "notice"]

    assert set(summary) == SUMMARY
    assert summary["findings"] == sum(line["type"] == "finding" for line in lines)
    assert summary["incidents"] == sum(line.get("change") == "opened" for line in lines)
    assert summary["notices"] == {tier: notices.count(tier) for tier in set(notices)}


def test_the_summary_counts_rows_ticks_and_monitors(command: Command, history: Path) -> None:
    summary = _backtest(command, history).lines[-1]
    begun_in_tick = LEARNED // 60

    assert summary["rows"] == ROWS - LEARNED
    assert summary["ticks"] == ROWS // 60 - begun_in_tick
    assert summary["monitors"] == 3 * 3
    assert summary["rejected"] == {}


def test_what_moved_is_found_after_it_moved_and_nothing_else_is_told(command: Command, history: Path) -> None:
    *lines, _ = _backtest(command, history).lines
    told = [line for line in lines if line["type"] == "finding" and line["tier"] != "observe"]

    assert {line["subject"] for line in told} == {"amount"}
    assert min(line["row"] for line in told) >= BROKEN_FROM


def test_time_and_row_of_a_line_belong_together(command: Command, history: Path) -> None:
    first = next(line for line in _backtest(command, history).lines if line.get("segment") == "")

    assert datetime.fromisoformat(first["time"]) == datetime.fromtimestamp(BEGIN_S + first["row"] + 1, UTC)


def test_segments_are_watched_on_their_own(command: Command, history: Path) -> None:
    lines = _backtest(command, history).lines

    assert {line["segment"] for line in lines if "segment" in line} == {"", "web", "shop"}


def test_the_same_history_gives_the_same_lines(command: Command, history: Path) -> None:
    first, second = _backtest(command, history), _backtest(command, history)

    assert first.out.splitlines()[:-1] == second.out.splitlines()[:-1]
    assert first.lines[-1] | {"seconds": 0} == second.lines[-1] | {"seconds": 0}


def _without_file(ended: Ended) -> list[dict[str, object]]:
    return [line | {"seconds": 0} if line["type"] == "summary" else line for line in ended.lines]


@pytest.mark.parametrize("ending", ["parquet", "pq"])
def test_parquet_gives_the_same_lines_as_csv(command: Command, history: Path, tmp_path: Path, ending: str) -> None:
    parquet = tmp_path / f"history.{ending}"
    pq.write_table(pa_csv.read_csv(history), parquet)

    assert _without_file(_backtest(command, parquet)) == _without_file(_backtest(command, history))


def test_ndjson_gives_the_same_lines_as_csv(command: Command, history: Path, tmp_path: Path) -> None:
    ndjson = tmp_path / "history.ndjson"
    table: pa.Table = pa_csv.read_csv(history)
    ndjson.write_text("\n".join(json.dumps(row) for row in table.to_pylist()), encoding="utf-8")

    assert _without_file(_backtest(command, ndjson)) == _without_file(_backtest(command, history))


def test_several_files_are_one_history(command: Command, history: Path, tmp_path: Path) -> None:
    header, *rows = history.read_text(encoding="utf-8").splitlines(keepends=True)
    older, newer = tmp_path / "older.csv", tmp_path / "newer.csv"
    older.write_text(header + "".join(rows[:2_000]), encoding="utf-8")
    newer.write_text(header + "".join(rows[2_000:]), encoding="utf-8")

    both, whole = _backtest(command, older, newer), _backtest(command, history)

    assert [(line["type"], line.get("time"), line.get("subject"), line.get("tier")) for line in both.lines] == [
        (line["type"], line.get("time"), line.get("subject"), line.get("tier")) for line in whole.lines
    ]


def test_rows_without_a_time_get_one_at_the_rate_given(command: Command, history: Path) -> None:
    by_rate = _backtest(command, history, clock=("--events-per-second", 1))
    *lines, _ = by_rate.lines

    # The column `at` is a feature now. It rises for ever, in the reference too, so that nothing is unusual about it.
    assert {line["subject"] for line in lines if line["tier"] == "act"} == {"amount"}
    assert "at cannot be watched: the reference of 1,000 events, which wander so much that they are" in by_rate.err
    assert set(by_rate.lines[-1]["blind"]) == {"at"}
    assert by_rate.lines[-1]["ticks"] == _backtest(command, history).lines[-1]["ticks"]


def test_a_fitted_baseline_gives_what_its_rows_give(command: Command, history: Path, tmp_path: Path) -> None:
    rows = history.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "train.csv").write_text("".join(rows[: 1 + LEARNED]), encoding="utf-8")
    (tmp_path / "rest.csv").write_text(rows[0] + "".join(rows[1 + LEARNED :]), encoding="utf-8")
    command("baseline", "fit", "train.csv", "--model", "credit", "--version", 1, "--time", "at", "--out", "b.json")
    fitted = command(
        "backtest", "rest.csv", "--model", "credit", "--baseline", "b.json", "--time", "at", "--json"
    ).lines
    inline = _backtest(command, history).lines

    assert [(line["type"], line["reason"]) for line in fitted[:-1]] == [
        (line["type"], line["reason"]) for line in inline[:-1]
    ]


def test_rows_that_cannot_be_used_are_counted_and_told(command: Command, history: Path) -> None:
    with history.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(["yesterday", "1", "NO", "0.5", "web"])
    ended = _backtest(command, history)

    assert ended.code == 0
    assert ended.lines[-1]["rejected"] == {"dead": 1}
    assert f"1 of {ROWS - LEARNED + 1:,} rows were not used (1 dead); for example row {ROWS}: bad_time" in ended.err


@pytest.mark.parametrize("option", ["--prediction", "--label", "--segment"])
def test_columns_may_have_other_names(command: Command, history: Path, option: str) -> None:
    role = option.removeprefix("--")
    renamed = {"prediction": "prediction", "segment": "segment", "label": "country"}[role]
    text = history.read_text(encoding="utf-8").replace(renamed, "other", 1)
    history.write_text(text, encoding="utf-8")
    ended = command(
        "backtest", history, "--model", "m", "--baseline-rows", LEARNED, "--time", "at", option, "other", "--json"
    )
    watched = {"prediction": 3, "segment": 3, "label": 2}[role]

    assert ended.lines[-1]["monitors"] == watched * 3


def test_what_a_person_reads(command: Command, history: Path) -> None:
    ended = command("backtest", history, "--model", "credit", "--baseline-rows", LEARNED, "--time", "at")
    text = ended.out.rpartition(" in ")[0] + "\n"

    assert text == golden("backtest.txt", text)


def test_fixed_thresholds_open_an_incident_by_themselves_and_say_what_they_cost(
    command: Command, history: Path, tmp_path: Path
) -> None:
    (tmp_path / "fixed.yaml").write_text("detection: {policy: fixed}\n", encoding="utf-8")
    *lines, summary = _backtest(command, history, clock=("--time", "at", "--config", "fixed.yaml")).lines
    found = [line for line in lines if line["type"] == "finding"]
    early = [line for line in found if line["row"] < BROKEN_FROM]
    psi = next(line for line in found if line["detector"] == "psi" and line["row"] >= BROKEN_FROM)

    # A few hundred events a window, of which a part is beyond the thresholds by chance: what the budget is there for.
    assert early
    assert (psi["subject"], psi["low"], psi["tier"]) == ("amount", None, "act")
    assert "the fixed threshold 0.1 is passed without any change in " in psi["reason"]
    assert {line["tier"] for line in found if line["detector"] == "ks"} == {"investigate"}
    assert summary["incidents"] >= 1
