"""Commands that print what is in force, who is told, and whether the books balance."""

import json
from importlib.metadata import version
from pathlib import Path

from service.cli.backtest import OWNERS
from service.store.engine import open_store
from tests.cli.command import Command, golden
from tests.service.lines import play, prepare


def test_the_version_is_the_installed_one(command: Command) -> None:
    ended = command("version")

    assert (ended.code, ended.out) == (0, f"{version('driftwarden')}\n")


def test_the_schema_is_the_same_on_screen_and_in_a_file(command: Command, tmp_path: Path) -> None:
    printed = command("schema").out
    command("schema", "--out", "events.json")

    assert json.loads(printed)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (tmp_path / "events.json").read_text(encoding="utf-8") == printed


def test_what_differs_from_the_defaults_is_shown(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("detection: {events_min: 80}\ntime: {tick_seconds: 30}\n", encoding="utf-8")
    ended = command("config", "check", "--config", "c.yaml")

    assert (ended.code, ended.err) == (0, "")
    assert {"time.tick_seconds = 30", "detection.events_min = 80"} <= set(ended.out.splitlines())


def test_a_good_ownership_table_is_counted(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    ended = command("owners", "check")

    assert (ended.code, ended.out) == (0, "owners.yaml: 1 parties, 1 rules, all good\n")


def test_who_is_told_is_said_with_the_rule_that_says_so(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    ended = command("owners", "resolve", "--model", "credit", "--feature", "income")

    assert (ended.code, ended.out) == (0, golden("owners_resolve.txt", ended.out))


def test_one_role_alone_can_be_asked_for(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    ended = command("owners", "resolve", "--model", "credit", "--role", "owner")

    assert ended.out == "owner: owner (by rule everything)\n"


def _played(folder: Path) -> None:
    played = play(prepare(folder), {"0": [b"not an event", b"{}"], "1": [b"[]"]})
    played.store.close()
    (folder / "c.yaml").write_text('store: {url: "sqlite:///s.db"}\n', encoding="utf-8")


def test_books_that_balance_are_shown_and_code_is_0(command: Command, tmp_path: Path) -> None:
    _played(tmp_path)
    ended = command("ledger", "verify", "--config", "c.yaml")

    assert (ended.code, ended.out) == (0, golden("ledger.txt", ended.out))


def test_books_that_do_not_balance_give_code_1_and_say_where(command: Command, tmp_path: Path) -> None:
    _played(tmp_path)
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE source_partition SET accepted = accepted + 1 WHERE partition = '0'")
    store.close()
    ended = command("ledger", "verify", "--config", "c.yaml")

    assert ended.code == 1
    assert ended.out.splitlines()[-1] == "2 partitions, 3 records: NOT balanced"
