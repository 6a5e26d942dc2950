"""The chain is read in batches, whatever its length, and by time without a gap."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from alerting.audit import GENESIS, AuditEntry, chain
from alerting.audit_proof import ChainProof, Faults
from service.store.chain import BATCH, Stretch, stored_rows, stretch
from service.store.engine import Store, open_store
from service.store.records import append_audit, ms
from service.store.schema import audit

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(f"sqlite:///{tmp_path / 'a.db'}", tick_seconds=60, durable=False)
    yield opened
    opened.close()


def put(store: Store, *minutes: float) -> None:
    entries = [AuditEntry(NOON + timedelta(minutes=m), "anna", "a", "s", reason="x" * 500) for m in minutes]
    with store.write() as connection:
        append_audit(connection, entries)


def test_the_whole_chain_comes_in_batches_in_its_order(store: Store) -> None:
    put(store, *range(BATCH + 5))
    with store.read() as connection:
        batches = list(stored_rows(connection, stretch(connection)))

    assert [len(batch) for batch in batches] == [BATCH, 5]
    assert [row.seq for batch in batches for row in batch] == list(range(1, BATCH + 6))


def test_an_empty_chain_has_nothing_to_give(store: Store) -> None:
    with store.read() as connection:
        assert list(stored_rows(connection, stretch(connection))) == []


def test_a_stretch_of_time_has_no_gap_though_clocks_of_workers_differ(store: Store) -> None:
    put(store, 0, 10, 9.5, 20, 19.5, 30)
    with store.read() as connection:
        found = stretch(connection, NOON + timedelta(minutes=10), NOON + timedelta(minutes=20))

    assert found == Stretch(2, 5)


def test_memory_does_not_grow_with_the_chain(store: Store) -> None:
    # One entry over and over: what is measured is reading, not hashing.
    row = chain(GENESIS, 1, AuditEntry(NOON, "anna", "a", "s"))
    with store.write() as connection:
        values = {"at_ms": ms(NOON), "content": "x" * 5_000, "previous": row.previous, "hash": row.hash}
        for begin in range(0, 8_000, 1_000):
            connection.execute(insert(audit), [{"seq": begin + i, **values} for i in range(1, 1_001)])
    proof = ChainProof((), Faults())
    tracemalloc.start()
    with store.read() as connection:
        for batch in stored_rows(connection, stretch(connection)):
            for found in batch:
                proof.take(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # Together the rows are more than 40 MB.
    assert (proof.rows, peak < 20_000_000) == (8_000, True), peak
