"""`driftwarden ledger verify`."""

from pathlib import Path

from rich.table import Table

from service.cli.screen import screen
from service.cli.settings import settings_of, store_of
from service.store.verify import verify_ledger

_OUTCOMES = ("accepted", "duplicate", "late", "dead", "filtered", "gap")


def ledger(config: Path | None) -> int:
    """Print the books of every partition; 0 when all balance, else 1."""
    with store_of(settings_of(config), existing=True) as store:
        verdicts = verify_ledger(store)
    table = Table("source", "partition", "records", *_OUTCOMES, "balanced")
    for verdict in verdicts:
        counts = [f"{verdict.outcomes[name]:,}" for name in _OUTCOMES]
        balanced = "yes" if not verdict.faults else "NO"
        table.add_row(verdict.source, verdict.partition, f"{verdict.records:,}", *counts, balanced)
    if verdicts:
        screen().print(table)
    for verdict in verdicts:
        for fault in verdict.faults:
            print(f"{verdict.source} {verdict.partition}: {fault}")
    faults = sum(len(verdict.faults) for verdict in verdicts)
    records = sum(verdict.records for verdict in verdicts)
    result = "every record is accounted for" if not faults else "NOT balanced"
    print(f"{len(verdicts)} partitions, {records:,} records: {result}")
    return 1 if faults else 0
