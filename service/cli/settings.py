"""Finding the settings, the ownership table and the store for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from alerting.ownership import Ownership
from alerting.ownership_file import load_ownership
from service.cli.mistakes import Mistake, store_named
from service.config import load
from service.settings import Settings
from service.store.engine import Store, open_store, open_to_read

DEFAULT_FILE = Path("driftwarden.yaml")


def settings_of(config: Path | None) -> Settings:
    """Read the named settings file, else driftwarden.yaml here, else the defaults; the environment is laid over it."""
    path = config if config is not None else (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    return load(path, os.environ)


def token_of_environment() -> str:
    """Give the token that is sent to a running service; "" where none is set."""
    return os.environ.get("DRIFTWARDEN_TOKEN", "")


def ownership_of(path: Path, *, mail: bool = True) -> Ownership:
    """Read the table as of today; raises OwnershipError with every mistake in it; without `mail`, mail is one."""
    return load_ownership(path, datetime.now(UTC).date(), mail=mail)


def store_missing(settings: Settings) -> bool:
    """Say whether the store would be a file that is not there."""
    file = make_url(settings.store.url).database
    return bool(file) and file != ":memory:" and not Path(str(file)).is_file()


@contextmanager
def store_of(settings: Settings, *, existing: bool = False, read_only: bool = False) -> Iterator[Store]:
    """Open the store; `existing` refuses one that is not there, for a proof about nothing proves nothing.

    `read_only` also changes nothing in it, not even its schema.
    """
    url = settings.store.url
    if (existing or read_only) and store_missing(settings):
        file = make_url(url).database
        raise Mistake(f"store.url: there is no store at {file}; name the settings of the service with --config")
    with store_named(url):
        opened = open_to_read if read_only else open_store
        store = opened(url, tick_seconds=settings.time.tick_seconds)
        try:
            yield store
        finally:
            store.close()
