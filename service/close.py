"""Closing ticks: each step moves the clock, rolls panes up, reads the windows and decides, in one transaction."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Connection

from alerting.finding import Stream
from detectors.fold import merge
from service.clock import Due, due
from service.evaluate import Evaluator
from service.store.closing import (
    ClosedPane,
    advance,
    closed_tick,
    next_filled_tick,
    panes,
    partition_times,
    put_panes,
)
from service.store.engine import Store
from service.store.lease import held
from service.watchlist import Watchlist
from service.windows import STEP

log = logging.getLogger(__name__)

EMPTY_TICKS_MAX = 180
"""Empty ticks closed one by one after the last filled one: enough for silence to be noticed; the rest are skipped."""


UNREAD = "unread "
"""Leases that begin so are held for what is about to be read for the first time and must not be overtaken by time."""


@dataclass(slots=True)
class Closer:
    """Closes the ticks that event time has passed, in order, each exactly once however many workers try."""

    store: Store
    watchlist: Watchlist
    evaluator: Evaluator
    tick_ms: int
    lateness_ms: int
    wall_ms: Callable[[], int]
    on_close: Callable[[int], None] = lambda ticks: None
    closed: int | None = None
    watermark_ms: int | None = None
    _empty: int = 0
    _lock: Lock = field(default_factory=Lock)

    def close_due(self, *, live: bool, enough: Callable[[], bool] = lambda: False) -> int:
        """Close what is due and say how many ticks that was; stops quietly when another worker is closing too.

        It also stops after the step in which `enough` says so; what is left is still due.
        """
        with self._lock:
            return self._close_due(live, enough)

    def _close_due(self, live: bool, enough: Callable[[], bool]) -> int:
        with self.store.read() as connection:
            self.closed = closed_tick(connection)
            now = due(
                partition_times(connection),
                tick_ms=self.tick_ms, lateness_ms=self.lateness_ms, now_ms=self.wall_ms(), live=live,
            )  # fmt: skip
            first = next_filled_tick(connection, None) if self.closed is None else None
            unread = live and held(connection, UNREAD, self.wall_ms())
        if unread or now is None or (self.closed is None and first is None):
            return 0
        self.watermark_ms = now.watermark_ms
        count = 0
        start = self.closed + 1 if self.closed is not None else first
        assert start is not None, "a first tick is known when nothing is closed yet"
        if start > now.tick:
            return 0
        self.watchlist.refresh()
        while start <= now.tick:
            done = self._step(start, now)
            if done is None:
                return count
            count += done - start + 1
            start = done + 1
            if enough():
                return count
        return count

    def _step(self, start: int, now: Due) -> int | None:
        """Close from `start` to the next boundary in one transaction; the last tick closed, or None when outrun."""
        with self.store.write() as connection:
            filled = next_filled_tick(connection, start - 1)
            skipped = self._skippable(start, now, filled)
            last = min(now.tick, start + skipped + STEP - 1 - (start + skipped) % STEP)
            if not advance(connection, self.closed, last, now, skipped, self.wall_ms()):
                return None
            evaluated = (last + 1) % STEP == 0 or now.reason == "exhausted"
            if evaluated:
                self._boundary(connection, last)
        if evaluated:
            self.evaluator.kept()
        self._empty = 0 if filled is not None and filled <= last else self._empty + last - start + 1
        self.closed = last
        self.on_close(last - start + 1)
        return last

    def _skippable(self, start: int, now: Due, filled: int | None) -> int:
        """Count the empty ticks to jump over: all up to the next filled one, once silence has been noticed."""
        if self._empty < EMPTY_TICKS_MAX:
            return 0
        target = min(now.tick, (filled if filled is not None else now.tick + 1) - 1)
        return max(0, target - start)

    def _boundary(self, connection: Connection, last: int) -> None:
        """Roll the panes of the last steps up and evaluate every window that ends here."""
        first = last - last % STEP
        rolled = with_totals(panes(connection, 1, first, last))
        put_panes(connection, STEP, first, rolled.items())
        if (last + 1) % 60 == 0:
            put_panes(connection, 60, last - 59, panes(connection, STEP, last - 59, last).items())
        self.evaluator.evaluate(connection, last)


def with_totals(segments: dict[tuple[Stream, str], ClosedPane]) -> dict[tuple[Stream, str], ClosedPane]:
    """Add to the panes of single segments the pane of the whole stream, under the segment "".

    Panes of one tick hold each event once, under its own segment ("" when it has none that is watched); in roll-ups
    "" means all events, so that a window of the whole stream is read without merging segments again.
    """
    rolled = {key: pane for key, pane in segments.items() if key[0].segment}
    for (stream, baseline), pane in segments.items():
        whole = (Stream(stream.kind, stream.model, stream.version), baseline)
        held = rolled.get(whole)
        rolled[whole] = (
            pane
            if held is None
            else ClosedPane(
                merge(held.counts, pane.counts), held.events + pane.events, max(held.last_row, pane.last_row)
            )
        )
    return rolled
