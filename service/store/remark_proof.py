"""Holding remarks against the entries that name them: as written, erased on record, or changed."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from alerting.audit import AuditEntry
from alerting.audit_proof import Faults
from alerting.remark import RemarkError, commitment, read_reference
from service.store.records import ms
from service.store.remarks import ERASED, RemarkRow
from service.store.schema import remark as table

_AT_ONCE = 500
"""Ids in one query; SQLite takes no more than 999 values in older builds."""


class RemarkProof:
    """Takes entries in the order of the chain; remembers the ids of remarks, not their words."""

    def __init__(self, connection: Connection, faults: Faults) -> None:
        """Read from the same snapshot as the chain."""
        self._connection, self._faults = connection, faults
        self._named: set[str] = set()
        self._empty: set[str] = set()
        self._erased: set[str] = set()

    @property
    def whole(self) -> int:
        """Remarks that entries name and whose words are still there."""
        return len(self._named) - len(self._empty)

    @property
    def erased(self) -> int:
        """Remarks whose words are gone."""
        return len(self._empty)

    def take(self, entries: Iterable[AuditEntry]) -> None:
        """Check the remarks that a batch of entries names."""
        references = []
        for entry in entries:
            if entry.remark:
                references.append(read_reference(entry.remark))
            if entry.action == ERASED and entry.after is not None:
                self._erased.add(str(entry.after.get("remark", "")))
        for begin in range(0, len(references), _AT_ONCE):
            part = references[begin : begin + _AT_ONCE]
            rows = self._connection.execute(select(table).where(table.c.id.in_([name for name, _ in part])))
            held = {row.id: RemarkRow(*row) for row in rows}
            for name, promised in part:
                self._hold(name, promised, held.get(name))

    def end(self) -> None:
        """Note what only shows once every entry was seen."""
        for name in sorted(self._empty - self._erased):
            self._faults.add(f"remark {name} is gone, and no entry says who erased it and why")
        for name in sorted((self._named - self._empty) & self._erased):
            self._faults.add(f"remark {name} was erased and is there again: erase it once more")
        for name in self._connection.execute(select(table.c.id), execution_options={"yield_per": 1_000}).scalars():
            if name not in self._named:
                self._faults.add(f"remark {name} is named by no entry: it was put there outside the service")

    def _hold(self, name: str, promised: str, row: RemarkRow | None) -> None:
        if row is None:
            self._faults.add(f"remark {name} is not there, not even as an erased one")
            return
        self._named.add(name)
        if row.content is None:
            self._empty.add(name)
            return
        try:
            remark = row.remark()
        except RemarkError as fault:
            self._faults.add(f"remark {name} cannot be read ({fault})")
            return
        assert remark is not None, "it has content"
        if commitment(remark) != promised:
            self._faults.add(f"remark {name} is not what was written: its words, author, time or incident were changed")
        elif (row.incident, row.at_ms) != (remark.incident, ms(remark.at)):
            self._faults.add(f"remark {name} is filed under another incident or time than its own")
