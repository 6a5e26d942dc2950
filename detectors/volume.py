"""How much arrives and how long nothing has: event counts against the usual ones, and silence."""

import math
import struct
from dataclasses import dataclass

from scipy import special

from detectors.quality import STREAM
from detectors.reading import Reading, State
from detectors.words import number, percent, probability

LEARN_TICKS = 60
"""Closed ticks a reference is learned from before volume gives a verdict."""

MEMORY_TICKS = 1_440
"""After that each tick moves the reference by 1 / MEMORY_TICKS: it follows a trend within days, not a fault."""

CHANGE_MIN = 0.5
"""Relative change of volume below which it is negligible."""

_VERSION = 1
_PACKED = struct.Struct("<BQdd")


@dataclass(frozen=True, slots=True)
class VolumeReference:
    """The usual number of events of a tick: mean and variance over `ticks` closed ticks."""

    ticks: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def learn(self, events: int) -> "VolumeReference":
        """Take in one closed tick; call it in order, also for empty ticks, but not while the volume drifts.

        >>> usual = VolumeReference()
        >>> for events in (90, 100, 110):
        ...     usual = usual.learn(events)
        >>> usual
        VolumeReference(ticks=3, mean=100.0, variance=100.0)
        """
        ticks = self.ticks + 1
        step = events - self.mean
        if ticks <= LEARN_TICKS:
            mean = self.mean + step / ticks
            squares = self.variance * max(0, self.ticks - 1) + step * (events - mean)
            return VolumeReference(ticks, mean, squares / max(1, ticks - 1))
        share = 1 / MEMORY_TICKS
        return VolumeReference(
            ticks, self.mean + share * step, (1 - share) * (self.variance + share * step * step)
        )  # fmt: skip

    def encode(self) -> bytes:
        """Encode in 25 bytes, exactly."""
        return _PACKED.pack(_VERSION, self.ticks, self.mean, self.variance)

    @classmethod
    def decode(cls, content: bytes) -> "VolumeReference":
        """Decode what `encode` made; raises ValueError on another version or length."""
        if len(content) != _PACKED.size or content[0] != _VERSION:
            raise ValueError(f"volume: {len(content)} bytes of an unknown version; delete the row to learn again")
        _, ticks, mean, variance = _PACKED.unpack(content)
        return cls(ticks, mean, variance)


def volume(
    usual: VolumeReference,
    *,
    events: int,
    ticks: int,
    window_name: str,
    alpha: float,
    confidence: float,
    change_min: float = CHANGE_MIN,
) -> Reading:
    """Read the number of events in a window of `ticks` ticks against the usual number.

    The value is the size of the relative change of the events per tick, up or down: 0.5 is half as many or half as
    many again. Ticks vary by at least Poisson's variance, more where the past did; p and the interval are Student's t
    with the reference's own uncertainty. Drifting when p <= alpha and low >= change_min; insufficient until LEARN_TICKS
    ticks are learned, or where none of them held an event.
    """
    if usual.ticks < LEARN_TICKS:
        why = f"the usual volume is known after {LEARN_TICKS} closed ticks, so far {usual.ticks}"
        return Reading(STREAM, "volume", window_name, "insufficient", events, usual.ticks, why=why)
    if usual.mean <= 0:
        why = "no events came while the usual volume was learned"
        return Reading(STREAM, "volume", window_name, "insufficient", events, usual.ticks, why=why)
    learned = min(usual.ticks, MEMORY_TICKS)
    error = math.sqrt(max(usual.variance, usual.mean) * (1 / ticks + 1 / learned))
    mean = events / ticks
    p = 2 * float(special.stdtr(learned - 1, -abs(mean - usual.mean) / error))
    band = -float(special.stdtrit(learned - 1, (1 - confidence) / 2)) * error
    value = abs(mean - usual.mean) / usual.mean
    low, high = max(0.0, value - band / usual.mean), value + band / usual.mean
    if mean < usual.mean:
        high = min(high, 1.0)
    state: State = "drifting" if p <= alpha and low >= change_min else "ok"
    why = f"{number(mean)} events per tick where {number(usual.mean)} are usual"
    if state == "drifting":
        why += f": {'up' if mean > usual.mean else 'down'} by {percent(low)} to {percent(high)}, p {probability(p)}"
    return Reading(STREAM, "volume", window_name, state, events, usual.ticks, value, low, high, p, change_min, why)


def freshness(seconds_silent: float, threshold: float) -> Reading:
    """Read how long a stream has been silent; drifting from `threshold` seconds on. There is no sampling error.

    >>> freshness(1_000, 900).why
    'no event for 1000 s, at most 900 s are usual'
    """
    state: State = "drifting" if seconds_silent >= threshold else "ok"
    why = f"no event for {seconds_silent:.0f} s, at most {threshold:.0f} s are usual"
    if state == "ok":
        why = f"the newest event is {seconds_silent:.0f} s old"
    return Reading(
        STREAM, "freshness", "now", state, 0, 0, seconds_silent, seconds_silent, seconds_silent,
        threshold=threshold, why=why,
    )  # fmt: skip
