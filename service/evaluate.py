"""From merged panes to findings, and from findings to what alerting decides; all inside the tick's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from alerting.cause import cause_of
from alerting.decide import Decisions, decide
from alerting.finding import Finding, Move, Stream
from alerting.incident import Incident
from alerting.ownership import Ownership
from alerting.policy import Policy
from detectors.baseline import Baseline
from detectors.catalog import Options, read_window
from detectors.fold import zeros
from detectors.reading import Reading
from service.sequential import SequenceState
from service.settings import DetectionSettings
from service.store.changes import ModelKey
from service.store.closing import ClosedPane, merged_ticks, panes, put_sequences, sequence_tick, sequences
from service.store.decisions import put_decisions
from service.store.reading_codec import encode_readings
from service.store.records import add_findings, ms, newest_incidents, put_readings
from service.watchlist import Watchlist
from service.windows import STEP, WINDOWS, Window, alpha

WATCHED_KINDS = ("prediction", "feature")
"""Kinds of event whose panes are evaluated; labels and health have panes for detectors that are still to come."""

TESTS_PER_SUBJECT = 6
"""psi, ks, missing, not_finite, wrong_type, and unseen or out_of_range: what is tested at alpha for one subject."""

TESTS_PER_STREAM = 3
"""duplicates, unknown_features and volume: what is tested at alpha for the stream itself."""


@dataclass(slots=True)
class Evaluator:
    """Reads every window that ends with a tick, for every watched stream.

    `told_at` says, for a time of events, when people are told of it: now in the service, that very time in a backtest.
    """

    watchlist: Watchlist
    detection: DetectionSettings
    policy: Policy
    ownership: Callable[[], Ownership]
    tick_seconds: int
    told_at: Callable[[datetime], datetime]
    on_findings: Callable[[Sequence[tuple[Finding, str]]], None] = lambda findings: None
    on_decisions: Callable[[Decisions], None] = lambda decisions: None
    _held: tuple[int | None, dict[ModelKey, SequenceState]] = field(default=(None, {}))

    def evaluate(self, connection: Connection, tick: int) -> None:
        """Evaluate the boundary that ends with `tick`: readings, findings, incidents, notices and audit are written."""
        watched = {key: baseline for key, baseline in self.watchlist.watched().items() if key.kind in WATCHED_KINDS}
        at = self._time(tick + 1)
        longest = timedelta(seconds=WINDOWS[-1].ticks * self.tick_seconds)
        turn = _Turn(
            tick=tick,
            at=at,
            tests=sum(
                (len(b.subjects) * TESTS_PER_SUBJECT + TESTS_PER_STREAM) * len(b.reference) for b in watched.values()
            ),
            incidents=newest_incidents(connection, ms(at - longest)),
            states=self._states(connection),
        )
        for window in WINDOWS:
            if window.ends_with(tick) or window is WINDOWS[0]:
                self._read(connection, turn, window, watched)
        self._decide(connection, turn)
        put_sequences(connection, tick, [(key, turn.states[key].encode()) for key in watched])
        self._held = (tick, turn.states)

    def _states(self, connection: Connection) -> dict[ModelKey, SequenceState]:
        """The states after the last evaluation: those in memory when it was ours, else those in the store."""
        tick, states = self._held
        # Until this transaction is through, what is in memory belongs to no evaluation that the store knows.
        self._held = (None, {})
        if tick is not None and tick == sequence_tick(connection):
            return states
        return {key: SequenceState.decode(content) for key, content in sequences(connection).items()}

    def _read(
        self, connection: Connection, turn: "_Turn", window: Window, watched: Mapping[ModelKey, Baseline]
    ) -> None:
        """Read one window of every watched stream; the shortest window also carries the tick-by-tick detectors."""
        name = window.name(self.tick_seconds)
        options = self._options(
            alpha(
                window,
                tests=turn.tests,
                pages_per_30_days=self.detection.pages_per_30_days,
                tick_seconds=self.tick_seconds,
            )
        )
        merged = panes(connection, window.span, turn.tick + 1 - window.ticks, turn.tick)
        rows: dict[Stream, bytes] = {}
        for key, baseline in watched.items():
            for segment, reference in baseline.reference.items():
                stream = Stream(key.kind, key.model, key.version, segment)
                pane = merged.get((stream, baseline.id)) or ClosedPane(zeros(baseline), 0, -1)
                readings = list(read_window(baseline, reference, pane.counts, name, options))
                if window is WINDOWS[0] and not segment:
                    readings += self._step(connection, turn, key, baseline, options, name)
                rows[stream] = encode_readings(readings)
                turn.findings += self._findings(turn, stream, readings, pane, window)
        put_readings(connection, turn.tick, name, rows)

    def _step(
        self, connection: Connection, turn: "_Turn", key: ModelKey, baseline: Baseline, options: Options, name: str
    ) -> list[Reading]:
        state = turn.states.setdefault(key, SequenceState())
        first = turn.tick - turn.tick % STEP
        ticks = merged_ticks(connection, key, baseline.id, first, turn.tick)
        successor = turn.successor(key)
        return state.step(baseline, first, ticks, self.detection, self.tick_seconds, options.alpha, name, successor)

    def _options(self, budget: float) -> Options:
        return Options(
            alpha=budget,
            confidence=self.detection.confidence,
            events_min=self.detection.events_min,
            psi_floor=self.policy.ladder.psi[0],
            ks_distance_min=self.detection.ks_distance_min,
            rate_change_min=self.detection.rate_change_min,
        )

    def _findings(
        self, turn: "_Turn", stream: Stream, readings: Sequence[Reading], pane: ClosedPane, window: Window
    ) -> list[Finding]:
        """Make findings of readings that drift, and of all readings where an incident of the cause may be clearing."""
        drifting = any(reading.state == "drifting" for reading in readings)
        turn.state(stream).settle(stream.segment, readings)
        incident = turn.incidents.get(cause_of(stream))
        if not drifting and (incident is None or not incident.open):
            return []
        since = turn.at - timedelta(seconds=window.ticks * self.tick_seconds)
        return [_finding(stream, reading, since, turn.at, pane.last_row) for reading in readings]

    def _decide(self, connection: Connection, turn: "_Turn") -> None:
        """Record what began to drift, then let alerting decide what becomes of everything that was found."""
        fresh = []
        for finding in turn.findings:
            tier = self.policy.ladder.tier(finding)
            if tier is not None and turn.state(finding.stream).is_news(finding, str(tier)):
                fresh.append((finding, str(tier)))
        add_findings(connection, turn.tick, [(f, tier, msgspec.json.encode(f).decode()) for f, tier in fresh])
        self.on_findings(fresh)
        if not turn.findings:
            return
        now = self.told_at(turn.at)
        decisions = decide(turn.findings, turn.incidents, self.ownership(), self.policy, now)
        put_decisions(connection, decisions, now)
        self.on_decisions(decisions)

    def _time(self, tick: int) -> datetime:
        return datetime.fromtimestamp(tick * self.tick_seconds, UTC)


@dataclass(slots=True)
class _Turn:
    """What one evaluation works on."""

    tick: int
    at: datetime
    tests: int
    incidents: Mapping[str, Incident]
    states: dict[ModelKey, SequenceState]
    findings: list[Finding] = field(default_factory=list)

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
        return self.states.setdefault(ModelKey(stream.kind, stream.model, stream.version), SequenceState())


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
        moves=tuple(Move(move.label, move.expected, move.observed) for move in reading.moves),
    )
