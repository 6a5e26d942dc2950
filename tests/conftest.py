"""What every test may ask for; the code is in the folders that the names come from."""

import pytest

from tests.kafka.fixtures import kafka, kafka_cluster

__all__ = ["kafka", "kafka_cluster"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let two workers share the suite: files stay whole, and whatever needs a broker stays with the one broker."""
    for item in items:
        group = "kafka" if item.get_closest_marker("kafka") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
