"""The detectors that run tick by tick over one model version: ADWIN, usual volume, silence, and what is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from alerting.finding import Finding
from detectors.adwin import AdwinState, tick_values
from detectors.adwin import step as step_adwin
from detectors.baseline import EVENTS, Baseline, Counts
from detectors.reading import Reading
from detectors.volume import VolumeReference, freshness, volume
from service.settings import DetectionSettings

VERSION = 1


class _Stored(msgspec.Struct, array_like=True):
    version: int
    baseline: str
    adwin: dict[str, bytes]
    volume: bytes
    first_tick: int | None
    last_tick: int | None
    known: dict[str, str]


@dataclass(slots=True)
class SequenceState:
    """What is carried from tick to tick; a function of the closed ticks, so the same after any crash.

    `known` maps (segment, subject, detector, window) of what drifts to the tier it was recorded at, so that a finding
    is recorded when it begins or gets worse, not at every evaluation.
    """

    baseline: str = ""
    adwin: dict[str, AdwinState] = field(default_factory=dict)
    volume: VolumeReference = field(default_factory=VolumeReference)
    first_tick: int | None = None
    last_tick: int | None = None
    known: dict[str, str] = field(default_factory=dict)

    def step(
        self,
        baseline: Baseline,
        first: int,
        ticks: Sequence[Counts | None],
        detection: DetectionSettings,
        tick_seconds: int,
        alpha: float,
        window_name: str,
        successor: str = "",
    ) -> list[Reading]:
        """Take in closed ticks in order (None: empty), beginning with `first`; give the readings after the last one."""
        if self.baseline != baseline.id:
            self.baseline, self.adwin = baseline.id, {}
        events = [int(tick[EVENTS]) if tick is not None else 0 for tick in ticks]
        filled = [first + i for i, count in enumerate(events) if count]
        if filled:
            self.first_tick = filled[0] if self.first_tick is None else self.first_tick
            self.last_tick = filled[-1]
        readings = self._step_adwin(baseline, ticks)
        usual = volume(
            self.volume, events=sum(events), ticks=len(events), window_name=window_name, alpha=alpha,
            confidence=detection.confidence,
        )  # fmt: skip
        if self.last_tick is not None:
            # Also while the volume drifts: a lasting change becomes the usual volume within days, and freshness goes on
            # to tell of a stream that ended.
            for count in events:
                self.volume = self.volume.learn(count)
        if self.last_tick is None:
            return [*readings, usual]
        if successor and not any(events):
            return [*readings, *_succeeded(usual, successor)]
        silent = (first + len(ticks) - 1 - self.last_tick) * tick_seconds
        return [*readings, usual, freshness(silent, detection.freshness_seconds)]

    def _step_adwin(self, baseline: Baseline, ticks: Sequence[Counts | None]) -> list[Reading]:
        """Step every numeric subject; a cut in any of the ticks is what is reported."""
        reference = baseline.reference[""]
        said: dict[str, Reading] = {}
        for tick in ticks:
            if tick is None:
                continue
            for subject, value in zip(baseline.subjects, tick_values(baseline, reference, tick), strict=True):
                if subject.kind != "numeric":
                    continue
                held = self.adwin.get(subject.name, AdwinState())
                self.adwin[subject.name], reading = step_adwin(held, float(value), subject=subject.name)
                before = said.get(subject.name)
                if before is None or before.state != "drifting":
                    said[subject.name] = reading
        return list(said.values())

    def settle(self, segment: str, readings: Sequence[Reading]) -> None:
        """Forget what is ok again, so that it is news when it begins anew; without a verdict nothing is forgotten."""
        for reading in readings:
            if reading.state == "ok":
                self.known.pop(_name(segment, reading.subject, reading.detector, reading.window), None)

    def is_news(self, finding: Finding, tier: str) -> bool:
        """Whether a finding begins here or reaches another tier; it is known from now on."""
        name = _name(finding.stream.segment, finding.subject, finding.detector, finding.window)
        if self.known.get(name) == tier:
            return False
        self.known[name] = tier
        return True

    def encode(self) -> bytes:
        """Encode for the store."""
        adwin = {name: state.encode() for name, state in self.adwin.items()}
        return msgspec.msgpack.encode(
            _Stored(VERSION, self.baseline, adwin, self.volume.encode(), self.first_tick, self.last_tick, self.known)
        )

    @classmethod
    def decode(cls, content: bytes) -> "SequenceState":
        """Decode what `encode` made; raises ValueError on a newer version."""
        stored = msgspec.msgpack.decode(content, type=_Stored)
        if stored.version != VERSION:
            raise ValueError(f"sequence state of version {stored.version}, this release knows {VERSION}; upgrade")
        return cls(
            stored.baseline,
            {name: AdwinState.decode(state) for name, state in stored.adwin.items()},
            VolumeReference.decode(stored.volume),
            stored.first_tick,
            stored.last_tick,
            stored.known,
        )


def _succeeded(usual: Reading, successor: str) -> list[Reading]:
    """Silence is what is expected of a version that another has followed: no verdict, and the reason why."""
    why = f"version {successor} has taken over"
    quiet = replace(usual, state="insufficient", why=why)
    return [quiet, replace(quiet, detector="freshness", window="now")]


def _name(segment: str, subject: str, detector: str, window: str) -> str:
    return "\x1f".join((segment, subject, detector, window))
