"""Finding the settings and the ownership table for a command."""

import os
from pathlib import Path

from alerting.ownership import Ownership
from alerting.ownership_file import load_ownership
from service.config import load
from service.settings import Settings

DEFAULT_FILE = Path("driftwarden.yaml")


def settings_of(config: Path | None) -> Settings:
    """Read the named settings file, else driftwarden.yaml here, else the defaults; the environment is laid over it."""
    path = config if config is not None else (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    return load(path, os.environ)


def ownership_of(path: Path) -> Ownership:
    """Read the ownership table; raises OwnershipError with every mistake in it."""
    return load_ownership(path)
