"""The newest readings as gauges, under a budget of series: what drifts first, then in order of models."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from prometheus_client.core import GaugeMetricFamily

from detectors.reading import Reading, State
from service.metrics import catalog
from service.metrics.families import gauge
from service.store.queries import Read

Labels = tuple[str, str, str, str, str, str]

STATES: tuple[State, ...] = get_args(State)

_NUMBERS = (
    (catalog.MONITOR_VALUE, "value"),
    (catalog.MONITOR_LOW, "low"),
    (catalog.MONITOR_HIGH, "high"),
    (catalog.MONITOR_THRESHOLD, "threshold"),
)


@dataclass(frozen=True, slots=True)
class Exported:
    """Families ready to be rendered, how many series they hold, and how many were left out."""

    families: Sequence[GaugeMetricFamily]
    series: int
    dropped: int


def monitor_families(reads: Iterable[Read], series_max: int) -> Exported:
    """Turn readings into families of at most `series_max` series.

    A monitor is exported whole or not at all, so that no chart shows a value without its state. Kinds of event are no
    label: where a feature view bears a model's name and version, the first of the two keeps the labels and the other
    counts as dropped, since a scrape with the same series twice is refused.
    """
    families = {family.name: gauge(family) for family in catalog.MONITOR_FAMILIES}
    used = dropped = 0
    taken: set[Labels] = set()
    full = False
    for labels, reading in _by_urgency(reads):
        numbers = [(family, value) for family, value in _numbers(reading) if value is not None]
        series = len(numbers) + 1 + len(STATES)
        full = full or used + series > series_max
        if full or labels in taken:
            dropped += series
            continue
        used += series
        taken.add(labels)
        for name, value in numbers:
            families[name].add_metric(labels, value)
        families[catalog.MONITOR_EVENTS.name].add_metric(labels, reading.n)
        for state in STATES:
            families[catalog.MONITOR_STATE.name].add_metric((*labels, state), float(reading.state == state))
    return Exported(list(families.values()), used, dropped)


def _by_urgency(reads: Iterable[Read]) -> list[tuple[Labels, Reading]]:
    """List every monitor, the drifting ones first; the sort is stable, so the order of models stays."""
    every = [
        ((read.stream.model, read.stream.version, read.stream.segment, r.subject, r.detector, read.window), r)
        for read in reads
        for r in read.readings
    ]
    return sorted(every, key=lambda monitor: monitor[1].state != "drifting")


def _numbers(reading: Reading) -> Iterable[tuple[str, float | None]]:
    for family, name in _NUMBERS:
        value: float | None = getattr(reading, name)
        yield family.name, value if value is not None and math.isfinite(value) else None
