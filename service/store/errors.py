"""What can be wrong with a store that is not our own bug."""

import sqlite3

from sqlalchemy.exc import OperationalError

_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)  # fmt: skip


def passes(failure: OperationalError) -> bool:
    """Whether a failure lies in the machine and may pass (a lock, a full or unwritable disk), not in a statement."""
    code = getattr(failure.orig, "sqlite_errorcode", 0)
    # The low byte of an extended code is the primary one.
    return code & 0xFF in _PASSING


class StoreMismatch(Exception):
    """The store and the settings contradict each other; the message says how, and the way out."""


class LedgerMismatch(AssertionError):
    """A delta does not account for every record of its range: our own bug, so nothing of it is written."""
