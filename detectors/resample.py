"""What a reference's own wandering would set off: its days drawn again and again, and the alarms counted.

The moving-block bootstrap of H. R. Künsch, The jackknife and the bootstrap for general stationary observations, Annals
of Statistics 17 (1989): blocks of consecutive ticks are drawn with replacement from all places where one can begin, so
that what depends on each other within a block stays together. A block is a day, and stands in for a day that begins at
the same time of the day (or of the week), so that seasons stay where they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.block import Floats
from detectors.esr_state import EsrState
from detectors.gate import gate, needs_of
from detectors.monitors import Gained, Monitors
from detectors.seasons import DAY, WEEK
from detectors.subject import Counts

RUN_DAYS = 30
"""Days after which blocks begin at another hour: were it always the same, they would be whole days, not moving ones."""

GAINS_BYTES_MAX = 1_000_000_000
"""Memory for what ticks add; what does not fit is worked out each time it is played."""

_HOUR_SECONDS, _DAY_SECONDS = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Block:
    """The day that begins with tick `begin` is made of `ticks` ticks of the reference, from tick `source` on."""

    begin: int
    source: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """A level (1 and on) of an owner, by its place, that was reached with tick `source` of the reference.

    `places` are the monitors that the evidence speaks against.
    """

    owner: int
    level: int
    source: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """The monitors of one owner, by their places; their weights, which add up to 1; and what evidence levels take."""

    places: NDArray[np.int64]
    weights: Floats
    needed: tuple[float, ...]


def draw_blocks(
    first: int, ticks: int, tick_seconds: int, days: int, rng: np.random.Generator, *, slots: int = DAY
) -> list[Block]:
    """Draw `days` days from a reference of `ticks` ticks from `first` on; no block wraps around its end.

    A block begins at the very time of the day, with 168 `slots` of the week, of the day that it stands in for. Every
    RUN_DAYS days they begin at another hour; the hours in between are left out. Raises ValueError when some time has no
    block: a reference of two days (with 168 slots: eight) always has one.
    """
    period = (WEEK if slots == WEEK else DAY) * _HOUR_SECONDS
    length = _DAY_SECONDS // tick_seconds
    sources = np.arange(first, first + ticks - length + 1)
    blocks: list[Block] = []
    begin = first + ticks
    for day in range(days):
        if day % RUN_DAYS == 0:
            hour = int(rng.integers(DAY)) * _HOUR_SECONDS
            midnight = (begin * tick_seconds // _DAY_SECONDS + 1) * _DAY_SECONDS
            begin = -(-(midnight + hour) // tick_seconds)
        fitting = sources[(sources - begin) * tick_seconds % period < tick_seconds]
        if not len(fitting):
            raise ValueError(f"{ticks} ticks of {tick_seconds} s have no day that begins at every hour; give more days")
        blocks.append(Block(begin, int(rng.choice(fitting)), length))
        begin += length
    return blocks


def alarms_by_day(
    monitors: Monitors,
    owners: Sequence[Owned],
    blocks: Sequence[Block],
    counts_at: Callable[[int], Mapping[str, Counts]],
    *,
    every: int,
) -> Iterator[list[Alarm]]:
    """Play blocks and give, day by day, the alarms of every owner and level.

    `counts_at` gives the counts of a tick of the reference; the gate is asked after every `every` ticks. Each level is
    counted by itself, and its evidence begins anew at its own alarms only, as the bound on its rate has it: a page on
    its way through a digest counts for both.
    """
    held = [monitors.nothing()] * max(len(owned.needed) for owned in owners)
    gained = _Gains(monitors, counts_at)
    for block in blocks:
        alarms: list[Alarm] = []
        for step in range(block.ticks):
            tick, adds = block.begin + step, gained.at(block.source + step)
            stepped = {id(one): monitors.take(one, tick, adds) for one in _different(held)}
            held = [stepped[id(one)] for one in held]
            if (tick + 1) % every == 0:
                found = _found(monitors, owners, held, block.source + step)
                held = _joined(_begun_anew(monitors, held, found))
                alarms += found
        yield alarms


@dataclass(slots=True)
class _Gains:
    """What each tick of the reference adds, kept as far as memory goes, since it is played many times over."""

    monitors: Monitors
    counts_at: Callable[[int], Mapping[str, Counts]]
    kept: dict[int, Gained | None] = field(default_factory=dict)
    nbytes: int = 0

    def at(self, tick: int) -> Gained | None:
        if tick in self.kept:
            return self.kept[tick]
        counts = self.counts_at(tick)
        gained = self.monitors.gained(tick, counts) if counts else None
        size = gained.nbytes if gained is not None else 0
        if self.nbytes + size <= GAINS_BYTES_MAX:
            self.kept[tick] = gained
            self.nbytes += size
        return gained


def _found(monitors: Monitors, owners: Sequence[Owned], held: list[EsrState], source: int) -> list[Alarm]:
    """Ask the gate for every level, each with its own evidence."""
    evidence = {id(one): monitors.evidence(one) for one in _different(held)}
    found = []
    for place, owned in enumerate(owners):
        for level, needs in enumerate(needs_of(owned.weights, owned.needed)):
            mine = evidence[id(held[level])][owned.places]
            raised = gate(mine, needs[None], np.zeros(len(mine), np.int64))
            if raised.any():
                found.append(Alarm(place, level + 1, source, tuple(owned.places[raised > 0].tolist())))
    return found


def _begun_anew(monitors: Monitors, held: list[EsrState], found: Sequence[Alarm]) -> list[EsrState]:
    """Let the monitors behind each alarm begin anew, for its level only."""
    after = list(held)
    for level, one in enumerate(held):
        over = {place for alarm in found if alarm.level == level + 1 for place in alarm.places}
        if over:
            after[level] = monitors.begin_anew(one, sorted(over))
    return after


def _joined(held: list[EsrState]) -> list[EsrState]:
    """Let levels whose evidence is the same again share it, so that it is worked out once."""
    joined: list[EsrState] = []
    for one in held:
        same = (other for other in joined if other is one or _same(other, one))
        joined.append(next(same, one))
    return joined


def _same(a: EsrState, b: EsrState) -> bool:
    return np.array_equal(a.histograms, b.histograms) and np.array_equal(a.rates, b.rates)


def _different(held: Sequence[EsrState]) -> list[EsrState]:
    return list({id(one): one for one in held}.values())
