from pathlib import Path

import pytest
from sqlalchemy import delete, update

from service.store.apply import apply
from service.store.engine import Store, open_store
from service.store.retention import Keep, retire
from service.store.schema import dead_letter, ledger, pane, source_partition
from service.store.verify import verify_ledger
from tests.service.store.deltas import delta, watch, with_dead


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    watch(opened)
    for lo in range(0, 50, 10):
        apply(opened, [delta(lo, lo + 10, tick=lo // 10)], now_ms=lo)
    apply(opened, [with_dead(delta(50, 60, tick=9), 60, 61, 62)], now_ms=60)
    return opened


def _faults(store: Store) -> tuple[str, ...]:
    (verdict,) = verify_ledger(store)
    return verdict.faults


def test_honest_books_balance(store: Store) -> None:
    assert _faults(store) == ()


def test_a_lost_ledger_row_is_a_hole(store: Store) -> None:
    with store.write() as connection:
        connection.execute(delete(ledger).where(ledger.c.lo == 20))

    assert "the ledger jumps from offset 20 to 30" in _faults(store)


def test_a_count_changed_by_hand_is_found(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(source_partition).values(accepted=59, late=1))

    assert "accepted: 59 in total, 60 in the ledger" in _faults(store)


def test_a_lost_pane_is_found(store: Store) -> None:
    with store.write() as connection:
        connection.execute(delete(pane).where(pane.c.tick == 3))

    assert "60 accepted, but panes hold 50 and 0 are retired" in _faults(store)


def test_a_lost_dead_letter_is_found(store: Store) -> None:
    with store.write() as connection:
        connection.execute(delete(dead_letter).where(dead_letter.c.offset == 61))

    assert "3 dead, but 2 letters kept and 0 retired" in _faults(store)


def test_retention_lets_rows_go_and_the_books_still_balance(store: Store) -> None:
    retire(store, Keep(panes_from_tick=3, history_from_tick=3, ledger_from_ms=35, dead_letters_max=1))

    assert _faults(store) == ()
    with store.read() as connection:
        kept = [row.tick for row in connection.execute(pane.select().order_by(pane.c.tick))]
        commits = [(row.lo, row.hi) for row in connection.execute(ledger.select().order_by(ledger.c.lo))]
        letters = [row.offset for row in connection.execute(dead_letter.select())]
    assert kept == [3, 4, 9]
    assert commits == [(0, 40), (40, 50), (50, 63)]
    assert letters == [62]


def test_retention_twice_changes_nothing_more(store: Store) -> None:
    keep = Keep(panes_from_tick=3, history_from_tick=3, ledger_from_ms=35, dead_letters_max=1)
    retire(store, keep)
    retire(store, keep)

    assert _faults(store) == ()
