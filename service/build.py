"""The parts that `serve` and `backtest` share: from settings to the objects of the straight line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alerting.decide import Decisions
from alerting.finding import Finding
from alerting.ownership import Ownership
from alerting.policy import Policy
from alerting.tiers import Ladder
from service.accounting import Accountant, TimeRules
from service.close import Closer
from service.evaluate import Evaluator
from service.events.decode import DecodeLimits, Decoder
from service.gating import Gating
from service.lineage import lineage
from service.pipeline import Watch
from service.progress import Progress
from service.rendering import note_faults
from service.settings import Settings
from service.sources.source import Source
from service.store.engine import Store
from service.watchlist import Watchlist


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line of one worker, without its sources."""

    store: Store
    watchlist: Watchlist
    closer: Closer
    progress: Progress
    settings: Settings
    wall_ms: Callable[[], int]
    monotonic: Callable[[], float]

    def watch(self, build: Callable[[], Source], *, live: bool = True) -> Watch:
        """A loop over one source; each loop keeps its own books, all share the store, the watchlist and the closer."""
        return Watch(
            build=build,
            store=self.store,
            accountant=accountant(self.settings, self.watchlist, self.wall_ms if live else None),
            watchlist=self.watchlist,
            closer=self.closer,
            progress=self.progress,
            settings=self.settings,
            wall_ms=self.wall_ms,
            monotonic=self.monotonic,
            live=live,
        )


def line(
    settings: Settings,
    store: Store,
    ownership: Callable[[], Ownership],
    *,
    wall_ms: Callable[[], int],
    monotonic: Callable[[], float],
    told_at: Callable[[datetime], datetime] | None = None,
    on_findings: Callable[[Sequence[tuple[Finding, str]]], None] = lambda findings: None,
    on_decisions: Callable[[Decisions], None] = lambda decisions: None,
) -> Line:
    """Put the line together; nothing is started and nothing is read yet."""
    progress = Progress()

    gating = Gating(settings.detection, ownership, settings.time.tick_seconds, lineage(settings))

    def closed(ticks: int) -> None:
        progress.ticks += ticks
        progress.covered = gating.covered()

    def decided(decisions: Decisions) -> None:
        progress.fallbacks += len(decisions.fallback_used)
        note_faults(decisions.notices, progress)
        on_decisions(decisions)

    watchlist = Watchlist(store, settings.limits.models_max, settings.baseline.learn)
    evaluator = Evaluator(
        watchlist=watchlist,
        detection=settings.detection,
        policy=policy(settings),
        gating=gating,
        tick_seconds=settings.time.tick_seconds,
        told_at=told_at or (lambda at: datetime.fromtimestamp(wall_ms() / 1000, UTC)),
        on_findings=on_findings,
        on_decisions=decided,
    )
    closer = Closer(
        store=store,
        watchlist=watchlist,
        evaluator=evaluator,
        tick_ms=settings.time.tick_seconds * 1000,
        lateness_ms=round(settings.time.lateness_seconds * 1000),
        wall_ms=wall_ms,
        on_close=closed,
    )
    return Line(store, watchlist, closer, progress, settings, wall_ms, monotonic)


def accountant(settings: Settings, watchlist: Watchlist, wall_ms: Callable[[], int] | None = None) -> Accountant:
    """New books for one source; with a wall clock, events dated after it are refused."""
    limits = settings.limits
    times = settings.time
    return Accountant(
        decoder=Decoder(
            DecodeLimits(
                record_bytes_max=settings.kafka.record_bytes_max,
                features_max=limits.features_max,
                string_chars_max=limits.string_chars_max,
            )
        ),
        watchlist=watchlist,
        times=TimeRules(
            tick_ms=times.tick_seconds * 1000,
            lateness_ms=round(times.lateness_seconds * 1000),
            skew_ms=round(times.skew_seconds * 1000),
            age_ms_max=round(times.age_seconds_max * 1000),
        ),
        memory_events_max=limits.memory_events_max,
        wall_ms=wall_ms,
    )


def ladder(settings: Settings) -> Ladder:
    """The tiers' thresholds."""
    alerting, fixed = settings.alerting, settings.detection.psi_fixed
    if settings.detection.policy == "fixed":
        # Below the lower threshold nothing drifts, so that the first rung is never earned by itself.
        return Ladder(psi=(fixed[0] / 2, *fixed), ks=alerting.ks_tiers, rate=alerting.rate_tiers, by_value=True)
    return Ladder(psi=alerting.psi_tiers, ks=alerting.ks_tiers, rate=alerting.rate_tiers)


def policy(settings: Settings) -> Policy:
    """What alerting needs to know of the settings."""
    alerting = settings.alerting
    return Policy(
        ladder=ladder(settings),
        notify_from=alerting.notify_from,
        clear_evaluations=alerting.clear_evaluations,
        confidence=settings.detection.confidence,
        owners_file=str(settings.alerting.owners),
        runbook_url=alerting.runbook_url,
        public_url=settings.api.public_url,
        importance=settings.detection.importance,
        notices_max=alerting.notices_max,
        lineage=lineage(settings),
    )
