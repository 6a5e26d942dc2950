"""Which subject a value of an event is watched under."""

import re
from typing import Final

from alerting.finding import EventKind
from service.events.native import Body

SCORE: Final = "prediction"
LATENCY: Final = "latency_ms"
SEGMENT: Final = ""
"""Where a row keeps its segment; no subject has this name."""

FIELDS: Final[dict[EventKind, tuple[str, ...]]] = {
    "prediction": (SCORE, LATENCY),
    "feature": (),
    "label": ("label",),
    "health": ("latency", "errors", "cpu", "memory", "deployment"),
}
"""The fields outside `features` that are watched, by kind of event; the subject has the field's name."""

_RESERVED = re.compile(rf"(?:feature:)*(?:{SCORE}|{LATENCY}|)")


def subject_of(feature: str) -> str:
    """Name the subject of a feature: its own name, unless something else of the event is called so.

    >>> subject_of("income"), subject_of("prediction"), subject_of("feature:prediction")
    ('income', 'feature:prediction', 'feature:feature:prediction')
    """
    return f"feature:{feature}" if _RESERVED.fullmatch(feature) else feature


def feature_of(kind: EventKind, subject: str) -> str | None:
    """Name the feature that a subject watches; None when it watches another field, or nothing that events have.

    >>> feature_of("prediction", "income"), feature_of("prediction", "prediction"), feature_of("label", "income")
    ('income', None, None)
    """
    if kind in ("label", "health") or subject in FIELDS[kind]:
        return None
    return subject.removeprefix("feature:") if _RESERVED.fullmatch(subject) else subject


def fields_of(body: Body) -> dict[str, object]:
    """Give what an event says outside its features, by subject; metrics that were not sent are left out."""
    said = {name: getattr(body, name) for name in FIELDS[body.kind]}
    return {name: value for name, value in said.items() if value is not None or name in (SCORE, "label")}
