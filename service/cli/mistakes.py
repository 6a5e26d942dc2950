"""Errors that a user can mend, which the command says in plain words."""

from alerting.errors import OwnershipError
from detectors.baseline import BaselineError
from service.config import ConfigError
from service.sources.errors import KafkaUnusable, SourceFailed
from service.sources.log_errors import LogCorrupt, LogLocked
from service.sources.row import FileUnreadable
from service.store.errors import StoreMismatch

MISTAKES = (
    OwnershipError,
    ConfigError,
    SourceFailed,
    KafkaUnusable,
    LogCorrupt,
    LogLocked,
    FileUnreadable,
    StoreMismatch,
    BaselineError,
    FileNotFoundError,
    PermissionError,
)
