"""Errors that a user can mend, which the command says in plain words."""

from alerting.errors import OwnershipError
from service.config import ConfigError
from service.sources.errors import SourceFailed
from service.store.errors import StoreMismatch

MISTAKES = (OwnershipError, ConfigError, SourceFailed, StoreMismatch, FileNotFoundError, PermissionError)
