"""Errors that a user can mend, and how the command says them in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from alerting.errors import OwnershipError
from detectors.baseline import BaselineError
from service.config import ConfigError
from service.sources.errors import KafkaUnusable, SourceFailed
from service.sources.log_errors import LogCorrupt, LogLocked
from service.sources.row import FileUnreadable
from service.store.errors import StoreMismatch


class Mistake(Exception):
    """Something the user can mend; the message names the option or setting, its value and the way out."""


_MENDABLE = (
    Mistake,
    OwnershipError,
    ConfigError,
    SourceFailed,
    KafkaUnusable,
    LogCorrupt,
    LogLocked,
    FileUnreadable,
    StoreMismatch,
    BaselineError,
)

_STORE_UNUSABLE = (
    "SQLITE_NOTADB",
    "SQLITE_CORRUPT",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_BUSY",
)
"""What SQLite says of the file or the disk; anything else it says of our statements, which is our own bug."""


def in_words(error: Exception) -> str:
    """Say an error as one plain sentence; empty when it is not the user's to mend.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "train.csv"))
    'train.csv: no such file or directory; check the path and its permissions'
    """
    if isinstance(error, _MENDABLE):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or 'unusable').lower()}; check the path and its permissions"
    return ""


@contextmanager
def store_named(url: str) -> Iterator[None]:
    """Turn what SQLite says of the store's file into a mistake that names it."""
    try:
        yield
    except DatabaseError as error:
        if not getattr(error.orig, "sqlite_errorname", "").startswith(_STORE_UNUSABLE):
            raise
        raise Mistake(
            f"store.url: {url} cannot be used ({error.orig}); check the path and the disk, restore the file from a "
            "backup, or name a new one"
        ) from error


def check_out(out: Path | None) -> None:
    """Refuse an output file that cannot be written, before the long work begins."""
    if out is None:
        return
    if out.is_dir():
        raise Mistake(f"--out: {out} is a folder; name a file in it")
    if not out.parent.is_dir():
        raise Mistake(f"--out: {out} cannot be written, there is no folder {out.parent}; create it, or name another")
