"""The proof of the ledger: every total is computed again from the rows it stands for."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from service.store.engine import Store
from service.store.schema import dead_letter, ledger, pane, source_partition

_OUTCOMES = ("accepted", "duplicate", "late", "dead", "filtered", "gap")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found for one partition; balanced when `faults` is empty."""

    source: str
    partition: str
    records: int
    outcomes: dict[str, int]
    faults: tuple[str, ...]


def verify_ledger(store: Store) -> list[Verdict]:
    """Check for every partition that records = accepted + duplicate + late + dead + filtered + gap, four times over.

    The partition's totals against its range; the ledger's rows against the totals and against each other (no hole, no
    overlap); the events in panes against `accepted`; the dead letters kept against `dead`.
    """
    with store.read() as connection:
        rows = connection.execute(
            select(source_partition).order_by(source_partition.c.source, source_partition.c.partition)
        ).all()
        return [_check(connection, row) for row in rows]


def _check(connection: Connection, row: object) -> Verdict:
    facts = row._mapping  # type: ignore[attr-defined]
    source, partition = facts["source"], facts["partition"]
    outcomes = {name: facts[name] for name in _OUTCOMES}
    records = facts["next"] - facts["begin"]
    faults = []
    if sum(outcomes.values()) != records:
        faults.append(f"{records} records, but {sum(outcomes.values())} accounted")
    faults += _ledger_faults(connection, source, partition, facts["begin"], facts["next"], outcomes)
    panes = connection.execute(
        select(func.coalesce(func.sum(pane.c.events), 0)).where(
            pane.c.span == 1, pane.c.source == source, pane.c.partition == partition
        )
    ).scalar_one()
    if panes + facts["retired"] != outcomes["accepted"]:
        faults.append(f"{outcomes['accepted']} accepted, but panes hold {panes} and {facts['retired']} are retired")
    letters = connection.execute(
        select(func.count()).where(dead_letter.c.source == source, dead_letter.c.partition == partition)
    ).scalar_one()
    if letters + facts["dead_retired"] != outcomes["dead"]:
        faults.append(f"{outcomes['dead']} dead, but {letters} letters kept and {facts['dead_retired']} retired")
    return Verdict(source, partition, records, outcomes, tuple(faults))


def _ledger_faults(
    connection: Connection, source: str, partition: str, begin: int, end: int, outcomes: dict[str, int]
) -> list[str]:
    faults = []
    expected = begin
    totals = dict.fromkeys(_OUTCOMES, 0)
    rows = connection.execute(
        select(ledger).where(ledger.c.source == source, ledger.c.partition == partition).order_by(ledger.c.lo)
    )
    for entry in rows.mappings():
        if entry["lo"] != expected:
            faults.append(f"the ledger jumps from offset {expected} to {entry['lo']}")
        if sum(entry[name] for name in _OUTCOMES) != entry["hi"] - entry["lo"]:
            faults.append(f"the ledger row at offset {entry['lo']} does not add up")
        expected = entry["hi"]
        for name in _OUTCOMES:
            totals[name] += entry[name]
    if expected != end:
        faults.append(f"the ledger ends at offset {expected}, the partition at {end}")
    faults += [
        f"{name}: {outcomes[name]} in total, {totals[name]} in the ledger"
        for name in _OUTCOMES
        if totals[name] != outcomes[name]
    ]
    return faults[:20]
