"""What can go wrong with the local log: it is full or its disk fails, its files are damaged, or a key is misused."""

from pathlib import Path


class LogUnavailable(Exception):
    """Nothing was stored: the log is full, closing or its disk refuses; the same append may succeed later."""

    def __init__(self, reason: str, retry_after_seconds: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class LogCorrupt(Exception):
    """A file of the log holds bytes that no crash of ours can have left there; nothing is read past them."""

    def __init__(self, path: Path, position: int, what: str) -> None:
        super().__init__(
            f"{path} at byte {position}: {what}. Restore the file from a backup, or move it and all later segments "
            "away: the records in them are then lost and must be sent again"
        )
        self.path = path
        self.position = position


class LogLocked(Exception):
    """Another process has this log open; two writers would destroy it."""


class KeyReused(Exception):
    """An idempotency key came back with other records, which would have been dropped as a repeat."""
