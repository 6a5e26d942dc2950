"""Real programs that the tests of this folder need."""

from tests.components.fixtures import prometheus_binary, promtool

__all__ = ["prometheus_binary", "promtool"]
