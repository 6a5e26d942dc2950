"""From a family of the catalog to the client library's own object."""

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from service.metrics.catalog import Family


def gauge(family: Family, value: float | None = None) -> GaugeMetricFamily:
    """Make an empty gauge family, or one with its only sample."""
    made = GaugeMetricFamily(family.stem, family.meaning, labels=family.labels)
    if value is not None:
        made.add_metric((), value)
    return made


def counter(family: Family, value: float | None = None) -> CounterMetricFamily:
    """Make an empty counter family, or one with its only sample."""
    made = CounterMetricFamily(family.stem, family.meaning, labels=family.labels)
    if value is not None:
        made.add_metric((), value)
    return made
