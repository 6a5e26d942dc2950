"""Closing ticks: once whoever tries, whole or not at all, and bounded."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from benchmarks.simulated import records
from service.build import Line, line
from service.settings import Settings
from service.store.apply import apply
from service.store.closing import closed_tick
from service.store.engine import Store, open_store
from service.store.partitions import set_idle
from service.store.schema import audit, delivery, finding, incident, notice, pane, reading, sequence, tick_close
from tests.e2e.workers import OWNERS
from tests.service.lines import BEGIN_MS, prepare
from tests.service.store.deltas import delta, watch
from tests.service.watching import Plan, records_of, until_read, watch_of

MINUTE = 60_000
TICK = BEGIN_MS // MINUTE
WRITTEN = (tick_close, reading, finding, incident, notice, delivery, audit, sequence)


class _OwnersAreGone(Exception):
    """What our own bug in the middle of a close would raise."""


def _broken_history() -> list[bytes]:
    calm = list(records(240 * 40, 21, begin_ms=BEGIN_MS, events_per_second=4))
    return calm + list(records(240 * 15, 22, begin_ms=BEGIN_MS + 40 * MINUTE, events_per_second=4, shift=1.0))


def _rows(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in WRITTEN
        }


def _clock(store: Store) -> int | None:
    with store.read() as connection:
        return closed_tick(connection)


def _owned(parts: Line, ownership: Callable[[], Ownership]) -> Line:
    """Another worker on the same store with an ownership table of its own."""
    return line(
        parts.settings, parts.store, ownership, wall_ms=parts.wall_ms, monotonic=parts.monotonic, told_at=lambda at: at
    )


async def _filled(folder: Path, values: list[bytes]) -> Line:
    """A store that holds the events, of which nothing is closed yet."""
    made = prepare(folder, time={"lateness_seconds": 3_600})
    await until_read(watch_of(made.parts, Plan({"0": records_of(values)}, batch_records=2_000)), len(values))
    assert _clock(made.store) is None
    return made.parts


async def test_a_close_that_raises_in_the_middle_leaves_nothing_half_written(tmp_path: Path) -> None:
    parts = await _filled(tmp_path, _broken_history())
    table = parse_ownership(OWNERS, "owners.yaml")
    broken = [True]

    def ownership() -> Ownership:
        if broken[0]:
            raise _OwnersAreGone
        return table

    closer = _owned(parts, ownership).closer
    with pytest.raises(_OwnersAreGone):
        closer.close_due(live=False)
    stood_at, before = _clock(parts.store), _rows(parts.store)
    with pytest.raises(_OwnersAreGone):
        closer.close_due(live=False)

    assert (_clock(parts.store), _rows(parts.store)) == (stood_at, before)
    assert (before["incident"], before["delivery"], before["audit"]) == (0, 0, 0)

    broken[0] = False
    closer.close_due(live=False)
    with parts.store.read() as connection:
        written = connection.execute(select(tick_close.c.tick)).scalars().all()
    after = _rows(parts.store)
    assert (after["incident"], after["notice"], len(written)) == (1, 1, len(set(written)))


async def test_what_a_raised_close_left_is_what_an_undisturbed_one_leaves(tmp_path: Path) -> None:
    calm = await _filled(tmp_path / "calm", _broken_history())
    calm.closer.close_due(live=False)
    parts = await _filled(tmp_path / "raised", _broken_history())
    table = parse_ownership(OWNERS, "owners.yaml")
    left = [2]

    def ownership() -> Ownership:
        left[0] -= 1
        if left[0] >= 0:
            raise _OwnersAreGone
        return table

    closer = _owned(parts, ownership).closer
    for _ in range(2):
        with pytest.raises(_OwnersAreGone):
            closer.close_due(live=False)
    closer.close_due(live=False)

    assert _contents(parts.store) == _contents(calm.store)


def _contents(store: Store) -> list[object]:
    with store.read() as connection:
        read = connection.execute(select(reading).order_by(reading.c.window, reading.c.tick)).all()
        states = connection.execute(select(sequence.c.model, sequence.c.tick, sequence.c.content)).all()
        rolled = connection.execute(
            select(pane.c.span, pane.c.tick, pane.c.counts).where(pane.c.span > 1).order_by(pane.c.span, pane.c.tick)
        ).all()
        told = connection.execute(select(finding.c.tick, finding.c.subject, finding.c.tier)).all()
    return [[tuple(row) for row in rows] for rows in (read, states, rolled, told)]


async def test_two_closers_that_race_close_every_tick_once(tmp_path: Path) -> None:
    parts = await _filled(tmp_path, _broken_history())
    table = parse_ownership(OWNERS, "owners.yaml")
    closers = [_owned(parts, lambda: table).closer for _ in range(2)]
    start = threading.Barrier(2)

    def race(at: int) -> int:
        start.wait()
        done = 0
        while (more := closers[at].close_due(live=False)) or _clock(parts.store) != TICK + 54:
            done += more
        return done

    closed = await asyncio.gather(*(asyncio.to_thread(race, at) for at in range(2)))

    with parts.store.read() as connection:
        ticks = connection.execute(select(tick_close.c.tick)).scalars().all()
    assert (sum(closed), len(ticks)) == (55, len(set(ticks)))
    rows = _rows(parts.store)
    assert (rows["incident"], rows["notice"]) == (1, 1)


async def test_an_episode_fires_once_though_every_close_is_by_a_new_process(tmp_path: Path) -> None:
    parts = await _filled(tmp_path, _broken_history())
    table = parse_ownership(OWNERS, "owners.yaml")
    while _owned(parts, lambda: table).closer.close_due(live=False, enough=lambda: True):
        pass

    rows = _rows(parts.store)
    assert (rows["incident"], rows["notice"]) == (1, 1)


async def test_closing_stops_when_it_is_enough_and_goes_on_later(tmp_path: Path) -> None:
    parts = await _filled(tmp_path, _broken_history())

    first = parts.closer.close_due(live=False, enough=lambda: True)
    rest = parts.closer.close_due(live=False)

    assert (first, rest) == (5, 50)


def _two_partitions(folder: Path) -> tuple[Store, Line, list[int]]:
    """A worker over two partitions at ticks 7 and 12 whose wall clock is in the list."""
    settings = Settings.model_validate({"store": {"url": f"sqlite:///{folder}/s.db"}, "time": {"lateness_seconds": 0}})
    store = open_store(settings.store.url, tick_seconds=60, durable=False)
    watch(store)
    wall = [12 * MINUTE]
    table = parse_ownership(OWNERS, "owners.yaml")
    parts = line(settings, store, lambda: table, wall_ms=lambda: wall[0], monotonic=lambda: 0.0)
    slow, fast = delta(0, 10, tick=7, partition="t/0"), delta(0, 10, tick=12, partition="t/1")
    assert not apply(store, [slow, fast], wall[0]).refused
    return store, parts, wall


def test_the_slowest_partition_holds_the_clock_until_it_is_idle(tmp_path: Path) -> None:
    store, parts, _ = _two_partitions(tmp_path)
    parts.closer.close_due(live=True)
    held = _clock(store)
    set_idle(store, "kafka", "t/0", idle=True, now_ms=12 * MINUTE)
    parts.closer.close_due(live=True)

    assert (held, _clock(store)) == (None, 11)


@pytest.mark.parametrize("jump", [-3_600_000, 0])
def test_a_wall_clock_that_jumps_back_closes_nothing_early_and_nothing_twice(tmp_path: Path, jump: int) -> None:
    store, parts, wall = _two_partitions(tmp_path)
    for partition in ("t/0", "t/1"):
        set_idle(store, "kafka", partition, idle=True, now_ms=wall[0])
    parts.closer.close_due(live=True)
    stood_at = _clock(store)
    wall[0] += jump
    parts.closer.close_due(live=True)

    assert stood_at == _clock(store) == 11


def test_silence_moves_the_clock_at_the_speed_of_the_wall(tmp_path: Path) -> None:
    store, parts, wall = _two_partitions(tmp_path)
    for partition in ("t/0", "t/1"):
        set_idle(store, "kafka", partition, idle=True, now_ms=wall[0])
    wall[0] += 10 * MINUTE
    parts.closer.close_due(live=True)

    assert _clock(store) == 21
    with store.read() as connection:
        reasons = connection.execute(select(tick_close.c.reason).distinct()).scalars().all()
    assert reasons == ["idle"]


def test_a_wall_clock_that_jumps_a_year_ahead_skips_the_silence(tmp_path: Path) -> None:
    store, parts, wall = _two_partitions(tmp_path)
    for partition in ("t/0", "t/1"):
        set_idle(store, "kafka", partition, idle=True, now_ms=wall[0])
    wall[0] += round(datetime(1971, 1, 1, tzinfo=UTC).timestamp() * 1000)
    parts.closer.close_due(live=True)

    assert _clock(store) == 12 + 365 * 24 * 60 - 1
    assert _rows(store)["tick_close"] < 250


def test_a_worker_that_was_outrun_stops_quietly_and_goes_on_from_the_new_clock(tmp_path: Path) -> None:
    store, parts, _ = _two_partitions(tmp_path)
    set_idle(store, "kafka", "t/0", idle=True, now_ms=12 * MINUTE)
    other = replace(parts.closer)
    other.close_due(live=True)

    assert (parts.closer.close_due(live=True), parts.closer.closed, _clock(store)) == (0, 11, 11)
