"""From readings to findings: which readings speak for or against a monitor that the evidence has marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from alerting.finding import Finding, Move, Stream
from alerting.incident import Incident
from alerting.member import Key, Member
from alerting.tiers import FLOW, UNBUDGETED, Ladder, Tier
from detectors.block import Floats
from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from detectors.reading import Reading
from service.budget_words import budget_words
from service.gating import CEILINGS, Gating
from service.levels import Level
from service.sequential import SequenceState
from service.store.changes import ModelKey

FADED = 2.0
"""Powers of ten below what its rank took at which evidence no longer speaks for a change."""


@dataclass(slots=True)
class Turn:
    """What one evaluation works on; `gated` says that only evidence may open an incident."""

    tick: int
    at: datetime
    tick_seconds: int
    gated: bool
    tests: int
    incidents: Mapping[str, Incident]
    states: dict[ModelKey, SequenceState]
    findings: list[Finding] = field(default_factory=list)
    _members: dict[Stream, dict[Key, Member]] | None = None

    def successor(self, key: ModelKey) -> str:
        """Name a later version of the model that has gone on after this one fell silent; "" when there is none."""
        own = self.states.get(key)
        if own is None or own.last_tick is None or own.first_tick is None:
            return ""
        for other, state in self.states.items():
            if (
                (other.kind, other.model) != (key.kind, key.model)
                or state.first_tick is None
                or state.last_tick is None
            ):
                continue
            if state.first_tick > own.first_tick and state.last_tick > own.last_tick:
                return other.version
        return ""

    def state(self, stream: Stream) -> SequenceState:
        """The state of a stream's model version."""
        return self.states.setdefault(ModelKey(stream.kind, stream.model, stream.version), SequenceState())

    def take(self, incidents: Sequence[Incident]) -> None:
        """Note how incidents are after what was decided."""
        self.incidents = {**self.incidents, **{incident.cause: incident for incident in incidents}}
        self._members = None

    def members(self, stream: Stream) -> Mapping[Key, Member]:
        """The part that each monitor of a stream has in an incident, whichever that is; a held one before another."""
        if self._members is None:
            self._members = {}
            for incident in self.incidents.values():
                for member in incident.members:
                    of = self._members.setdefault(member.peak.stream, {})
                    if member.held or member.key not in of:
                        of[member.key] = member
        return self._members.get(stream, {})

    def cleared(self, ladder: Ladder) -> dict[tuple[Stream, str, str], datetime]:
        """Give, of the findings that clear at the lowest tier, the latest beginning of a window per monitor."""
        latest: dict[tuple[Stream, str, str], datetime] = {}
        for finding in self.findings:
            if ladder.clears(finding, Tier.OBSERVE):
                place = finding.stream, finding.subject, finding.detector
                latest[place] = max(finding.since, latest.get(place, finding.since))
        return latest

    def begin_anew(
        self,
        key: ModelKey,
        monitors: Monitors,
        evidence: Floats,
        cleared: Mapping[tuple[Stream, str, str], datetime],
    ) -> None:
        """Let marked monitors, whose evidence (J) is given, begin anew when their change is over.

        While an open incident holds a monitor it is not: evidence must not run up again against what people are already
        told of. Else it is when the incident has let go of it since the mark, when a reading which lies wholly after
        the mark clears at the lowest tier, or when the evidence itself has FADED.
        """
        state = self.states.get(key)
        if state is None or not state.levels:
            return
        over = [
            name
            for name, held in zip(monitors.names, evidence.tolist(), strict=True)
            if (level := state.level(name)) is not None and self._is_over(key, name, level, held, cleared)
        ]
        if over:
            state.begin_anew(monitors, over)

    def _is_over(
        self,
        key: ModelKey,
        name: MonitorName,
        level: Level,
        evidence: float,
        cleared: Mapping[tuple[Stream, str, str], datetime],
    ) -> bool:
        segment, subject, detector = name
        stream = Stream(key.kind, key.model, key.version, segment)
        marked = datetime.fromtimestamp((level.at + 1) * self.tick_seconds, UTC)
        member = self.members(stream).get((stream, subject, detector))
        if member is not None:
            if member.held:
                return False
            if member.cleared_at is not None and member.cleared_at >= marked:
                return True
        if evidence < 10 ** (level.e_needed - FADED):
            return True
        since = cleared.get((stream, subject, detector))
        return since is not None and since >= marked


def findings_of(
    turn: Turn,
    gating: Gating,
    stream: Stream,
    readings: Sequence[Reading],
    since: datetime,
    row: int,
    *,
    onset: int | None = None,
) -> list[Finding]:
    """Make findings of readings of one window that began at `since`.

    Under a budget: of monitors that the evidence has marked or an open incident holds, as far as the window lies
    wholly within their change, since one that reaches back before it is diluted by what came before; with `onset`, only
    of those whose change began with that tick. What no budget covers is observed at most. The rest, and everything
    under fixed thresholds, as soon as anything drifts or an incident of the cause may be clearing.
    """
    members = turn.members(stream)
    state = turn.state(stream)
    held = {member.key: member.since for member in members.values() if member.held}
    marked = bool(state.levels)
    loud = bool(held) or any(r.state == "drifting" and r.detector != "esr" for r in readings)
    if not marked and not loud:
        return []
    found = []
    for reading in readings:
        if reading.detector == "esr":
            continue  # Its evidence is in the findings of the monitors that it is of.
        plain = _finding(stream, reading, since, turn.at, row)
        if not turn.gated or reading.detector in FLOW:
            if onset is None:
                found.append(plain)
            continue
        if reading.detector in UNBUDGETED:
            if onset is None:
                found.append(replace(plain, ceiling="observe"))
            continue
        name = (stream.segment, reading.subject, reading.detector)
        level = state.level(name)
        if level is not None and (onset is None or onset == level.onset):
            began = datetime.fromtimestamp(level.onset * turn.tick_seconds, UTC)
            if since >= began:
                found.append(_backed(plain, level, gating, name, turn))
        elif (
            level is None and onset is None and since >= held.get((stream, reading.subject, reading.detector), turn.at)
        ):
            found.append(replace(plain, ceiling="none"))
    return found


def _backed(finding: Finding, level: Level, gating: Gating, name: MonitorName, turn: Turn) -> Finding:
    """A finding with the evidence that backs it: the change is real, so its size alone decides."""
    condition = finding.condition
    if condition != "insufficient":
        condition = "drifting" if (finding.low or 0.0) >= (finding.threshold or 0.0) else "ok"
    key = ModelKey(finding.stream.kind, finding.stream.model, finding.stream.version)
    return replace(
        finding,
        onset=datetime.fromtimestamp(level.onset * turn.tick_seconds, UTC),
        condition=condition,
        ceiling=CEILINGS[level.rank],
        e_value=level.e_value,
        e_needed=level.e_needed,
        reason=f"{finding.reason}; {level.what}" if level.what else finding.reason,
        budget=budget_words(gating, key, name),
    )


def _finding(stream: Stream, reading: Reading, since: datetime, at: datetime, row: int) -> Finding:
    return Finding(
        stream=stream,
        subject=reading.subject,
        detector=reading.detector,
        window=reading.window,
        condition=reading.state,
        since=since,
        at=at,
        n=reading.n,
        reference_n=reading.reference_n,
        reason=reading.why,
        value=reading.value,
        low=reading.low,
        high=reading.high,
        p_value=reading.p_value,
        threshold=reading.threshold,
        row=row,
        moves=tuple(Move(move.label, move.expected, move.observed, move.place) for move in reading.moves),
    )
