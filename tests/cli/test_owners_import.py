"""Importing owners, as a user does it."""

import shutil
from pathlib import Path

import pytest

from tests.cli.command import Command, golden

FILES = Path(__file__).parent.parent / "alerting" / "imports"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a catalog and a CODEOWNERS file."""
    for file in FILES.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def test_a_catalog_is_printed_as_a_table(command: Command, folder: Path) -> None:
    ended = command("owners", "import", "backstage", "catalog-info.yaml", "groups.yaml", "--fallback", "ml-platform")

    assert (ended.code, ended.out) == (0, golden("owners_import_backstage.txt", ended.out))
    assert ended.err == golden("owners_import_backstage_err.txt", ended.err)


def test_what_becomes_of_each_line_of_codeowners_is_said(command: Command, folder: Path) -> None:
    ended = command("owners", "import", "codeowners", "CODEOWNERS", "--root", "models/")

    assert (ended.code, ended.err) == (0, golden("owners_import_codeowners_err.txt", ended.err))


def test_a_table_that_was_added_to_is_checked_and_asked_at_once(command: Command, folder: Path) -> None:
    first = command("owners", "import", "codeowners", "CODEOWNERS", "--into", "owners.yaml", "--fallback", "ml")
    again = command("owners", "import", "codeowners", "CODEOWNERS", "--into", "owners.yaml")

    assert (first.out, again.out, again.err.splitlines()[-1]) == (
        "", "", "owners.yaml: 0 rules and 0 parties new, of 6 owners found; 8 not taken over, as said above",
    )  # fmt: skip
    asked = command("owners", "resolve", "--file", "owners.yaml", "--model", "fraud-score", "--role", "owner")
    assert asked.out.splitlines()[1].split()[:2] == ["owner", "bank/fraud-ds"]
    assert [file.name for file in folder.glob(".owners*")] == []


def test_a_table_that_is_there_keeps_its_fallback(command: Command, folder: Path) -> None:
    command("owners", "import", "codeowners", "CODEOWNERS", "--into", "owners.yaml")
    ended = command("owners", "import", "codeowners", "CODEOWNERS", "--into", "owners.yaml", "--fallback", "x")

    assert (ended.code, ended.err) == (
        2,
        "driftwarden: --fallback: owners.yaml has one already; leave the option out\n",
    )


def test_a_root_must_name_a_directory(command: Command, folder: Path) -> None:
    assert (
        "--root: '/' names no directory" in command("owners", "import", "codeowners", "CODEOWNERS", "--root", "/").err
    )


def test_a_file_that_is_not_there_is_a_mistake(command: Command, folder: Path) -> None:
    assert command("owners", "import", "backstage", "nowhere.yaml").code == 2
