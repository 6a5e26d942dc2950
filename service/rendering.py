"""Words and pictures that a fault of ours kept from being made: counted and logged; the alert goes out all the same."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from alerting.notice import Notice
from alerting.outbox import Delivery
from alerting.picture import picture_of
from service.progress import Progress

log = logging.getLogger(__name__)

PICTURED = frozenset({"email"})
"""Sinks that attach a picture; the others link to it."""


def note_faults(notices: Iterable[Notice], progress: Progress) -> None:
    """Count and log the notices that had to be written in plain words."""
    for notice in notices:
        if notice.fault:
            progress.render_failures["notice"] += 1
            log.error("notice %s is sent in plain words, by a fault of this service: %s", notice.id, notice.fault)


def pictured(delivery: Delivery, progress: Progress) -> Delivery:
    """Give a delivery with the picture in `data.picture_svg`, where its sink attaches one and it can be drawn.

    It is drawn at each attempt, from the evidence in the payload, so that no copy of it is stored per destination.
    """
    about = delivery.payload.get("data")
    if delivery.target.sink not in PICTURED or not isinstance(about, dict) or not about.get("evidence"):
        return delivery
    drawn = drawn_or_none(lambda: picture_of(about), progress, delivery.incident_id)
    if drawn is None:
        return delivery
    return replace(delivery, payload={**delivery.payload, "data": {**about, "picture_svg": drawn}})


def drawn_or_none(draw: Callable[[], str], progress: Progress, incident_id: str) -> str | None:
    """Draw, or count and log why not: a picture is never worth an alert."""
    try:
        return draw()
    except Exception:  # Whatever the bug is, the words go out without it.
        progress.render_failures["picture"] += 1
        log.exception("no picture of incident %s, by a fault of this service", incident_id)
        return None
