"""A whole line over a list of events, with clocks that tests hold in their hands."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from alerting.decide import Decisions, IncidentChange
from alerting.finding import Finding
from alerting.notice import Notice
from alerting.ownership_file import parse_ownership
from benchmarks.simulated import MODEL, VERSION, baseline
from service.build import Line, line
from service.events.record import Record
from service.settings import Settings
from service.sources.list import ListSource
from service.store.changes import ModelKey
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from tests.e2e.workers import OWNERS

BEGIN_MS = 1_704_067_200_000
WALL_MS = BEGIN_MS + 400 * 86_400_000
"""What the wall clock says: long after every event of a test."""
BEGIN = datetime.fromtimestamp(BEGIN_MS / 1000, UTC)


@dataclass(slots=True)
class Played:
    """What a run said, and the store it left."""

    store: Store
    parts: Line
    findings: list[tuple[Finding, str]] = field(default_factory=list)
    changes: list[IncidentChange] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def decided(self, decisions: Decisions) -> None:
        """Keep what alerting decided."""
        self.changes.extend(decisions.changes)
        self.notices.extend(decisions.notices)


def prepare(folder: Path, *, watched: bool = True, **sections: dict[str, object]) -> Played:
    """A store and a line on it; `sections` are settings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings.model_validate({"store": {"url": f"sqlite:///{folder}/s.db"}, **sections})
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds, durable=False)
    if watched:
        with store.write() as connection:
            put_baseline(connection, ModelKey("prediction", MODEL, VERSION), baseline(), "test", BEGIN_MS)
    ownership = parse_ownership(OWNERS, "owners.yaml")
    played: Played
    parts = line(
        settings, store, lambda: ownership, wall_ms=lambda: WALL_MS, monotonic=_Steps(), told_at=lambda at: at,
        on_findings=lambda found: played.findings.extend(found), on_decisions=lambda made: played.decided(made),
    )  # fmt: skip
    played = Played(store, parts)
    return played


def play(played: Played, partitions: dict[str, Sequence[bytes]]) -> Played:
    """Run the events of each partition to their end."""
    source = ListSource(
        {name: [Record(i, value) for i, value in enumerate(values)] for name, values in partitions.items()}
    )
    asyncio.run(played.parts.watch(lambda: source, live=False).run(asyncio.Event()))
    return played


@dataclass(slots=True)
class _Steps:
    """A monotonic clock that moves a little at each look."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now
