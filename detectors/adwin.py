"""River's ADWIN over the ticks of one subject, guarded: standardised, clipped, NaN-proof and exactly restorable."""

import math
import struct
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from detectors.baseline import Baseline
from detectors.layout import Floats
from detectors.reading import Reading, State
from detectors.subject import Z_CLIP, Z_UNIT, Counts
from detectors.words import number

DELTA = 0.002
"""River's default. It bounds no rate of false alarms (see `step`), so an ADWIN reading never pages by itself."""

TICKS_MIN = 30
"""Ticks in the window below which there is no verdict."""

TICKS_MAX = 512
"""Ticks the window can hold, hours of them: at this many the older half is forgotten. What took longer to move shows
against the reference, in PSI; and a restart replays no more than these, in less than half a millisecond."""

_STEPS_PER_UNIT = 4_095
_VERSION = 1
_HEAD = struct.Struct("<BI")


class _Window(Protocol):
    """What is used of river's ADWIN, which has no types of its own."""

    @property
    def drift_detected(self) -> bool: ...

    @property
    def width(self) -> int: ...

    @property
    def estimation(self) -> float: ...

    def update(self, x: float) -> object: ...


@dataclass(slots=True)
class _Live:
    """River's object, and what it was fed: a shortcut past the replay, never the truth."""

    window: _Window
    fed: int
    delta: float


@dataclass(frozen=True, slots=True)
class AdwinState:
    """All that ADWIN knows: the values fed since its last cut, oldest first, in 1/4095ths as little-endian int16.

    River's object is a function of these, so it is rebuilt from them after a restart and thrown away when it does not
    belong to this state; stepping the same state twice gives the same answer twice.
    """

    values: bytes = b""
    cuts: int = 0
    _live: _Live | None = field(default=None, compare=False, repr=False)

    @property
    def ticks(self) -> int:
        """Ticks fed since the last cut."""
        return len(self.values) // 2

    def encode(self) -> bytes:
        """Encode in at most 2 * TICKS_MAX + 5 bytes: version, number of cuts, values."""
        return _HEAD.pack(_VERSION, self.cuts) + self.values

    @classmethod
    def decode(cls, content: bytes) -> "AdwinState":
        """Decode what `encode` made; raises ValueError on another version or length."""
        size = len(content) - _HEAD.size
        if size < 0 or content[0] != _VERSION or size % 2 or size > 2 * TICKS_MAX:
            raise ValueError(f"adwin: {len(content)} bytes of an unknown version; delete the row to begin again")
        _, cuts = _HEAD.unpack_from(content)
        return cls(content[_HEAD.size :], cuts)


def tick_values(baseline: Baseline, reference: Counts, tick: Counts) -> Floats:
    """Give what ADWIN is fed of one tick, per subject: NaN where it is not numeric or has no usable value.

    sqrt(n) times the distance of the mean standardised value to the reference's, clipped to -+8. Values are clipped
    one by one when they are counted, so the mean exists however heavy the tail is.
    """
    layout = baseline.layout
    zsums = layout.missing + 3
    n, m = layout.usable(tick), layout.usable(reference)
    shift = tick[zsums] / np.maximum(n, 1) - reference[zsums] / np.maximum(m, 1)
    fed = np.clip(shift / Z_UNIT * np.sqrt(n), -Z_CLIP, Z_CLIP)
    watched = np.zeros(len(n), bool)
    watched[layout.numeric] = True
    return np.where(watched & (n > 0) & (m > 0), fed, np.nan)


def step(state: AdwinState, value: float, *, subject: str, delta: float = DELTA) -> tuple[AdwinState, Reading]:
    """Feed the value of one closed tick; give the next state and what ADWIN says.

    The state is a function of the sequence of values alone: batches, restarts and repeated steps change nothing. It
    equals plain river (clock 1, so that every tick is looked at) fed the same values rounded to 1/4095, until more than
    TICKS_MAX ticks pass without a cut; then the older half is forgotten. A NaN feeds nothing.

    Drifting in the tick at which the window is cut; the value is by how much the mean moved, in standard errors of a
    tick. There is no p-value: `delta` bounds each look, not the run, and ticks that depend on each other (a daily
    season) cut more often than independent ones. Bifet and Gavalda 2007, Learning from time-changing data with
    adaptive windowing.
    """
    if not math.isfinite(value):
        why = "the tick has no usable value"
        return state, Reading(subject, "adwin", "tick", "insufficient", state.ticks, 0, why=why)
    stepped = round(min(max(value, -Z_CLIP), Z_CLIP) * _STEPS_PER_UNIT)
    window = _window(state, delta)
    mean = window.estimation
    window.update(stepped / _STEPS_PER_UNIT)
    if window.drift_detected:
        shift = window.estimation - mean
        why = f"the mean of {state.ticks} ticks moved by {number(shift)} to {number(window.estimation)}"
        cut = Reading(subject, "adwin", "tick", "drifting", int(window.width), state.ticks, abs(shift), why=why)
        return AdwinState(cuts=state.cuts + 1), cut
    values = state.values + stepped.to_bytes(2, "little", signed=True)
    live: _Live | None = _Live(window, len(values), delta)
    if len(values) > 2 * TICKS_MAX:
        values, live = values[-TICKS_MAX:], None
    width = int(window.width)
    verdict: State = "ok" if width >= TICKS_MIN else "insufficient"
    why = f"no change within the last {width} ticks" if verdict == "ok" else f"only {width} of {TICKS_MIN} ticks so far"
    return AdwinState(values, state.cuts, live), Reading(subject, "adwin", "tick", verdict, width, 0, 0.0, why=why)


def _window(state: AdwinState, delta: float) -> _Window:
    live = state._live
    if live is not None and live.fed == len(state.values) and live.delta == delta:
        # Whoever steps this state again must not find the object one value further.
        live.fed = -1
        return live.window
    # Imported here because it takes seconds, which every command of the service would pay for at its start.
    from river.drift import ADWIN

    window: _Window = ADWIN(delta=delta, clock=1)  # type: ignore[no-untyped-call]
    for value in np.frombuffer(state.values, "<i2").tolist():
        window.update(value / _STEPS_PER_UNIT)
    return window
