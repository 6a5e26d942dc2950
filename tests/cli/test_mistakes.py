"""Every mistake of a user ends with code 2 and one plain sentence that names what, its value and the way out."""

import json
import random
import sqlite3
from pathlib import Path

import pytest

from service.cli.mistakes import in_words, store_named
from tests.cli.command import Command

BACKTEST = ("backtest", "history.csv", "--model", "m")
ROWS, TIME = ("--baseline-rows", 500), ("--time", "at")
FIT = ("baseline", "fit", "history.csv", "--model", "m", "--version", 1)

BACKTESTS: list[tuple[tuple[object, ...], str]] = [
    ((*BACKTEST, *TIME), "--baseline, --baseline-rows: neither given"),
    ((*BACKTEST, *TIME, *ROWS, "--baseline", "b.json"), "--baseline, --baseline-rows: both given"),
    ((*BACKTEST, *TIME, "--baseline-rows", -5), "--baseline-rows: -5 rows cannot be a reference; give at least 100"),
    ((*BACKTEST, *TIME, "--baseline-rows", 0), "--baseline-rows: 0 rows cannot be a reference; give at least 100"),
    ((*BACKTEST, *TIME, "--baseline-rows", 9_000), "--baseline-rows: 9000, but history.csv has 3600 rows"),
    ((*BACKTEST, *TIME, "--baseline-rows", 3_600), "FILE: history.csv has no rows left to play after the first 3600"),
    ((*BACKTEST, *ROWS), "--time, --events-per-second: neither given"),
    ((*BACKTEST, *ROWS, *TIME, "--events-per-second", 3), "--time, --events-per-second: both given"),
    ((*BACKTEST, *ROWS, "--events-per-second", -1), "--events-per-second: -1.0 is not a rate"),
    ((*BACKTEST, *ROWS, "--events-per-second", "nan"), "--events-per-second: nan is not a rate"),
    ((*BACKTEST, *ROWS, "--events-per-second", "inf"), "--events-per-second: inf is not a rate"),
    ((*BACKTEST, *ROWS, "--time", "when"), "--time: history.csv has no column 'when'; the columns are at, amount"),
    ((*BACKTEST, *ROWS, *TIME, "--label", "truth"), "--label: history.csv has no column 'truth'"),
    ((*BACKTEST, *ROWS, *TIME, "--segment", "shop"), "--segment: history.csv has no column 'shop'"),
    ((*BACKTEST, *ROWS, *TIME, "--prediction", "p"), "--prediction: history.csv has no column 'p'"),
    ((*BACKTEST, *ROWS, "--time", "country"), "3,100 of 3,100 rows were not used (3,100 dead); for example row 3599"),
    ((*BACKTEST, *ROWS, *TIME, "--model", " "), "--model: the name is empty"),
    ((*BACKTEST, *ROWS, *TIME, "--version", ""), "--version: the name is empty"),
    (("backtest", "nothing.csv", "--model", "m", *ROWS, *TIME), "FILE: nothing.csv does not exist; check the path"),
    (("backtest", "empty.csv", "--model", "m", *ROWS, *TIME), "empty.csv: there is no header line"),
    (("backtest", "header.csv", "--model", "m", *ROWS, *TIME), "--baseline-rows: 500, but header.csv has 0 rows"),
    (("backtest", "history.txt", "--model", "m", *ROWS, *TIME), "history.txt: cannot read .txt; give .csv"),
    (("backtest", "history.csv", "history.csv", "--model", "m", *ROWS, *TIME), "the same file was given twice"),
    ((*BACKTEST, *TIME, "--baseline", "none.json"), "--baseline: none.json cannot be read (no such file or directory)"),
    ((*BACKTEST, *TIME, "--baseline", "noise.bin"), "--baseline: noise.bin cannot be read (not text)"),
    ((*BACKTEST, *TIME, "--baseline", "history.csv"), "baseline: not JSON"),
    ((*BACKTEST, *TIME, "--baseline", "newer.json"), "version: 9 cannot be read by this release, which knows 1"),
    ((*BACKTEST, *ROWS, *TIME, "--config", "bad.yaml"), "bad.yaml:2:1: this is not YAML"),
    ((*BACKTEST, *ROWS, *TIME, "--config", "unknown.yaml"), "unknown.yaml:1:1: nope: there is no such setting"),
]

OTHERS: list[tuple[tuple[object, ...], str]] = [
    ((*FIT, "--out", "nowhere/b.json"), "--out: nowhere/b.json cannot be written, there is no folder nowhere"),
    ((*FIT, "--out", "."), "--out: . is a folder; name a file in it"),
    ((*FIT, "--ignore", "nope"), "--ignore: history.csv has no column 'nope'; the columns are at, amount"),
    ((*FIT, "--categorical", "nope"), "--categorical: history.csv has no column 'nope'"),
    ((*FIT, "--segment", "nope"), "--segment: history.csv has no column 'nope'"),
    (("baseline", "fit", "header.csv", "--model", "m", "--version", 1), "header.csv: rows: there is nothing to fit"),
    (("baseline", "fit", "none.csv", "--model", "m", "--version", 1), "none.csv: there is no such file"),
    (("baseline", "fit", "history.csv", "--model", "", "--version", 1), "--model: the name is empty"),
    ((*FIT, "--config", "corrupt.yaml"), "noise.bin cannot be used (file is not a database)"),
    (("ledger", "verify"), "store.url: there is no store at driftwarden.db"),
    (("audit", "verify"), "store.url: there is no store at driftwarden.db"),
    (("ledger", "verify", "--config", "corrupt.yaml"), "noise.bin cannot be used (file is not a database)"),
    (("audit", "verify", "--config", "corrupt.yaml"), "noise.bin cannot be used (file is not a database)"),
    (("owners", "check"), "owners.yaml:1:1: the file cannot be read"),
    (("owners", "check", "history.csv"), "history.csv:1:1: the file holds no table"),
    (("owners", "resolve", "--model", "m"), "owners.yaml:1:1: the file cannot be read"),
    (("config", "check", "--config", "none.yaml"), "none.yaml: cannot be read (no such file or directory)"),
    (("config", "check", "--config", "unknown.yaml"), "unknown.yaml:1:1: nope: there is no such setting"),
    (("schema", "--out", "nowhere/s.json"), "--out: nowhere/s.json cannot be written, there is no folder nowhere"),
    (("serve", "--config", "none.yaml"), "none.yaml: cannot be read (no such file or directory)"),
    (("serve",), "owners.yaml:1:1: the file cannot be read"),
]


@pytest.fixture
def wrong(history: Path) -> Path:
    """The folder of `history`, with files beside it that are no good."""
    folder = history.parent
    (folder / "empty.csv").touch()
    (folder / "header.csv").write_text("at,amount\n", encoding="utf-8")
    (folder / "history.txt").write_text("at,amount\n", encoding="utf-8")
    (folder / "bad.yaml").write_text("version: [\n", encoding="utf-8")
    (folder / "unknown.yaml").write_text("nope: 1\n", encoding="utf-8")
    (folder / "newer.json").write_text('{"version": 9}', encoding="utf-8")
    (folder / "noise.bin").write_bytes(random.Random(3).randbytes(8_192))
    (folder / "corrupt.yaml").write_text('store: {url: "sqlite:///noise.bin"}\n', encoding="utf-8")
    return folder


@pytest.mark.parametrize(("arguments", "sentence"), BACKTESTS + OTHERS, ids=lambda part: str(part)[:60])
def test_a_mistake_is_one_sentence_and_code_2(
    command: Command, wrong: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    ended = command(*arguments)
    # What a reference cannot see is said before the rows are looked at.
    mistakes = [line for line in ended.err.splitlines() if "cannot be watched" not in line]

    assert (ended.code, len(mistakes), sentence in ended.err) == (2, 1, True), ended.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("demo", "--port", 99_999), "--port"),
        (("demo", "--timeout", 0), "--timeout"),
        ((*FIT, "--kind", "label"), "--kind"),
        (("backtest", "history.csv"), "--model"),
        (("backtest", "--model", "m"), "files"),
        (("nothing",), "nothing"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_an_option_of_the_wrong_shape_is_named(
    command: Command, wrong: Path, arguments: tuple[object, ...], named: str
) -> None:
    ended = command(*arguments)

    assert (ended.code, named in ended.err, "Traceback" in ended.err) == (2, True, False)


def test_a_store_of_another_tick_length_is_refused(command: Command, wrong: Path) -> None:
    (wrong / "fast.yaml").write_text("time: {tick_seconds: 30}\n", encoding="utf-8")
    command(*FIT)
    ended = command("ledger", "verify", "--config", "fast.yaml")

    assert ended.code == 2
    assert "the store was made with tick_seconds = 60, the settings say 30; set it back to 60" in ended.err


def test_a_store_damaged_in_the_middle_is_told_from_our_own_bug(command: Command, wrong: Path) -> None:
    command(*FIT)
    store = wrong / "driftwarden.db"
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    content = bytearray(store.read_bytes())
    page = len(content) // pages
    content[page:] = b"\xff" * (len(content) - page)
    store.write_bytes(content)
    ended = command("ledger", "verify")

    assert (ended.code, "store.url: sqlite:///driftwarden.db cannot be used" in ended.err) == (2, True)


def test_a_baseline_that_watches_the_time_column_is_refused(command: Command, wrong: Path) -> None:
    command(*FIT, "--out", "b.json")
    ended = command(*BACKTEST, *TIME, "--baseline", "b.json")

    assert (ended.code, ended.err) == (
        2,
        "driftwarden: --time: at is a feature of the baseline b.json, but the events' time here; "
        "fit the baseline again with --ignore at\n",
    )


def test_a_role_that_does_not_exist_is_named(command: Command, tmp_path: Path) -> None:
    from service.cli.backtest import OWNERS

    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    ended = command("owners", "resolve", "--model", "m", "--role", "boss")

    assert (ended.code, "--role: 'boss' is not a role; choose from owner" in ended.err) == (2, True)


def test_rows_out_of_order_are_told_to_be_late(command: Command, history: Path) -> None:
    header, *rows = history.read_text(encoding="utf-8").splitlines(keepends=True)
    history.write_text(header + "".join(rows[:1_000] + rows[3_000:] + rows[1_000:3_000]), encoding="utf-8")
    ended = command(
        "backtest", history, "--model", "m", *ROWS, *TIME, "--json", "--config", _small_commits(history.parent)
    )

    assert ended.code == 0
    assert "late rows are older than rows before them: sort the file by time" in ended.err


def test_our_own_bug_is_not_put_into_words() -> None:
    assert in_words(KeyError("subject")) == ""


def test_what_sqlite_says_of_our_statements_is_our_own_bug() -> None:
    from sqlalchemy.exc import OperationalError

    with pytest.raises(OperationalError), store_named("sqlite:///s.db"):
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("no such table: panes"))


def _small_commits(folder: Path) -> Path:
    """Settings under which ticks close while the file is read, as they do when a file is long."""
    path = folder / "small.yaml"
    path.write_text(json.dumps({"store": {"commit_events_max": 500}}), encoding="utf-8")
    return path
