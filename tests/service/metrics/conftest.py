"""Real programs that read what is exposed."""

from tests.components.fixtures import prometheus_binary, promtool

__all__ = ["prometheus_binary", "promtool"]
