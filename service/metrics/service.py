"""What the service says of itself: its books, its clock, its loops and its outbox."""

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import get_args

from prometheus_client.core import HistogramMetricFamily, InfoMetricFamily, Metric

from alerting.handling import TimerKind
from service.clock import PartitionTime, due
from service.heartbeat import Beat
from service.metrics import catalog
from service.metrics.families import counter, gauge
from service.progress import COMMIT_SECONDS_BOUNDS, Progress
from service.settings import Settings
from service.store.canaries import back_ms
from service.store.checkpoints import waiting_by_place
from service.store.engine import Store
from service.store.partitions import Partition, dead_reasons, partitions
from service.store.queries import incidents_open, incidents_owed, model_states
from service.store.records import clockless_count
from service.store.views import waiting
from service.watchlist import Watchlist

TIERS = ("observe", "investigate", "act", "blind")
"""Always exported, so that an alert on a tier sees 0 and not silence."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceCollector:
    """Collects everything but monitors; every number is read when it is asked for."""

    store: Store
    settings: Settings
    progress: Progress
    watchlist: Watchlist
    wall_ms: Callable[[], int]
    series_used: Callable[[], int]

    def collect(self) -> Iterable[Metric]:
        """Yield the families in the catalog's order."""
        known = partitions(self.store)
        yield from self._books(known)
        yield from self._loops()
        yield from self._alerting()
        yield from self._audit()
        yield from self._silence()
        yield from self._size()

    def _books(self, known: Sequence[Partition]) -> Iterable[Metric]:
        records, lag = counter(catalog.RECORDS), gauge(catalog.LAG)
        balanced = True
        for partition in known:
            labels = (partition.source, partition.partition)
            for outcome, count in asdict(partition.outcomes).items():
                records.add_metric((*labels, outcome), count)
            if partition.end is not None:
                lag.add_metric(labels, max(0, partition.end - partition.next))
            balanced = balanced and partition.outcomes.total() == partition.next - partition.begin
        yield records
        yield lag
        yield gauge(catalog.WATERMARK_DELAY, self._watermark_delay(known))
        yield counter(catalog.TICKS_CLOSED, self.progress.ticks)
        yield gauge(catalog.LEDGER_BALANCED, float(balanced))
        dead = counter(catalog.DEAD_LETTERS)
        for reason, count in dead_reasons(self.store).items():
            dead.add_metric((reason,), count)
        yield dead

    def _watermark_delay(self, known: Sequence[Partition]) -> float | None:
        times = self.settings.time
        now_ms = self.wall_ms()
        clock = due(
            [PartitionTime(p.time_max_ms, p.idle, p.updated_ms) for p in known if p.time_max_ms is not None],
            tick_ms=times.tick_seconds * 1000,
            lateness_ms=round(times.lateness_seconds * 1000),
            now_ms=now_ms,
            live=True,
        )
        return None if clock is None else (now_ms - clock.watermark_ms) / 1000

    def _loops(self) -> Iterable[Metric]:
        progress = self.progress
        yield _histogram(progress)
        yield counter(catalog.REWINDS, progress.rewinds)
        yield counter(catalog.REBUILDS, progress.rebuilds)
        refused = counter(catalog.REFUSED)
        # The loops write these dictionaries while we read: a copy is taken in one step.
        for reason, count in sorted(progress.refused.copy().items()):
            refused.add_metric((reason,), count)
        yield refused
        deliveries = counter(catalog.DELIVERIES)
        for labels, count in sorted(progress.delivered.copy().items()):
            deliveries.add_metric(labels, count)
        yield deliveries
        breakers = gauge(catalog.BREAKER_OPEN)
        for destination, is_open in sorted(progress.breakers.copy().items()):
            breakers.add_metric((destination,), float(is_open))
        yield breakers
        yield counter(catalog.UNREACHABLE, progress.unreachable)
        resends = counter(catalog.RESENDS)
        for labels, count in sorted(progress.resent.copy().items()):
            resends.add_metric(labels, count)
        yield resends

    def _alerting(self) -> Iterable[Metric]:
        held = waiting(self.store)
        pending, oldest_ms = held.get("pending", (0, None))
        yield gauge(catalog.OUTBOX_PENDING, pending)
        age = 0.0 if oldest_ms is None else max(0.0, (self.wall_ms() - oldest_ms) / 1000)
        yield gauge(catalog.OUTBOX_OLDEST, age)
        yield gauge(catalog.OUTBOX_DEAD, held.get("dead", (0, None))[0])
        tiers = gauge(catalog.INCIDENTS_OPEN)
        for tier, count in (dict.fromkeys(TIERS, 0) | incidents_open(self.store)).items():
            tiers.add_metric((tier,), count)
        yield tiers
        owed = gauge(catalog.INCIDENTS_OWED)
        for handling, count in (
            dict.fromkeys(("notified", "acked", "silenced"), 0) | incidents_owed(self.store)
        ).items():
            owed.add_metric((handling,), count)
        yield owed
        with self.store.read() as connection:
            yield gauge(catalog.CLOCKLESS, clockless_count(connection))
        ran_out = counter(catalog.ESCALATIONS)
        for kind in get_args(TimerKind):
            ran_out.add_metric((kind,), self.progress.escalated.get(kind, 0))
        yield ran_out
        yield gauge(catalog.ESCALATION_LATE, self.progress.escalation_late_seconds)
        yield counter(catalog.FALLBACKS, self.progress.fallbacks)
        yield gauge(catalog.OWNERSHIP_READ, 0 if self.progress.ownership_fault else 1)
        covered = gauge(catalog.OWNERSHIP_COVERED)
        for key, share in self.progress.covered.items():
            covered.add_metric((key.kind, key.model, key.version), share)
        yield covered
        failures = counter(catalog.RENDER_FAILURES)
        for what, count in self.progress.render_failures.copy().items():
            failures.add_metric((what,), count)
        yield failures
        for family, counts in ((catalog.LINK_USES, self.progress.link_uses), (catalog.HOOKS, self.progress.hooks)):
            found = counter(family)
            for outcome, count in sorted(counts.copy().items()):
                found.add_metric((outcome,), count)
            yield found

    def _audit(self) -> Iterable[Metric]:
        age, made = gauge(catalog.CHECKPOINT_AGE), counter(catalog.CHECKPOINTS)
        audit = self.settings.audit
        for place, since_ms in waiting_by_place(self.store, [place.name for place in audit.publish]).items():
            age.add_metric((place,), 0.0 if since_ms is None else max(0.0, (self.wall_ms() - since_ms) / 1000))
        yield age
        yield gauge(catalog.CHECKPOINT_SECONDS, audit.checkpoint_seconds if audit.publish else None)
        for labels, count in sorted(self.progress.checkpoints.copy().items()):
            made.add_metric(labels, count)
        yield made

    def _silence(self) -> Iterable[Metric]:
        seconds, beats = self.settings.canary.minutes * 60, counter(catalog.HEARTBEATS)
        since = back_ms(self.store) if seconds else None
        yield gauge(catalog.CANARY_AGE, None if since is None else max(0.0, (self.wall_ms() - since) / 1000))
        yield gauge(catalog.CANARY_SECONDS, seconds or None)
        for outcome in get_args(Beat) if self.settings.heartbeat.url else ():
            beats.add_metric((outcome,), self.progress.heartbeats.get(outcome, 0))
        yield beats

    def _size(self) -> Iterable[Metric]:
        models = gauge(catalog.MODELS)
        for state, count in ({"learning": 0, "watched": 0} | model_states(self.store)).items():
            models.add_metric((state,), count)
        yield models
        used, most = gauge(catalog.LIMIT_USED), gauge(catalog.LIMIT_MAX)
        used.add_metric(("limits.models_max",), len(self.watchlist.baselines))
        used.add_metric(("limits.series_max",), self.series_used())
        most.add_metric(("limits.models_max",), self.settings.limits.models_max)
        most.add_metric(("limits.series_max",), self.settings.limits.series_max)
        yield used
        yield most
        yield InfoMetricFamily(
            catalog.BUILD.stem,
            catalog.BUILD.meaning,
            value={"version": version("driftwarden"), "python": platform.python_version()},
        )


def _histogram(progress: Progress) -> HistogramMetricFamily:
    """Make Progress's counts per bucket cumulative, as the exposition wants them."""
    total = 0
    buckets = []
    for bound, count in zip((*map(str, COMMIT_SECONDS_BOUNDS), "+Inf"), list(progress.commit_buckets), strict=True):
        total += count
        buckets.append((bound, float(total)))
    made = HistogramMetricFamily(catalog.COMMIT_SECONDS.stem, catalog.COMMIT_SECONDS.meaning)
    made.add_metric((), buckets, progress.commit_seconds)
    return made
