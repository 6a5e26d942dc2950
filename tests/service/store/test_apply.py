from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from detectors.baseline import Counts
from detectors.fit import fit
from detectors.fold import merge
from detectors.pane import decode
from service.clock import Due
from service.store.apply import apply
from service.store.changes import Outcomes, PartitionDelta
from service.store.closing import advance
from service.store.engine import Store, open_store
from service.store.errors import LedgerMismatch, StoreMismatch
from service.store.learning import put_baseline
from service.store.partitions import dead_reasons, memory, partitions, position
from service.store.schema import pane
from service.store.verify import verify_ledger
from tests.service.store.deltas import BASELINE, KEY, STREAM, delta, watch, with_dead


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    watch(opened)
    return opened


def _faults(store: Store) -> list[str]:
    return [fault for verdict in verify_ledger(store) for fault in verdict.faults]


def test_a_commit_moves_the_position_and_keeps_the_counts(store: Store) -> None:
    applied = apply(store, [delta(0, 10)], now_ms=1)

    assert applied.refused == {}
    assert position(store, "kafka", "t/0") == 10
    assert _faults(store) == []


def test_two_commits_into_one_tick_add_up_to_one_pane(store: Store) -> None:
    first, second = delta(0, 10), delta(10, 25)
    apply(store, [first], now_ms=1)
    apply(store, [second], now_ms=2)

    with store.read() as connection:
        rows = connection.execute(select(pane)).all()
    whole = merge(_counts(first), _counts(second))
    assert [(row.events, row.last_row) for row in rows] == [(25, 24)]
    assert decode(rows[0].counts).tolist() == whole.tolist()


def _counts(of: PartitionDelta) -> Counts:
    (only,) = of.panes.values()
    assert only.counts is not None
    return only.counts


def test_the_same_range_twice_is_refused_and_changes_nothing(store: Store) -> None:
    apply(store, [delta(0, 10)], now_ms=1)

    applied = apply(store, [delta(0, 10)], now_ms=2)

    assert applied.refused == {("kafka", "t/0"): "fenced"}
    assert [(p.next, p.outcomes.accepted) for p in partitions(store)] == [(10, 10)]
    assert _faults(store) == []


def test_one_refused_partition_does_not_hold_up_the_others(store: Store) -> None:
    apply(store, [delta(0, 10)], now_ms=1)

    applied = apply(store, [delta(0, 10), delta(0, 5, partition="t/1")], now_ms=2)

    assert applied.refused == {("kafka", "t/0"): "fenced"}
    assert position(store, "kafka", "t/1") == 5
    assert _faults(store) == []


def test_a_delta_that_does_not_add_up_is_our_bug_and_nothing_of_the_commit_is_written(store: Store) -> None:
    short = replace(delta(0, 10, partition="t/1"), outcomes=Outcomes(accepted=9))

    with pytest.raises(LedgerMismatch, match="hold 10 records, accounted are"):
        apply(store, [delta(0, 10), short], now_ms=1)

    assert partitions(store) == []


def test_a_delta_folded_with_a_baseline_that_was_replaced_is_refused(store: Store) -> None:
    other = fit({"income": [1.0, 2.0, 3.0] * 50}, categories_max=10, segments_max=2)
    with store.write() as connection:
        put_baseline(connection, KEY, other, "test", 1)

    assert apply(store, [delta(0, 10)], now_ms=2).refused == {("kafka", "t/0"): "baseline"}
    assert BASELINE.id != other.id


def test_a_delta_into_a_tick_that_was_closed_meanwhile_is_refused(store: Store) -> None:
    with store.write() as connection:
        assert advance(connection, None, 7, Due(7, 8 * 60_000, "watermark"), 0, 5)

    assert apply(store, [delta(0, 10, tick=7)], now_ms=6).refused == {("kafka", "t/0"): "closed"}
    assert apply(store, [delta(0, 10, tick=8)], now_ms=6).refused == {}


def test_dead_letters_are_kept_with_reason_and_counted(store: Store) -> None:
    apply(store, [with_dead(delta(0, 10), 10, 11)], now_ms=1)

    assert dead_reasons(store) == {"not_json": 2}
    assert [p.outcomes for p in partitions(store)] == [Outcomes(accepted=10, dead=2)]
    assert _faults(store) == []


def test_event_ids_of_open_ticks_are_remembered_across_a_restart_and_forgotten_at_the_close(store: Store) -> None:
    top = 2**64 - 1
    apply(store, [delta(0, 2, tick=7, ids=(5, top))], now_ms=1)
    apply(store, [delta(2, 3, tick=8, ids=(9,))], now_ms=1)
    assert memory(store, "kafka", "t/0").seen == {7: {5, top}, 8: {9}}

    with store.write() as connection:
        advance(connection, None, 7, Due(7, 8 * 60_000, "watermark"), 0, 5)

    assert memory(store, "kafka", "t/0").seen == {8: {9}}
    assert memory(store, "kafka", "t/0").closed == 7


def test_a_gap_without_records_moves_the_position(store: Store) -> None:
    gap = replace(delta(0, 10), outcomes=Outcomes(gap=10), panes={}, baselines={}, time_max_ms=None)

    apply(store, [gap], now_ms=1)

    assert position(store, "kafka", "t/0") == 10
    assert _faults(store) == []


def test_a_partition_that_begins_past_zero_balances_from_where_it_began(store: Store) -> None:
    apply(store, [delta(90, 100)], now_ms=1)

    assert [(v.records, v.faults) for v in verify_ledger(store)] == [(10, ())]


def test_a_store_made_with_another_tick_is_refused_with_the_way_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    open_store(url, tick_seconds=60).close()

    with pytest.raises(StoreMismatch, match="tick_seconds = 60, the settings say 30"):
        open_store(url, tick_seconds=30)


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(StoreMismatch, match="'postgresql' is not supported"):
        open_store("postgresql://h/db", tick_seconds=60)


def test_the_stream_is_the_one_the_events_named(store: Store) -> None:
    apply(store, [delta(0, 1)], now_ms=1)

    with store.read() as connection:
        row = connection.execute(select(pane)).one()
    assert (row.kind, row.model, row.version, row.segment) == (
        STREAM.kind, STREAM.model, STREAM.version, STREAM.segment,
    )  # fmt: skip
