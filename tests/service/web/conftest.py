"""A browser for the pages that people read."""

from tests.components.fixtures import chromium

__all__ = ["chromium"]
