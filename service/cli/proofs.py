"""`driftwarden ledger verify` and `driftwarden audit verify`."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from alerting.audit import verify as verify_chain
from service.cli.settings import settings_of
from service.store.engine import open_store
from service.store.records import audit_rows
from service.store.verify import verify_ledger

_OUTCOMES = ("accepted", "duplicate", "late", "dead", "filtered", "gap")


def ledger(config: Path | None) -> int:
    """Print the books of every partition; 0 when all balance, else 1."""
    settings = settings_of(config)
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds)
    verdicts = verify_ledger(store)
    table = Table("source", "partition", "records", *_OUTCOMES, "balanced")
    for verdict in verdicts:
        counts = [f"{verdict.outcomes[name]:,}" for name in _OUTCOMES]
        balanced = "yes" if not verdict.faults else "NO"
        table.add_row(verdict.source, verdict.partition, f"{verdict.records:,}", *counts, balanced)
    console = Console()
    console.print(table)
    for verdict in verdicts:
        for fault in verdict.faults:
            console.print(f"{verdict.source} {verdict.partition}: {fault}", markup=False)
    faults = sum(len(verdict.faults) for verdict in verdicts)
    records = sum(verdict.records for verdict in verdicts)
    console.print(
        f"{len(verdicts)} partitions, {records:,} records: "
        + ("every record is accounted for" if not faults else "NOT balanced")
    )
    return 1 if faults else 0


def audit(config: Path | None) -> int:
    """Check the chain from its first entry; 0 when it is whole, else 1."""
    settings = settings_of(config)
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds)
    with store.read() as connection:
        rows = audit_rows(connection)
    broken = verify_chain(rows)
    if broken is None:
        print(f"{len(rows)} audit entries, the chain is whole")
        return 0
    print(f"the audit is broken at entry {broken}")
    return 1
