"""Why a record is no event: one word for counting, one sentence for whoever sent it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Reason: TypeAlias = Literal[
    "tombstone",
    "too_large",
    "unsupported_content_type",
    "bad_utf8",
    "not_json",
    "not_an_object",
    "unknown_type",
    "missing_field",
    "wrong_type",
    "naive_time",
    "bad_time",
    "too_long",
    "too_many_features",
]
"""A closed set, so that it can label a metric; docs/events.md says what each one means and what to do."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no event; `detail` names the field, what was found there and what is wanted."""

    reason: Reason
    detail: str


SHOWN_CHARS_MAX = 60


def shown(value: object) -> str:
    """Show a value in a sentence, however long it is.

    >>> shown("a" * 100)[:12], shown(7)
    ("'aaaaaaaaaaa", '7')
    """
    if isinstance(value, list | dict):
        return f"an array of {len(value)}" if isinstance(value, list) else f"an object of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value[:SHOWN_CHARS_MAX]) if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}…"
