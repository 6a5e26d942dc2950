"""Fixtures for the fetched components; a folder's conftest.py takes what it needs by importing it."""

from pathlib import Path

import pytest

from tests.components.need import need


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' own checker of rules, metrics and configuration."""
    return need("promtool")


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    """The server itself; `tests.components.prometheus.running` starts it."""
    return need("prometheus")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A browser for the pages that people read."""
    return need("chromium")
