"""The ownership table in force, read again when its file changes; a broken file leaves the last good one in force."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.exc import OperationalError

from alerting.audit import AuditEntry
from alerting.errors import OwnershipError
from alerting.lineage import Lineage
from alerting.ownership import Ownership
from alerting.ownership_file import load_ownership
from alerting.ownership_warnings import matching_nothing
from alerting.table_change import change_between
from service.progress import Progress
from service.repeat import repeat
from service.store.engine import Store
from service.store.queries import models_predicting
from service.store.records import append_audit, open_incidents

log = logging.getLogger(__name__)

ACTOR = "driftwarden"

FAULTS_KEPT_MAX = 20
"""Faults of a broken file that the audit keeps; the log has all of them."""


@dataclass(slots=True)
class OwnershipTable:
    """Gives the table in force to whoever asks."""

    current: Ownership

    def __call__(self) -> Ownership:
        return self.current


@dataclass(slots=True)
class TableWatch:
    """Looks at the file now and then. What it says of open incidents is recorded; their routes stay as they are.

    `mail` says whether there is a mail server, without which a table that tells anybody by mail is not used.
    """

    table: OwnershipTable
    path: Path
    store: Store
    wall: Callable[[], datetime]
    progress: Progress
    mail: bool = True
    lineage: Lineage = field(default_factory=Lineage)
    _read: tuple[str, date] | None = None
    _refused: str = ""

    async def run(self, stop: asyncio.Event, pause_seconds: float) -> None:
        """Look until `stop` is set; a store that cannot be used now is one more reason to look again."""
        await asyncio.to_thread(self._warn)
        turn = partial(asyncio.to_thread, self.look)
        await repeat(turn, stop, pause_seconds, "the ownership table stays for now")

    def look(self) -> bool:
        """Read the file if it or the day is not as it was; True when another table is in force from now on."""
        digest, today = _digest(self.path), self.wall().date()
        if digest and (digest, today) == self._read:
            return False
        swapped = self._take(today)
        # Only now: what the store could not record is read again.
        self._read = (digest, today)
        return swapped

    def _take(self, today: date) -> bool:
        try:
            found = load_ownership(self.path, today, mail=self.mail)
        except OwnershipError as error:
            self._refuse(error)
            return False
        self._refused, self.progress.ownership_fault = "", ""
        if found.config_sha == self.table.current.config_sha:
            return False
        self._swap(found)
        return True

    def _swap(self, found: Ownership) -> None:
        """Record the change first: a table that cannot be recorded is not in force."""
        before = self.table.current
        with self.store.write() as connection:
            lines = change_between(before, found, open_incidents(connection), self.lineage).lines()
            entry = AuditEntry(
                self.wall(), ACTOR, "ownership.reloaded", str(self.path), {"config_sha": before.config_sha},
                {"config_sha": found.config_sha, "changes": list(lines)}, "the file changed, or a day in it has come",
            )  # fmt: skip
            append_audit(connection, [entry])
        self.table.current = found
        for line in lines:
            log.info("%s: in force now: %s", self.path, line)
        self._warn()

    def _warn(self) -> None:
        """Say what is not wrong with the table in force but likely not meant: idle parties, reviews that are due."""
        table = self.table.current
        idle = matching_nothing(table, self._models())
        for warning in (*table.warnings, *table.overdue(self.wall().date()), *idle):
            log.warning("%s: %s", self.path, warning)

    def _models(self) -> frozenset[str]:
        try:
            return models_predicting(self.store)
        except OperationalError:
            return frozenset()  # A warning is not worth a failure; whoever needs the store says that it is not there.

    def _refuse(self, error: OwnershipError) -> None:
        """Say once per set of faults that the file is broken and that the last good table stays in force."""
        if str(error) == self._refused:
            return
        for fault in str(error).splitlines():
            log.error("%s", fault)
        log.error("%s is not used; the table that was read before stays in force", self.path)
        entry = AuditEntry(
            self.wall(), ACTOR, "ownership.refused", str(self.path), None,
            {"config_sha": self.table.current.config_sha, "faults": len(error.faults)},
            "\n".join(str(error).splitlines()[:FAULTS_KEPT_MAX]),
        )  # fmt: skip
        with self.store.write() as connection:
            append_audit(connection, [entry])
        self._refused, self.progress.ownership_fault = str(error), str(error).splitlines()[0]


def _digest(path: Path) -> str:
    """Hash what the file holds; "" where it cannot be read, which is said when it is parsed."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
