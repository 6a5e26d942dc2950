"""Time must not overtake what is there but not yet read, and no wrong clock may carry it away."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from benchmarks.simulated import records
from service.events.record import Batch, Record
from service.sources.list import ListSource
from service.store.partitions import partitions, set_idle
from service.store.schema import lease, tick_close
from tests.service.lines import BEGIN_MS, WALL_MS, Played, prepare

MINUTE = 60_000


class Slow(ListSource):
    """Gives one partition's records only at every seventh poll, so that the others are far ahead."""

    polls = 0

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        self.polls += 1
        batches = await super().poll(timeout_seconds)
        kept = [batch for batch in batches if batch.partition != "1" or self.polls % 7 == 0]
        for batch in batches:
            if batch not in kept:
                self._next[batch.partition] = batch.lo
        return kept


def _run(played: Played, source: ListSource, turns: int = 400) -> None:
    """Read live until everything is read, then stop."""

    async def live() -> None:
        stop = asyncio.Event()
        reading = asyncio.create_task(played.parts.watch(lambda: source).run(stop))
        for _ in range(turns):
            await asyncio.sleep(0.005)
            if all(held.next == held.end for held in partitions(played.store)) and source.exhausted():
                break
        stop.set()
        await reading

    asyncio.run(live())


def _two(per_partition: int) -> Mapping[str, Sequence[Record]]:
    values = list(records(2 * per_partition, 4, begin_ms=BEGIN_MS, events_per_second=2))
    return {str(p): [Record(i, value) for i, value in enumerate(values[p::2])] for p in range(2)}


def test_a_partition_that_is_not_read_yet_holds_the_clock(tmp_path: Path) -> None:
    played = prepare(tmp_path, store={"url": f"sqlite:///{tmp_path}/s.db", "commit_events_max": 100})

    _run(played, Slow(_two(1_200), batch_records=200))

    assert [(held.outcomes.accepted, held.outcomes.late) for held in partitions(played.store)] == [(1_200, 0)] * 2


def test_an_idle_mark_from_before_a_restart_is_cleared_when_the_partition_is_read_again(tmp_path: Path) -> None:
    whole = _two(1_200)
    played = prepare(tmp_path)
    _run(played, ListSource({name: held[:60] for name, held in whole.items()}))
    for name in whole:
        set_idle(played.store, "list", name, idle=True, now_ms=WALL_MS - 20 * MINUTE)

    _run(prepare(tmp_path), ListSource(whole))

    assert [(held.outcomes.accepted, held.outcomes.late) for held in partitions(played.store)] == [(1_200, 0)] * 2


def test_what_was_held_is_given_back(tmp_path: Path) -> None:
    played = prepare(tmp_path)

    _run(played, ListSource(_two(100)))

    with played.store.read() as connection:
        names = connection.execute(select(lease.c.name)).scalars().all()
    assert [name for name in names if name.startswith("unread")] == []


def test_an_event_after_our_own_clock_is_refused_although_its_record_agrees_with_it(tmp_path: Path) -> None:
    (wrong,) = records(1, 5, begin_ms=WALL_MS + 365 * 86_400_000, events_per_second=1)
    good = [Record(i, value) for i, value in enumerate(records(600, 4, begin_ms=BEGIN_MS, events_per_second=2))]
    played = prepare(tmp_path)

    _run(played, ListSource({"0": [*good[:10], Record(10, wrong, time_ms=WALL_MS + 365 * 86_400_000)]}))
    later = [Record(11 + i, record.value) for i, record in enumerate(good[10:])]
    _run(prepare(tmp_path), ListSource({"0": [*good[:10], Record(10, wrong, time_ms=WALL_MS * 2), *later]}))

    (held,) = partitions(played.store)
    assert (held.outcomes.accepted, held.outcomes.dead, held.outcomes.late) == (600, 1, 0)
    with played.store.read() as connection:
        assert all(row.skipped == 0 for row in connection.execute(select(tick_close)))
