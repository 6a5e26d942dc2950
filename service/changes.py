"""When a change began and what it is: found by looking back once, when the evidence first speaks of it."""

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import Connection

from alerting.finding import Stream
from detectors import esr
from detectors.baseline import Baseline
from detectors.monitors import Monitors
from service.sequential import SequenceState
from service.store.changes import ModelKey
from service.store.closing import ClosedPane, stream_pane, stream_panes
from service.windows import STEP, WINDOWS

LOOK_BACK_TICKS = 2_880
"""A change that began longer ago is dated to the beginning of what is looked at."""

CHUNK_TICKS = 60

VAST = 1e20
"""Evidence near the most that is kept, at which alternatives can no longer be told apart by what they hold."""

SURE = 10.0
"""Log evidence lost, going back from the best beginning so far, after which no better one is looked for."""


def name_changes(
    connection: Connection, monitors: Monitors, key: ModelKey, state: SequenceState, places: Sequence[int], tick: int
) -> None:
    """Date and name the changes of monitors that the evidence speaks against for the first time."""
    held = state.esr_state(monitors)
    evidence = monitors.evidence(held)
    by_segment: dict[str, list[int]] = {}
    for place in places:
        by_segment.setdefault(monitors.names[place][0], []).append(place)
    for segment, mine in by_segment.items():
        stream = Stream(key.kind, key.model, key.version, segment)
        vast = [place for place in mine if evidence[place] > VAST]
        chosen = {place: monitors.strongest(held, place) for place in mine}
        chosen |= _of_newest(connection, monitors, stream, vast, tick)
        begin = max(tick - LOOK_BACK_TICKS, state.first_tick or 0)
        onsets = _onsets(connection, monitors, stream, mine, list(chosen.values()), (begin, tick))
        for place, onset in zip(mine, onsets, strict=True):
            state.name_change(monitors.names[place], onset, monitors.describe(place, chosen[place]))


def since_change(
    connection: Connection, key: ModelKey, baseline: Baseline, state: SequenceState, tick: int
) -> Iterator[tuple[Stream, int, ClosedPane]]:
    """Merge the panes since each distinct beginning of a change, per segment.

    Read at every boundary in the first hour, then once an hour for a day: by then the fixed windows lie within it.
    """
    seen: set[tuple[str, int]] = set()
    for name, level in state.levels.items():
        age = tick + 1 - level.onset
        due = age < WINDOWS[1].ticks or ((tick + 1) % WINDOWS[1].ticks == 0 and age < WINDOWS[2].ticks)
        # A change that is as old as a window is long is read as that window.
        due = due and age not in (WINDOWS[0].ticks, WINDOWS[1].ticks)
        segment = name.split("\x1f", 1)[0]
        if not due or (segment, level.onset) in seen:
            continue
        seen.add((segment, level.onset))
        stream = Stream(key.kind, key.model, key.version, segment)
        pane = stream_pane(connection, stream, baseline.id, level.onset, tick)
        if pane is not None:
            yield stream, level.onset, pane


def _of_newest(
    connection: Connection, monitors: Monitors, stream: Stream, places: Sequence[int], tick: int
) -> dict[int, int]:
    """Give the alternative that the newest pane speaks for most: where several have all the evidence there can be."""
    last = tick - tick % STEP
    found = stream_panes(connection, stream, monitors.baseline.id, STEP, last, last) if places else []
    if not found:
        return {}
    gained = monitors.all_gains(last, {stream.segment: found[0][1]}, STEP)
    return {place: monitors.named(place, gained(place)) for place in places}


def _onsets(
    connection: Connection,
    monitors: Monitors,
    stream: Stream,
    places: Sequence[int],
    alternatives: Sequence[int],
    ticks_seen: tuple[int, int],
) -> list[int]:
    """Give the tick in which each change most likely began, a multiple of STEP, among those from first to last."""
    first, last = (tick - tick % STEP for tick in ticks_seen)
    gains: list[np.ndarray] = []
    ticks: list[int] = []
    for end in range(last, first - STEP, -CHUNK_TICKS):
        begin = max(first, end - CHUNK_TICKS + STEP)
        found = stream_panes(connection, stream, monitors.baseline.id, STEP, begin, end)
        for at, counts in reversed(found):
            gained = monitors.all_gains(at, {stream.segment: counts}, STEP)
            gains.append(np.array([gained(place)[of] for place, of in zip(places, alternatives, strict=True)]))
            ticks.append(at)
        sums = np.cumsum(np.array(gains), axis=0) if gains else np.zeros((0, len(places)))
        if len(sums) and bool((sums.max(axis=0) - sums[-1] > SURE).all()):
            break
    if not ticks:
        return [last] * len(places)
    forward = np.array(gains)[::-1]
    return [ticks[::-1][esr.onset(forward[:, of])] for of in range(len(places))]
