r"""Names that other people chose, made harmless where a person or a line-based program reads them.

A line feed in a model's name could begin a line of the log that we never wrote, an escape could colour a terminal, and
an override of the writing direction could turn a page around.
"""

import logging

_KEPT = "\n\t"


def on_one_line(text: str) -> str:
    r"""Write every character that is not printable as its escape.

    >>> on_one_line("credit\n2026-01-01 CRITICAL")
    'credit\\n2026-01-01 CRITICAL'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def visible(text: str) -> str:
    r"""Do the same but for line feeds and tabs, which a text may have.

    >>> visible("one\ntwo\u202e")
    'one\ntwo\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c in _KEPT else on_one_line(c) for c in text)


class OneLine(logging.Formatter):
    """Writes each message on one line; what follows a message is a traceback, as it always is."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # The name is that of logging.
        """Give the line of a record."""
        return on_one_line(super().formatMessage(record))
