"""From records to a delta: every record of a batch ends as accepted, duplicate, late, dead, filtered or gap."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alerting.finding import Stream
from detectors.baseline import DUPLICATES, EVENTS, Baseline, Counts
from detectors.fold import fold, merge, zeros
from service.events.decode import Decoder, Event, Rejected
from service.events.record import Batch, Record
from service.store.changes import DeadLetter, ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.partitions import Memory
from service.watchlist import Watchlist

FOLD_EVENTS = 512
"""Events folded at once: larger groups fall out of the processor's cache, smaller ones pay per call."""


@dataclass(frozen=True, slots=True)
class TimeRules:
    """Which event times are believed; all in milliseconds."""

    tick_ms: int
    lateness_ms: int
    skew_ms: int
    age_ms_max: int


@dataclass(slots=True)
class Accountant:
    """Takes batches of one worker's partitions and seals what they add to the store.

    Everything that decides an outcome is a function of the partition's own records, of the store and of the closes in
    its journal, never of how records were batched: the same log gives the same books after any crash.
    """

    decoder: Decoder
    watchlist: Watchlist
    times: TimeRules
    memory_events_max: int
    wall_ms: Callable[[], int] | None = None
    _now_ms: int | None = None
    _books: dict[tuple[str, str], "_Books"] = field(default_factory=dict)

    def begin(self, source: str, partition: str, memory: Memory) -> None:
        """Start a partition (or start it again) from what the store remembers of it."""
        self._books[source, partition] = _Books(memory)

    def knows(self, source: str, partition: str) -> bool:
        """Whether `begin` was called for the partition since it was last dropped."""
        return (source, partition) in self._books

    def drop(self, source: str, partition: str) -> None:
        """Forget a partition and what was folded of it but not committed."""
        self._books.pop((source, partition), None)

    def drop_all(self) -> None:
        """Forget every partition: what was not committed is read again."""
        self._books.clear()

    def take(self, batch: Batch) -> bool:
        """Account for one batch; False when it does not begin where the books end, which means: read again."""
        books = self._books[batch.source, batch.partition]
        if books.hi is not None and batch.lo != books.hi:
            return False
        if books.lo is None:
            books.lo = batch.lo
        books.hi = batch.hi
        books.end = batch.end
        books.outcomes.gap += batch.gap
        # A record's own time may come from the very clock that is wrong, so that live events are held to ours as well.
        self._now_ms = self.wall_ms() if self.wall_ms is not None else None
        for record in batch.records:
            self._account(books, record)
        return True

    def pending(self) -> int:
        """Records taken since the last seal."""
        return sum(
            books.hi - books.lo for books in self._books.values() if books.lo is not None and books.hi is not None
        )

    def seal(self) -> list[PartitionDelta]:
        """Fold what was taken and give one delta per partition that moved; the books go on from there."""
        return [
            self._seal(source, partition, books)
            for (source, partition), books in self._books.items()
            if books.lo is not None and books.hi is not None and books.hi > books.lo
        ]

    def closed_through(self, tick: int | None) -> None:
        """Learn that ticks up to and including `tick` are closed: their ids need not be remembered any more."""
        if tick is None:
            return
        for books in self._books.values():
            books.closed = tick
            for old in [t for t in books.seen if t <= tick]:
                books.remembered -= len(books.seen.pop(old))

    def _account(self, books: "_Books", record: Record) -> None:
        event = self.decoder.decode(record)
        if isinstance(event, Rejected):
            books.bury(record, event.reason, event.detail)
            return
        # The decoder gives the same stream object for all events of a stream: its identity spares hashing its names.
        line = books.lines.get(id(event.stream)) or self._line(books, event.stream)
        if line.refusal:
            books.bury(record, line.refusal, self._why(line))
            return
        time_ms, written_ms = event.time_ms, record.time_ms
        latest_ms = self._now_ms
        if written_ms is not None and (latest_ms is None or written_ms < latest_ms):
            latest_ms = written_ms
        if latest_ms is not None and time_ms > latest_ms + self.times.skew_ms:
            ahead = (time_ms - latest_ms) / 1000
            books.bury(
                record, "future_time", f"time: {time_ms} ms is {ahead:.0f} s after the record was written or read"
            )
            return
        tick = time_ms // self.times.tick_ms
        if self._is_late(books, written_ms, time_ms, tick):
            books.outcomes.late += 1
            return
        group = line.groups.get(tick)
        if group is None:
            # Only an event that is counted takes one of the places for model versions.
            line.refusal = self.watchlist.admit(line.key)
            if line.refusal:
                books.bury(record, line.refusal, self._why(line))
                return
            group = books.group(line, tick)
        if books.time_max_ms is None or time_ms > books.time_max_ms:
            books.time_max_ms = time_ms
        if event.id_hash is not None and not books.remember(tick, event.id_hash, self.memory_events_max):
            books.outcomes.duplicate += 1
            group.duplicates += 1
            return
        books.outcomes.accepted += 1
        group.events.append(event)

    def _is_late(self, books: "_Books", written_ms: int | None, time_ms: int, tick: int) -> bool:
        if books.closed is not None and tick <= books.closed:
            return True
        if written_ms is not None and time_ms < written_ms - self.times.age_ms_max:
            return True
        if books.time_max_ms is None:
            return False
        return (tick + 1) * self.times.tick_ms <= books.time_max_ms - self.times.lateness_ms

    def _line(self, books: "_Books", stream: Stream) -> "_Line":
        """Look once per page at what becomes of a stream's events."""
        key = ModelKey(stream.kind, stream.model, stream.version)
        # The whole page is folded with the baseline of this moment, whatever other loops learn in the meantime.
        baseline = books.baselines.setdefault(key, self.watchlist.baselines.get(key))
        # A segment is named only when it is watched on its own, so that segments cannot grow without limit.
        segment = stream.segment if baseline is not None and stream.segment in baseline.reference else ""
        line = books.lines[id(stream)] = _Line(stream, key, self.watchlist.refusal(key), segment)
        return line

    def _why(self, line: "_Line") -> str:
        return _REFUSALS[line.refusal].format(key=line.key, limit=self.watchlist.models_max)

    def _seal(self, source: str, partition: str, books: "_Books") -> PartitionDelta:
        panes: dict[tuple[Stream, int], PaneDelta] = {}
        learned: dict[ModelKey, list[bytes]] = {}
        folded: dict[ModelKey, str] = {}
        for (key, segment, tick), group in books.groups.items():
            baseline = books.baselines[key]
            folded[key] = baseline.id if baseline is not None else ""
            counts = None
            if baseline is None:
                learned.setdefault(key, []).extend(self.decoder.row_bytes(event) for event in group.events)
            else:
                counts = self._fold(baseline, group)
            last = max((event.offset for event in group.events), default=-1)
            stream = Stream(key.kind, key.model, key.version, segment)
            panes[stream, tick] = PaneDelta(len(group.events), last, counts, folded[key])
        assert books.lo is not None, "only partitions that moved are sealed"
        assert books.hi is not None, "only partitions that moved are sealed"
        delta = PartitionDelta(
            source, partition, books.lo, books.hi, books.outcomes, books.time_max_ms, books.end, books.closed,
            panes, books.fresh, books.letters, learned, folded,
        )  # fmt: skip
        books.turn_page()
        return delta

    def _fold(self, baseline: Baseline, group: "_Group") -> Counts:
        counts = zeros(baseline)
        for begin in range(0, len(group.events), FOLD_EVENTS):
            events = group.events[begin : begin + FOLD_EVENTS]
            counts = merge(counts, fold(baseline, self.decoder.columns(baseline, events)))
        assert counts[EVENTS] == len(group.events), "fold counts every event once"
        counts[DUPLICATES] += group.duplicates
        return counts


_REFUSALS = {
    "unknown_model": "model: {key.model!r} version {key.version!r} has no baseline and baseline.learn is off; "
    "fit one with `driftwarden baseline fit`",
    "model_limit": "model: {key.model!r} version {key.version!r} would be one more than limits.models_max = {limit}",
}


@dataclass(slots=True, eq=False)
class _Group:
    events: list[Event] = field(default_factory=list)
    duplicates: int = 0


@dataclass(slots=True, eq=False)
class _Line:
    """One stream on the open page; `stream` is kept so that its identity stays its own."""

    stream: Stream
    key: ModelKey
    refusal: str
    segment: str
    groups: dict[int, _Group] = field(default_factory=dict)


class _Books:
    """The open page of one partition."""

    __slots__ = (
        "baselines", "closed", "end", "fresh", "groups", "hi", "letters", "lines", "lo", "outcomes", "remembered",
        "seen", "time_max_ms",
    )  # fmt: skip

    def __init__(self, memory: Memory) -> None:
        self.lo: int | None = None
        self.hi = memory.next
        self.end: int | None = None
        self.time_max_ms = memory.time_max_ms
        self.seen = memory.seen
        self.remembered = sum(len(ids) for ids in memory.seen.values())
        self.closed = memory.closed
        self.turn_page()

    def turn_page(self) -> None:
        self.lo = self.hi
        self.outcomes = Outcomes()
        self.groups: dict[tuple[ModelKey, str, int], _Group] = {}
        self.lines: dict[int, _Line] = {}
        self.baselines: dict[ModelKey, Baseline | None] = {}
        self.letters: list[DeadLetter] = []
        self.fresh: dict[int, list[int]] = {}

    def group(self, line: _Line, tick: int) -> _Group:
        """The events of a line in one tick; streams whose segment is not watched share one group."""
        found = self.groups.setdefault((line.key, line.segment, tick), _Group())
        line.groups[tick] = found
        return found

    def bury(self, record: Record, reason: str, detail: str) -> None:
        self.outcomes.dead += 1
        self.letters.append(DeadLetter(record.offset, reason, detail, record.value, tuple(record.headers)))

    def remember(self, tick: int, id_hash: int, limit: int) -> bool:
        """Note an event id; False when it was seen before in the same tick. Past the limit ids are no longer kept."""
        seen = self.seen.get(tick)
        if seen is None:
            seen = self.seen[tick] = set()
        if id_hash in seen:
            return False
        if self.remembered < limit:
            seen.add(id_hash)
            fresh = self.fresh.get(tick)
            if fresh is None:
                fresh = self.fresh[tick] = []
            fresh.append(id_hash)
            self.remembered += 1
        return True
