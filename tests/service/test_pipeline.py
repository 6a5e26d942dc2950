"""The watch loop when the world fails: nothing is acknowledged that is not stored, and nothing is lost."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.simulated import MODEL, VERSION, baseline, records
from service.pipeline import REBUILDS_MAX
from service.sources.errors import SourceFailed
from service.store.changes import ModelKey, Outcomes
from service.store.learning import put_baseline
from service.store.partitions import partitions, position, set_idle
from service.store.verify import verify_ledger
from tests.e2e.bad_input import books, event
from tests.e2e.workers import pane_rows
from tests.service.lines import BEGIN_MS, Played, prepare
from tests.service.watching import Clock, Plan, records_in, records_of, troubled, until_met, until_read, watch_of

EVENTS = 3_000
KEY = ModelKey("prediction", MODEL, VERSION)


def _values(count: int = EVENTS, seed: int = 31) -> list[bytes]:
    return list(records(count, seed, begin_ms=BEGIN_MS, events_per_second=10))


def _line(folder: Path, **store: object) -> Played:
    return prepare(folder, store={"url": f"sqlite:///{folder}/s.db", "commit_events_max": 500, **store})


def _balanced(line: Played) -> bool:
    return all(not verdict.faults for verdict in verify_ledger(line.store))


async def test_a_source_that_failed_is_stopped_and_another_goes_on_from_the_store(tmp_path: Path) -> None:
    line = _line(tmp_path)
    plan = Plan({"0": records_of(_values())}, [None] * 8 + [SourceFailed("gone")])

    await until_read(watch_of(line.parts, plan), EVENTS)

    assert [source.stopped for source in plan.built] == [1, 1]
    assert books(line.store) == Outcomes(accepted=EVENTS)
    assert (line.parts.progress.rebuilds, _balanced(line)) == (1, True)


async def test_failures_in_a_row_without_a_record_between_are_raised(tmp_path: Path) -> None:
    line = _line(tmp_path)
    plan = Plan({"0": records_of(_values())}, [SourceFailed("gone")] * 100)

    with pytest.raises(SourceFailed, match="gone"):
        await until_read(watch_of(line.parts, plan), EVENTS)

    assert [source.stopped for source in plan.built] == [1] * REBUILDS_MAX


async def test_failures_with_records_between_are_no_row(tmp_path: Path) -> None:
    line = _line(tmp_path, commit_events_max=1)
    failures: list[SourceFailed | None] = [None, SourceFailed("again")] * (REBUILDS_MAX * 2)
    plan = Plan({"0": records_of(_values())}, failures, batch_records=EVENTS // REBUILDS_MAX // 2)

    await until_read(watch_of(line.parts, plan), EVENTS)

    assert line.parts.progress.rebuilds > REBUILDS_MAX
    assert (books(line.store), _balanced(line)) == (Outcomes(accepted=EVENTS), True)


async def test_records_of_another_source_do_not_hide_a_dead_one(tmp_path: Path) -> None:
    line = _line(tmp_path)

    def elsewhere(poll: int) -> None:
        line.parts.progress.records += 1

    plan = Plan({"0": records_of(_values())}, [SourceFailed("gone")] * 100, before=elsewhere)

    with pytest.raises(SourceFailed):
        await until_read(watch_of(line.parts, plan), EVENTS)


async def test_a_full_disk_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    line = _line(tmp_path)
    with troubled(line.store) as trouble:

        def fill(poll: int) -> None:
            # A database may not grow by a page: the very error of a full disk, from SQLite itself.
            trouble.sql = "PRAGMA max_page_count=1" if 3 <= poll < 20 else "PRAGMA max_page_count=1000000"

        plan = Plan({"0": records_of(_values())}, before=fill)
        await until_read(watch_of(line.parts, plan), EVENTS)

    assert line.parts.progress.rebuilds > 0
    assert all(source.acknowledged.get("0", 0) <= EVENTS for source in plan.built)
    assert (books(line.store), _balanced(line)) == (Outcomes(accepted=EVENTS), True)


async def test_what_a_full_disk_left_is_what_an_undisturbed_run_leaves(tmp_path: Path) -> None:
    calm, line = _line(tmp_path / "calm"), _line(tmp_path / "full")
    await until_read(watch_of(calm.parts, Plan({"0": records_of(_values())})), EVENTS)
    with troubled(line.store) as trouble:

        def fill(poll: int) -> None:
            trouble.sql = "PRAGMA max_page_count=1" if poll % 7 == 3 else "PRAGMA max_page_count=1000000"

        await until_read(watch_of(line.parts, Plan({"0": records_of(_values())}, before=fill)), EVENTS)

    assert line.parts.progress.rebuilds > 0
    assert pane_rows(line.store) == pane_rows(calm.store)


async def test_a_store_that_another_process_holds_locked_is_waited_for(tmp_path: Path) -> None:
    line = _line(tmp_path)
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None, check_same_thread=False)
    with troubled(line.store) as trouble:
        trouble.sql = "PRAGMA busy_timeout=20"

        def hold(poll: int) -> None:
            if poll == 2:
                other.execute("BEGIN IMMEDIATE")

        seen: list[dict[str, str]] = []

        async def give_back() -> None:
            while line.parts.progress.rebuilds < 2 or not other.in_transaction:  # noqa: ASYNC110  # Progress is numbers.
                await asyncio.sleep(0.01)
            seen.append(dict(line.parts.progress.troubles))
            other.execute("ROLLBACK")

        giving_back = asyncio.create_task(give_back())
        await until_read(watch_of(line.parts, Plan({"0": records_of(_values())}, before=hold)), EVENTS)
        await giving_back
    other.close()

    assert line.parts.progress.rebuilds >= 2
    assert seen == [{"list": "the store cannot be used: database is locked"}], "which is why we are not ready"
    assert line.parts.progress.troubles == {}
    assert (books(line.store), _balanced(line)) == (Outcomes(accepted=EVENTS), True)


async def test_a_statement_that_cannot_work_is_a_bug_and_is_raised(tmp_path: Path) -> None:
    line = _line(tmp_path)
    with line.store.write() as connection:
        connection.execute(text("DROP TABLE ledger"))

    with pytest.raises(OperationalError, match="no such table"):
        await until_read(watch_of(line.parts, Plan({"0": records_of(_values())})), EVENTS)


async def test_two_workers_on_the_same_partitions_count_every_offset_once(tmp_path: Path) -> None:
    values = {"0": records_of(_values(seed=1)), "1": records_of(_values(seed=2))}
    first, second = _line(tmp_path), prepare(tmp_path, watched=False, store={"url": f"sqlite:///{tmp_path}/s.db"})
    both = [watch_of(line.parts, Plan(values, batch_records=size)) for line, size in ((first, 100), (second, 37))]

    await asyncio.gather(*(until_read(watch, 2 * EVENTS) for watch in both))

    assert (books(first.store), _balanced(first)) == (Outcomes(accepted=2 * EVENTS), True)
    assert sum(events for events, _, _ in pane_rows(first.store).values()) == 2 * EVENTS


async def test_a_baseline_put_while_events_stream_refuses_the_open_page_and_loses_nothing(tmp_path: Path) -> None:
    line = _line(tmp_path)
    second = baseline(5_000, seed=9)

    def put(poll: int) -> None:
        if poll == 13:
            with line.store.write() as connection:
                put_baseline(connection, KEY, second, "test", BEGIN_MS)

    await until_read(watch_of(line.parts, Plan({"0": records_of(_values())}, before=put)), EVENTS)

    folded: dict[str, int] = {}
    for key, (events, _, _) in pane_rows(line.store).items():
        folded[str(key[-1])] = folded.get(str(key[-1]), 0) + events
    assert line.parts.progress.refused == {"baseline": 1}
    assert folded == {baseline().id: 1_000, second.id: EVENTS - 1_000}
    assert _balanced(line)


async def test_a_page_is_folded_with_one_baseline_though_another_loop_learns_of_the_next(tmp_path: Path) -> None:
    line = _line(tmp_path)
    second = baseline(5_000, seed=9)

    def put(poll: int) -> None:
        if poll == 13:
            with line.store.write() as connection:
                put_baseline(connection, KEY, second, "test", BEGIN_MS)
            line.parts.watchlist.refresh()

    await until_read(watch_of(line.parts, Plan({"0": records_of(_values())}, before=put)), EVENTS)

    assert line.parts.progress.refused == {"baseline": 1}
    assert _balanced(line)


async def test_a_tick_closed_under_an_open_page_refuses_it_and_its_events_are_late(tmp_path: Path) -> None:
    line = _line(tmp_path, commit_seconds_max=1_000)
    with line.store.write() as connection:
        connection.execute(text("INSERT INTO clock (id, closed) VALUES (1, 0)"))

    def close(poll: int) -> None:
        if poll == 2:
            with line.store.write() as connection:
                connection.execute(text(f"UPDATE clock SET closed = {BEGIN_MS // 60_000}"))

    await until_read(watch_of(line.parts, Plan({"0": records_of(_values())}, before=close)), EVENTS)

    assert line.parts.progress.refused == {"closed": 1}
    assert (books(line.store), _balanced(line)) == (Outcomes(accepted=EVENTS - 600, late=600), True)


async def test_what_is_acknowledged_is_what_is_stored(tmp_path: Path) -> None:
    line = _line(tmp_path)
    plan = Plan({"0": records_of(_values())})

    await until_read(watch_of(line.parts, plan), EVENTS)

    assert plan.built[-1].acknowledged == {"0": position(line.store, "list", "0")} == {"0": EVENTS}


async def test_a_stop_commits_what_was_taken(tmp_path: Path) -> None:
    line = prepare(tmp_path, store={"url": f"sqlite:///{tmp_path}/s.db", "commit_seconds_max": 10_000})
    stop = asyncio.Event()

    def end(poll: int) -> None:
        if poll == 5:
            stop.set()

    await watch_of(line.parts, Plan({"0": records_of(_values())}, before=end)).run(stop)

    assert (records_in(line.store), _balanced(line)) == (500, True)


async def test_a_partition_whose_records_come_between_commits_is_not_idle(tmp_path: Path) -> None:
    line = prepare(tmp_path, time={"idle_seconds": 5}, store={"url": f"sqlite:///{tmp_path}/s.db"})
    clock = Clock()
    parts = replace(line.parts, monotonic=clock)
    idle: set[str] = set()

    def look(poll: int) -> None:
        # A commit falls on every second poll (one a second), and "trickle" has a record in the others.
        clock.now += 0.6
        idle.update(one.partition for one in partitions(line.store) if one.idle)

    plan = Plan(
        {"steady": records_of(_values(60, 1)), "trickle": records_of(_values(30, 2))},
        before=look, batch_records=1, turns={"trickle": 2}, endless=True,
    )  # fmt: skip
    await until_read(watch_of(parts, plan), 90)

    assert idle == set()


async def test_a_partition_that_comes_back_from_another_worker_can_be_idle_again(tmp_path: Path) -> None:
    line = prepare(tmp_path, time={"idle_seconds": 0.5}, store={"url": f"sqlite:///{tmp_path}/s.db"})
    seen: list[bool] = []

    def look(poll: int) -> None:
        idle = [one.idle for one in partitions(line.store)] == [True]
        if idle and not seen:
            # Elsewhere something was committed, which clears the mark, and then the partition came back to us.
            set_idle(line.store, "list", "0", idle=False, now_ms=BEGIN_MS)
            plan.failures.append(SourceFailed("dealt again"))
            seen.append(False)
        elif idle:
            seen.append(True)

    plan = Plan({"0": records_of(_values(100))}, before=look, endless=True)
    await until_met(watch_of(line.parts, plan), lambda: True in seen)

    assert seen == [False, True]


async def test_a_model_whose_events_are_all_late_takes_no_place_from_one_that_is_watched(tmp_path: Path) -> None:
    line = _line(tmp_path)
    late = [event(BEGIN_MS - 86_400_000, f"late-{index}", model=f"m{index}") for index in range(20)]

    await until_read(watch_of(line.parts, Plan({"0": records_of([*_values(100), *late])})), 120)

    assert books(line.store) == Outcomes(accepted=100, late=20)
    assert set(line.parts.watchlist.baselines) == {KEY}
