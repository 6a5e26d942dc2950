"""Whether all is well: what must hold for us to say outside that models are watched and people would be told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from service.clock import due
from service.progress import POLL_SECONDS_MAX, Progress
from service.settings import Settings
from service.store.canaries import back_ms
from service.store.closing import closed_tick, partition_times
from service.store.engine import Store
from service.timekeeper import LEASE_SECONDS

CANARY_LATE = 2
"""Intervals between canaries after which the last one that came back is too old."""

TICK_LATE_SECONDS = 300.0
"""How long a tick may be due without any being closed; one step over many streams takes much less."""


@dataclass(slots=True)
class Pulse:
    """Looks from time to time; call it in a thread, since it reads the store.

    `deliver_seconds` is how long one turn of the outbox takes at the very most. `monotonic` must be the clock that
    Progress is written with.
    """

    store: Store
    settings: Settings
    progress: Progress
    wall_ms: Callable[[], int]
    monotonic: Callable[[], float]
    deliver_seconds: float
    _turns: dict[str, tuple[int, float]] = field(default_factory=dict)
    _closed: int | None = None
    _due_since: float | None = None

    def faults(self) -> list[str]:
        """Say all that is not well now, in words; empty when all is."""
        found = [*self._polls(), *self.progress.troubles.copy().values(), *self._loops()]
        try:
            return [*found, *self._canary(), *self._ticks()]
        except SQLAlchemyError as fault:
            return [*found, f"the store cannot be read ({type(fault).__name__})"]

    def _polls(self) -> list[str]:
        ago = self.monotonic() - self.progress.polled_at
        if self.progress.polled_at == 0.0:
            return ["no source has been polled yet"]
        return [f"a source was last polled {ago:.0f} s ago"] if ago > POLL_SECONDS_MAX else []

    def _loops(self) -> list[str]:
        now, found = self.monotonic(), []
        for loop, most in (("deliver", self.deliver_seconds), ("clocks", LEASE_SECONDS)):
            count = self.progress.turns.get(loop, 0)
            before, since = self._turns.get(loop, (-1, now))
            if count != before:
                self._turns[loop] = (count, now)
            elif now - since > most:
                found.append(f"the loop {loop!r} has not come round for {now - since:.0f} s")
        return found

    def _canary(self) -> list[str]:
        seconds = self.settings.canary.minutes * 60
        since = back_ms(self.store) if seconds else None
        if since is None:
            return ["no canary has been sent out yet"] if seconds else []
        age = (self.wall_ms() - since) / 1000
        return [f"no canary has come back for {age:.0f} s"] if age > CANARY_LATE * seconds else []

    def _ticks(self) -> list[str]:
        times, now = self.settings.time, self.monotonic()
        with self.store.read() as connection:
            closed, known = closed_tick(connection), partition_times(connection)
        ready = due(
            known, tick_ms=times.tick_seconds * 1000, lateness_ms=round(times.lateness_seconds * 1000),
            now_ms=self.wall_ms(), live=True,
        )  # fmt: skip
        # Before the first tick there may be nothing to close, and idle sources make nothing due.
        waits = closed is not None and ready is not None and ready.tick > closed
        if not waits:
            self._due_since = None
        elif self._due_since is None or closed != self._closed:
            self._due_since = now
        self._closed = closed
        late = now - self._due_since if self._due_since is not None else 0.0
        return [f"a tick has been due for {late:.0f} s and none was closed"] if late > TICK_LATE_SECONDS else []
