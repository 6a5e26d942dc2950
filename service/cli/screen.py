"""Where commands draw tables and bars."""

import sys

from rich.console import Console

_WIDE = 160
"""Columns for a file or a pipe, which has no width of its own."""


def screen(*, stderr: bool = False) -> Console:
    """Give the console of standard output or standard error; a table keeps its width when nobody looks at it."""
    looked_at = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=None if looked_at else _WIDE)
