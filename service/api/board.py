"""The state of every model at a glance, counted once per closed tick."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from detectors.reading import State
from service.store.changes import ModelKey
from service.store.engine import Store
from service.store.views import current_readings, newest_tick


@dataclass(frozen=True, slots=True)
class Tally:
    """How many monitors of one model version are in each state.

    >>> Tally(ok=3, drifting=0, insufficient=9).state
    'ok'
    >>> Tally().state
    'insufficient'
    """

    ok: int = 0
    drifting: int = 0
    insufficient: int = 0

    @property
    def state(self) -> State:
        """Drifting when any monitor is; ok only when some monitor could see and none drifts."""
        if self.drifting:
            return "drifting"
        return "ok" if self.ok else "insufficient"


@dataclass(slots=True)
class Board:
    """Tallies as of the newest tick; as large as the number of models, which limits.models_max bounds."""

    store: Store
    _tick: int | None = None
    _tallies: Mapping[ModelKey, Tally] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def tallies(self) -> Mapping[ModelKey, Tally]:
        """The tally of every model version that has readings."""
        with self._lock:
            tick = newest_tick(self.store)
            if tick != self._tick:
                self._tallies, self._tick = _count(self.store), tick
            return self._tallies


def _count(store: Store) -> Mapping[ModelKey, Tally]:
    counts: dict[ModelKey, dict[State, int]] = {}
    for read in current_readings(store):
        key = ModelKey(read.stream.kind, read.stream.model, read.stream.version)
        states = counts.setdefault(key, {"ok": 0, "drifting": 0, "insufficient": 0})
        for reading in read.readings:
            states[reading.state] += 1
    return {
        key: Tally(ok=states["ok"], drifting=states["drifting"], insufficient=states["insufficient"])
        for key, states in counts.items()
    }
