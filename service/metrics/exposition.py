"""The page Prometheus scrapes, as text 0.0.4 or OpenMetrics; monitors are rendered once per closed tick."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from service.metrics import catalog
from service.metrics.families import gauge
from service.metrics.monitors import monitor_families
from service.metrics.service import ServiceCollector
from service.progress import Progress
from service.settings import Settings
from service.store.engine import Store
from service.store.views import current_readings, newest_tick
from service.watchlist import Watchlist

Format: TypeAlias = Literal["text", "openmetrics"]

CONTENT_TYPES: dict[Format, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

_END = b"# EOF\n"


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered to a scrape."""

    body: bytes
    content_type: str


@dataclass(slots=True)
class _Block:
    """The monitors as of one tick, rendered in the formats that were asked for."""

    tick: int | None
    families: Sequence[Metric]
    series: int
    rendered: dict[Format, bytes] = field(default_factory=dict)

    def collect(self) -> Iterable[Metric]:
        return self.families


class Metrics:
    """Renders /metrics; call it in a thread, since it reads the store and a new tick's monitors take their time."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        progress: Progress,
        watchlist: Watchlist,
        wall_ms: Callable[[], int],
        registry: CollectorRegistry | None = None,
    ) -> None:
        """Collect on `registry`, by default one of our own; the library's global one is never touched."""
        self._store = store
        self._series_max = settings.limits.series_max
        self._block = _Block(None, (gauge(catalog.SERIES_DROPPED, 0),), 0)
        self._lock = Lock()
        self._registry = registry if registry is not None else CollectorRegistry()
        self._registry.register(
            ServiceCollector(store, settings, progress, watchlist, wall_ms, lambda: self._block.series)
        )
        ProcessCollector(registry=self._registry)

    def render(self, accept: str = "") -> Page:
        """Render the page in the best format the Accept header allows; text 0.0.4 unless OpenMetrics is asked for."""
        wanted = _format(accept)
        with self._lock:
            monitors = self._monitors(wanted)
        encode, _ = choose_encoder(CONTENT_TYPES[wanted])
        return Page(monitors + encode(self._registry), CONTENT_TYPES[wanted])

    def _monitors(self, wanted: Format) -> bytes:
        tick = newest_tick(self._store)
        if tick != self._block.tick:
            exported = monitor_families(current_readings(self._store), self._series_max)
            families = (*exported.families, gauge(catalog.SERIES_DROPPED, exported.dropped))
            self._block = _Block(tick, families, exported.series)
        if wanted not in self._block.rendered:
            encode, _ = choose_encoder(CONTENT_TYPES[wanted])
            self._block.rendered[wanted] = encode(self._block).removesuffix(_END)
        return self._block.rendered[wanted]


def _format(accept: str) -> Format:
    """Choose the format by the media ranges of an Accept header.

    >>> _format("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")
    'openmetrics'
    >>> _format("text/html,*/*;q=0.1")
    'text'
    """
    for media in accept.lower().split(","):
        name, *parameters = (part.strip() for part in media.split(";"))
        if name == "application/openmetrics-text" and "q=0" not in parameters:
            return "openmetrics"
    return "text"
