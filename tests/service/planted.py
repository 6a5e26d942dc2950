"""A model whose values change where a test plants it, played through the real line five ticks at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from alerting.decide import Decisions, IncidentChange
from alerting.finding import Finding, Stream
from alerting.ownership_file import parse_ownership
from detectors.baseline import Baseline, Counts
from detectors.columns import Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold
from detectors.reading import Reading
from service.build import Line, line
from service.sequential import SequenceState
from service.settings import Settings
from service.store.apply import apply
from service.store.changes import ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.closing import sequences
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.reading_codec import decode_readings
from service.store.schema import reading
from tests.e2e.workers import OWNERS

KEY = ModelKey("prediction", "loans", "1")
STREAM = Stream("prediction", "loans", "1")
FIRST = 14_400
"""Where an hour and a day begin."""

EVENTS = 300
COUNTRIES = ("DE", "FR", "NO", "SE")


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the reference: the location of income, its missing values, a country that is gone."""

    shift: float = 0.0
    missing: float = 0.0
    gone: str = ""


NOTHING = Change()


def rows(count: int, seed: int, change: Change = NOTHING) -> dict[str, list[Scalar]]:
    """Columns of some events."""
    rng = np.random.default_rng(seed)
    income = rng.normal(change.shift, 1.0, count).tolist()
    lost = (rng.random(count) < 0.01 + change.missing).tolist()
    weights = [0.4 * (c == "DE") + 0.2 * (c != "DE") if c != change.gone else 0.0 for c in COUNTRIES]
    return {
        "income": [None if gone else value for value, gone in zip(income, lost, strict=True)],
        "country": rng.choice(COUNTRIES, count, p=np.array(weights) / sum(weights)).tolist(),
        "known": (rng.random(count) < 0.7).tolist(),
    }


def fitted(count: int = 8_000, seed: int = 1) -> Baseline:
    """A reference of so many events."""
    return fit(rows(count, seed), categories_max=100, segments_max=10)


BASELINE = fitted()


def counted(baseline: Baseline, seed: int, change: Change = NOTHING, events: int = EVENTS) -> Counts:
    """The counts of some events."""
    columns = rows(events, seed, change)
    return fold(baseline, columns_of(baseline, [{name: columns[name][i] for name in columns} for i in range(events)]))


@dataclass(slots=True)
class Planted:
    """A store that is evaluated, and what was said; `restart` goes on over the same store in a new process' stead."""

    settings: Settings
    store: Store
    parts: Line
    baseline: Baseline = BASELINE
    next: int = FIRST
    findings: list[tuple[int, Finding, str]] = field(default_factory=list)
    changes: list[IncidentChange] = field(default_factory=list)

    def play(self, ticks: int, change: Change = NOTHING, *, events: int = EVENTS) -> None:
        """Let so many ticks pass, a multiple of five, and evaluate every boundary among them."""
        for first in range(self.next, self.next + ticks, 5):
            panes = {
                (STREAM, tick): PaneDelta(
                    events, (tick + 1) * events - 1, counted(self.baseline, tick, change, events), self.baseline.id
                )
                for tick in range(first, first + 5)
            }
            self._apply(first, panes, events)
            self.next = first + 5
            self.parts.closer.close_due(live=True)

    def _apply(self, first: int, panes: dict[tuple[Stream, int], PaneDelta], events: int) -> None:
        lo = first * EVENTS if first > FIRST else 0
        total = 5 * events
        filler = 5 * EVENTS - total + (FIRST * EVENTS if first == FIRST else 0)
        made = PartitionDelta(
            "kafka", "t/0", lo, lo + total + filler, Outcomes(accepted=total, filtered=filler), (first + 5) * 60_000,
            None, None, panes, baselines={KEY: self.baseline.id},
        )  # fmt: skip
        assert not apply(self.store, [made], 1).refused

    def watch(self, baseline: Baseline) -> None:
        """Put another baseline in force."""
        self.baseline = baseline
        with self.store.write() as connection:
            put_baseline(connection, KEY, baseline, "test", 0)

    def restart(self) -> None:
        """Forget everything that is in memory."""
        self.parts = _line(self)

    def state(self) -> SequenceState:
        """What the store holds of the model's sequences."""
        with self.store.read() as connection:
            return SequenceState.decode(sequences(connection)[KEY])

    def esr(self, tick: int) -> list[Reading]:
        """The evidence that was read at the boundary which ends with a tick."""
        with self.store.read() as connection:
            row = connection.execute(
                reading.select().where(reading.c.tick == tick, reading.c.window == "5m", reading.c.segment == "")
            ).one()
        return [one for one in decode_readings(row.content, "5m") if one.detector == "esr"]

    def keep(self, found: Sequence[tuple[Finding, str]]) -> None:
        """Keep what was recorded as news."""
        self.findings += [(self.next - 1, finding, tier) for finding, tier in found]

    def decided(self, made: Decisions) -> None:
        """Keep what became of incidents."""
        self.changes += made.changes


def planted(folder: Path, baseline: Baseline = BASELINE, **sections: dict[str, object]) -> Planted:
    """A store whose one model version is watched; `sections` are settings."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder}/s.db"
    settings = Settings.model_validate({"store": {"url": url}, "time": {"lateness_seconds": 0}, **sections})
    store = open_store(url, tick_seconds=60, durable=False)
    blank = line(settings, store, lambda: parse_ownership(OWNERS), wall_ms=lambda: 0, monotonic=lambda: 0.0)
    made = Planted(settings, store, blank)
    made.watch(baseline)
    made.restart()
    return made


def _line(made: Planted) -> Line:
    table = parse_ownership(OWNERS)
    return line(
        made.settings, made.store, lambda: table, wall_ms=lambda: 0, monotonic=lambda: 0.0, told_at=lambda at: at,
        on_findings=made.keep, on_decisions=made.decided,
    )  # fmt: skip
