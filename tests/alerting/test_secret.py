"""Secrets: looked up at the moment of use, and never told."""

from pathlib import Path

import pytest

from alerting.errors import SecretError
from alerting.secret import secret_of


def test_a_secret_is_found_in_the_environment() -> None:
    assert secret_of("env:KEY", {"KEY": "s3cret"}) == "s3cret"


def test_a_secret_is_found_in_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")

    assert secret_of(f"file:{tmp_path / 'key'}", {}) == "s3cret"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:KEY", "set the environment variable KEY"),
        ("env:EMPTY", "set the environment variable EMPTY"),
        ("file:/nowhere/key", "check the file"),
    ],
)
def test_a_missing_secret_says_where_it_was_looked_for(reference: str, words: str) -> None:
    with pytest.raises(SecretError, match=words):
        secret_of(reference, {"EMPTY": ""})


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")

    with pytest.raises(SecretError, match="is empty"):
        secret_of(f"file:{tmp_path / 'key'}", {})


def test_a_secret_written_where_a_reference_belongs_is_not_repeated() -> None:
    with pytest.raises(SecretError) as caught:
        secret_of("whsec_topsecret", {})

    assert "topsecret" not in str(caught.value)
