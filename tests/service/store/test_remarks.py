"""Remarks are kept beside the chain and can be erased without breaking it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerting.audit import AuditEntry, verify
from alerting.remark import Remark
from service.store.engine import Store, open_store
from service.store.records import append_audit, audit_rows
from service.store.remarks import RemarkUnknown, erase_remark, put_remark, remark_row, remarks_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WORDS = "Ms Okafor's file was loaded twice"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one remark on record."""
    opened = open_store(f"sqlite:///{tmp_path / 'a.db'}", tick_seconds=60)
    written = Remark("rmk_1", "inc_1", NOON, WORDS, bytes(range(16)), "anna")
    with opened.write() as connection:
        put_remark(connection, written)
        entry = AuditEntry(NOON, "anna", "incident.noted", "inc_1", remark=written.reference())
        append_audit(connection, [entry])
    yield opened
    opened.close()


def test_a_remark_is_read_as_it_was_written(store: Store) -> None:
    with store.read() as connection:
        row = remark_row(connection, "rmk_1")
        assert row is not None
        remark = row.remark()
        assert remark is not None
        assert (remark.text, remark.author) == (WORDS, "anna")
        assert remarks_of(connection, "inc_1") == [row]
        assert remarks_of(connection, "inc_2") == []


def test_erasing_leaves_the_row_the_chain_and_a_record_of_who_and_why(store: Store) -> None:
    row = erase_remark(store, "rmk_1", actor="privacy", why="asked by the person", now=NOON)

    assert (row.content, row.erased_by, row.remark()) == (None, "privacy", None)
    with store.read() as connection:
        rows = audit_rows(connection)
    assert verify(rows) is None
    last = rows[-1].entry
    assert (last.action, last.actor, last.subject, last.reason) == (
        "remark.erased", "privacy", "inc_1", "asked by the person",
    )  # fmt: skip
    assert last.after == {"remark": "rmk_1"}


def test_no_file_of_the_store_holds_the_words_once_they_are_erased(store: Store, tmp_path: Path) -> None:
    def holding() -> list[str]:
        return [file.name for file in tmp_path.iterdir() if WORDS.encode() in file.read_bytes()]

    assert holding() != []
    erase_remark(store, "rmk_1", actor="privacy", why="asked", now=NOON)

    assert holding() == []


def test_erasing_twice_is_on_record_once(store: Store) -> None:
    first = erase_remark(store, "rmk_1", actor="privacy", why="asked", now=NOON)
    again = erase_remark(store, "rmk_1", actor="other", why="asked again", now=NOON)

    with store.read() as connection:
        assert len(audit_rows(connection)) == 2
    assert again == first


def test_erasing_what_is_not_there_or_without_a_reason_is_refused(store: Store) -> None:
    with pytest.raises(RemarkUnknown, match="no remark 'rmk_9'"):
        erase_remark(store, "rmk_9", actor="privacy", why="asked", now=NOON)
    with pytest.raises(ValueError, match="why: 0 characters"):
        erase_remark(store, "rmk_1", actor="privacy", why="", now=NOON)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET content = '{}'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "INSERT INTO audit SELECT 0, at_ms, content, previous, hash FROM audit",
    ],
)
def test_the_database_refuses_to_change_the_audit_and_says_why(store: Store, statement: str) -> None:
    refused = pytest.raises(IntegrityError, match="append-only, and a change of it breaks its hash chain")
    with refused, store.write() as connection:
        connection.execute(text(statement))
