"""The detectors that run tick by tick over one model version: e-SR, ADWIN, usual volume, silence, and what is known."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from alerting.finding import Finding
from alerting.tiers import FLOW
from detectors.adwin import AdwinState, tick_values
from detectors.adwin import step as step_adwin
from detectors.baseline import EVENTS, Baseline, Counts
from detectors.esr_state import EsrState
from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from detectors.reading import Reading
from detectors.volume import VolumeReference, freshness, volume
from service.levels import Level, level_name, monitor_name
from service.settings import DetectionSettings
from service.shares import Numbers, kept_mass

VERSION = 3

CHANGE = "change"
"""Window of what came since a change began."""

FRESHNESS_TICKS = 3
"""Ticks of silence that are never told of, whatever detection.freshness_seconds says."""

TIERS = ("observe", "investigate", "act")


class _Stored(msgspec.Struct, array_like=True):
    version: int
    baseline: str
    adwin: dict[str, bytes]
    volume: bytes
    first_tick: int | None
    last_tick: int | None
    known: dict[str, str]
    esr: bytes = b""
    levels: dict[str, Level] = {}
    shares: bytes = b""


@dataclass(slots=True)
class SequenceState:
    """What is carried from tick to tick; a function of the closed ticks, so the same after any crash.

    `known` maps (segment, subject, detector, window) of what drifts to the tier it was recorded at, so that a finding
    is recorded when it begins or gets worse, not at every evaluation. `levels` holds the monitors that the evidence
    speaks against, `shares` (J) those of its party's budget at the last boundary.
    """

    baseline: str = ""
    adwin: dict[str, AdwinState] = field(default_factory=dict)
    volume: VolumeReference = field(default_factory=VolumeReference)
    first_tick: int | None = None
    last_tick: int | None = None
    known: dict[str, str] = field(default_factory=dict)
    esr: EsrState | None = None
    levels: dict[str, Level] = field(default_factory=dict)
    shares: Numbers | None = None

    def esr_state(self, monitors: Monitors) -> EsrState:
        """The evidence of the model's monitors; none yet where there is none of this shape."""
        nothing = monitors.nothing()
        if self.esr is None or self.esr.shapes != nothing.shapes:
            self.esr = nothing
        return self.esr

    def gather(self, monitors: Monitors, first: int, ticks: Sequence[Mapping[str, Counts]]) -> None:
        """Take closed ticks in as evidence, counts by segment, beginning with tick `first`."""
        self._follow(monitors.baseline)
        held = self.esr_state(monitors)
        for step, counts in enumerate(ticks):
            held = monitors.step(held, first + step, counts)
        self.esr = held

    def weigh(self, monitors: Monitors, shares: Numbers) -> Numbers:
        """Give the evidence of every monitor (J), which counts for as much as before under its new share."""
        held = self.esr_state(monitors)
        if self.shares is not shares:
            factors = kept_mass(self.shares, shares)
            if (factors != 1).any():
                self.esr = held = held.times(factors)
                self._weigh_levels(monitors, factors)
            self.shares = shares
        return monitors.evidence(held)

    def _weigh_levels(self, monitors: Monitors, factors: Numbers) -> None:
        """Move what marked monitors held and took along with their evidence, or they would seem to have faded."""
        for name, factor in zip(monitors.names, factors.tolist(), strict=True):
            level = self.level(name)
            if level is not None and factor > 0:
                moved = math.log10(factor)
                self.levels[level_name(name)] = msgspec.structs.replace(
                    level, e_value=round(level.e_value + moved, 2), e_needed=round(level.e_needed + moved, 2)
                )

    def level(self, name: MonitorName) -> Level | None:
        """What is kept of a monitor that the evidence speaks against."""
        return self.levels.get(level_name(name))

    def levels_of(self) -> dict[MonitorName, Level]:
        """Every monitor that the evidence speaks against."""
        return {monitor_name(key): level for key, level in self.levels.items()}

    def rise(self, name: MonitorName, rank: int, tick: int, evidence: float, needed: float) -> bool:
        """Note that a monitor reached a rank; True when it had none before."""
        key = level_name(name)
        before = self.levels.get(key)
        numbers = round(math.log10(max(evidence, 1)), 2), round(math.log10(max(needed, 1)), 2)
        onset, what, at = (before.onset, before.what, before.at) if before is not None else (tick, "", tick)
        self.levels[key] = Level(rank, at, onset, what, *numbers)
        return before is None

    def name_change(self, name: MonitorName, onset: int, what: str) -> None:
        """Note when a monitor's change began and what it is."""
        key = level_name(name)
        self.levels[key] = msgspec.structs.replace(self.levels[key], onset=onset, what=what)

    def begin_anew(self, monitors: Monitors, names: Sequence[MonitorName]) -> None:
        """Let some monitors gather evidence from nothing again."""
        over = set(names)
        places = [place for place, name in enumerate(monitors.names) if name in over]
        self.esr = monitors.begin_anew(self.esr_state(monitors), places)
        for name in names:
            self.levels.pop(level_name(name), None)
            self.known.pop(_name(*name, CHANGE), None)

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
        self._follow(baseline)
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
        # Between the events of two ticks there is always silence, so that less than a few ticks of it say nothing.
        longest = max(detection.freshness_seconds, FRESHNESS_TICKS * tick_seconds)
        return [*readings, usual, freshness(silent, longest)]

    def _follow(self, baseline: Baseline) -> None:
        """Begin anew whatever compares with the baseline when that is another one."""
        if self.baseline != baseline.id:
            self.baseline, self.adwin, self.esr, self.levels, self.shares = baseline.id, {}, None, {}, None
            self.known = {name: tier for name, tier in self.known.items() if name.split("\x1f")[2] in FLOW}

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
        if finding.e_value is not None:
            return self._is_worse(finding, tier)
        name = _name(finding.stream.segment, finding.subject, finding.detector, finding.window)
        if self.known.get(name) == tier:
            return False
        self.known[name] = tier
        return True

    def _is_worse(self, finding: Finding, tier: str) -> bool:
        """Whether a change that the evidence backs begins or has grown by a tier, whichever window shows it."""
        name = _name(finding.stream.segment, finding.subject, finding.detector, CHANGE)
        before = self.known.get(name)
        if before is not None and TIERS.index(before) >= TIERS.index(tier):
            return False
        self.known[name] = tier
        return True

    def encode(self) -> bytes:
        """Encode for the store."""
        adwin = {name: state.encode() for name, state in self.adwin.items()}
        return msgspec.msgpack.encode(
            _Stored(
                VERSION, self.baseline, adwin, self.volume.encode(), self.first_tick, self.last_tick, self.known,
                zlib.compress(self.esr.encode(), 1) if self.esr is not None else b"", self.levels,
                zlib.compress(self.shares.astype("<f8").tobytes(), 1) if self.shares is not None else b"",
            )
        )  # fmt: skip

    @classmethod
    def decode(cls, content: bytes) -> "SequenceState":
        """Decode what `encode` made; raises ValueError on a newer version."""
        stored = msgspec.msgpack.decode(content, type=_Stored)
        if stored.version not in (1, 2, VERSION):
            raise ValueError(f"sequence state of version {stored.version}, this release knows {VERSION}; upgrade")
        return cls(
            stored.baseline,
            {name: AdwinState.decode(state) for name, state in stored.adwin.items()},
            VolumeReference.decode(stored.volume),
            stored.first_tick,
            stored.last_tick,
            stored.known,
            EsrState.decode(zlib.decompress(stored.esr)) if stored.esr else None,
            stored.levels,
            _shares(stored.shares),
        )


def _succeeded(usual: Reading, successor: str) -> list[Reading]:
    """Silence is what is expected of a version that another has followed: no verdict, and the reason why."""
    why = f"version {successor} has taken over"
    quiet = replace(usual, state="insufficient", why=why)
    return [quiet, replace(quiet, detector="freshness", window="now")]


def _shares(content: bytes) -> Numbers | None:
    return np.frombuffer(zlib.decompress(content), "<f8").astype(np.float64) if content else None


def _name(segment: str, subject: str, detector: str, window: str) -> str:
    return "\x1f".join((segment, subject, detector, window))
