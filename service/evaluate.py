"""From merged panes to findings, and from findings to what alerting decides; all inside the tick's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy import Connection

from alerting.decide import Decisions, decide
from alerting.finding import Finding, Stream
from alerting.policy import Policy
from detectors.baseline import Baseline, Counts
from detectors.catalog import Options, read_window
from detectors.fixed import read_fixed
from detectors.fold import zeros
from detectors.reading import Reading
from service.candidates import candidates
from service.changes import name_changes, since_change
from service.evidence_readings import evidence_readings
from service.found import Turn, findings_of
from service.gating import Gating
from service.sequential import CHANGE, SequenceState
from service.settings import DetectionSettings
from service.store.changes import ModelKey
from service.store.closing import ClosedPane, panes, put_sequences, segment_ticks, sequence_tick, sequences
from service.store.decisions import put_decisions
from service.store.reading_codec import BINS_KEPT, encode_readings
from service.store.records import add_findings, ms, newest_incidents, put_readings
from service.watchlist import Watchlist
from service.windows import DAYS_30_SECONDS, STEP, WINDOWS, Window, alpha

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
    gating: Gating
    tick_seconds: int
    told_at: Callable[[datetime], datetime]
    on_findings: Callable[[Sequence[tuple[Finding, str]]], None] = lambda findings: None
    on_decisions: Callable[[Decisions], None] = lambda decisions: None
    _held: tuple[int | None, dict[ModelKey, SequenceState]] = field(default=(None, {}))
    _evaluated: tuple[int | None, dict[ModelKey, SequenceState]] = field(default=(None, {}))

    def evaluate(self, connection: Connection, tick: int) -> None:
        """Evaluate the boundary that ends with `tick`: readings, findings, incidents, notices and audit are written."""
        watched = {key: baseline for key, baseline in self.watchlist.watched().items() if key.kind in WATCHED_KINDS}
        at = self._time(tick + 1)
        longest = timedelta(seconds=WINDOWS[-1].ticks * self.tick_seconds)
        turn = Turn(
            tick=tick,
            at=at,
            tick_seconds=self.tick_seconds,
            gated=self.detection.policy == "budget",
            tests=sum(
                (len(b.subjects) * TESTS_PER_SUBJECT + TESTS_PER_STREAM) * len(b.reference) for b in watched.values()
            ),
            incidents=newest_incidents(connection, ms(at - longest)),
            states=self._states(connection),
        )
        stepped = {key: self._step(connection, turn, key, baseline) for key, baseline in watched.items()}
        fresh = self.gating.raise_levels(watched, turn.states, tick)
        for key, places in fresh.items():
            name_changes(connection, self.gating.monitors(key, watched[key]), key, turn.states[key], places, tick)
        for window in WINDOWS:
            if window.ends_with(tick) or window is WINDOWS[0]:
                self._read(connection, turn, window, watched, stepped if window is WINDOWS[0] else {})
        if turn.gated:
            self._since_change(connection, turn, watched)
        self._decide(connection, turn)
        cleared = turn.cleared(self.policy.ladder)
        for key, baseline in watched.items():
            monitors, evidence = self.gating.monitors(key, baseline), self.gating.gathered(key).evidence
            turn.begin_anew(key, monitors, evidence, cleared)
        put_sequences(connection, tick, [(key, turn.states[key].encode()) for key in watched])
        self._evaluated = (tick, turn.states)

    def kept(self) -> None:
        """Take note that the transaction of the last evaluation is through: its states need not be read again."""
        self._held = self._evaluated

    def _states(self, connection: Connection) -> dict[ModelKey, SequenceState]:
        """The states after the last evaluation: those in memory when it was ours, else those in the store."""
        tick, states = self._held
        # Until this transaction is through, what is in memory belongs to no evaluation that the store knows.
        self._held = self._evaluated = (None, {})
        if tick is not None and tick == sequence_tick(connection):
            return states
        return {key: SequenceState.decode(content) for key, content in sequences(connection).items()}

    def _step(self, connection: Connection, turn: Turn, key: ModelKey, baseline: Baseline) -> list[Reading]:
        """Take the ticks since the last boundary in; gives what the tick-by-tick detectors say."""
        state = turn.states.setdefault(key, SequenceState())
        first = turn.tick - turn.tick % STEP
        ticks = segment_ticks(connection, key, baseline.id, first, turn.tick)
        state.gather(self.gating.monitors(key, baseline), first, ticks)
        options = self._options(WINDOWS[0], turn.tests)
        name = WINDOWS[0].name(self.tick_seconds)
        whole = [counts.get("") for counts in ticks]
        successor = turn.successor(key)
        return state.step(baseline, first, whole, self.detection, self.tick_seconds, options.alpha, name, successor)

    def _read(
        self,
        connection: Connection,
        turn: Turn,
        window: Window,
        watched: Mapping[ModelKey, Baseline],
        stepped: Mapping[ModelKey, list[Reading]],
    ) -> None:
        """Read one window of every watched stream; the shortest window also carries the tick-by-tick detectors."""
        name = window.name(self.tick_seconds)
        options = self._options(window, turn.tests)
        merged = panes(connection, window.span, turn.tick + 1 - window.ticks, turn.tick)
        ticks = turn.tick + 1 - window.ticks, turn.tick
        rows: dict[Stream, bytes] = {}
        for key, baseline in watched.items():
            for segment in baseline.reference:
                stream = Stream(key.kind, key.model, key.version, segment)
                pane = merged.get((stream, baseline.id)) or ClosedPane(zeros(baseline), 0, -1)
                readings = read_window(baseline, segment, pane.counts, name, options, ticks)
                if not turn.gated:
                    readings = self._fixed(baseline, segment, pane.counts, window, readings)
                if not segment:
                    readings += stepped.get(key, [])
                if window is WINDOWS[0]:
                    readings += self._evidence(key, baseline, turn, segment, pane.counts, name)
                rows[stream] = encode_readings(readings)
                turn.state(stream).settle(segment, readings)
                since = turn.at - timedelta(seconds=window.ticks * self.tick_seconds)
                turn.findings += findings_of(turn, self.gating, stream, readings, since, pane.last_row)
        put_readings(connection, turn.tick, name, rows)

    def _fixed(
        self, baseline: Baseline, segment: str, counts: Counts, window: Window, readings: Sequence[Reading]
    ) -> list[Reading]:
        """Put the fixed thresholds' readings in the place of ours; rates of bad values stay as they are."""
        times = DAYS_30_SECONDS / (self.tick_seconds * window.step)
        fixed = read_fixed(
            baseline, segment, counts, window.name(self.tick_seconds), psi_min=self.detection.psi_fixed[0],
            ks_p=self.detection.ks_p_fixed, events_min=self.detection.events_min, times=times,
        )  # fmt: skip
        return [*fixed, *(reading for reading in readings if reading.detector not in ("psi", "ks"))]

    def _evidence(
        self, key: ModelKey, baseline: Baseline, turn: Turn, segment: str, counts: Counts, window: str
    ) -> list[Reading]:
        monitors, levels = self.gating.monitors(key, baseline), turn.states[key].levels_of()
        return evidence_readings(monitors, self.gating.gathered(key), levels, segment, counts, window)

    def _since_change(self, connection: Connection, turn: Turn, watched: Mapping[ModelKey, Baseline]) -> None:
        """Read what came since each change began, which no fixed window shows undiluted."""
        # That something changed is settled by the evidence; what is read here is how much, so that any p-value will do.
        options = replace(self._options(WINDOWS[0], turn.tests), alpha=1.0)
        for key, baseline in watched.items():
            for stream, onset, pane in since_change(connection, key, baseline, turn.states[key], turn.tick):
                readings = read_window(baseline, stream.segment, pane.counts, CHANGE, options, (onset, turn.tick))
                turn.findings += findings_of(
                    turn, self.gating, stream, readings, self._time(onset), pane.last_row, onset=onset
                )

    def _options(self, window: Window, tests: int) -> Options:
        return Options(
            alpha=alpha(
                window,
                tests=tests,
                pages_per_30_days=self.detection.pages_per_30_days,
                tick_seconds=self.tick_seconds,
            ),
            confidence=self.detection.confidence,
            events_min=self.detection.events_min,
            psi_floor=self.policy.ladder.psi[0],
            ks_distance_min=self.detection.ks_distance_min,
            rate_change_min=self.detection.rate_change_min,
        )

    def _decide(self, connection: Connection, turn: Turn) -> None:
        """Record what began to drift, then let alerting decide what becomes of everything that was found."""
        fresh = []
        for finding in turn.findings:
            tier = self.policy.ladder.tier(finding)
            if tier is not None and turn.state(finding.stream).is_news(finding, str(tier)):
                fresh.append((finding, str(tier)))
        add_findings(connection, turn.tick, [(f, tier, _row(f)) for f, tier in fresh])
        self.on_findings(fresh)
        if not turn.findings:
            return
        now = self.told_at(turn.at)
        decisions = decide(
            turn.findings, turn.incidents, self.gating.table, self.policy, now, partial(candidates, connection)
        )
        turn.take(decisions.incidents)
        put_decisions(connection, decisions, now)
        self.on_decisions(decisions)

    def _time(self, tick: int) -> datetime:
        return datetime.fromtimestamp(tick * self.tick_seconds, UTC)


def _row(finding: Finding) -> str:
    """A finding as its row keeps it: its incident has all the bins."""
    return msgspec.json.encode(replace(finding, moves=finding.moves[:BINS_KEPT])).decode()
