"""What changed shortly before an incident began: what this service knows of, as candidates for the cause."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from alerting.audit import Json
from alerting.finding import Stream

CandidateKind: TypeAlias = Literal["version", "baseline", "deploy"]

CANDIDATES_MAX = 5
LOOK_BACK = timedelta(hours=24)
SLACK = timedelta(minutes=10)
"""How long after the dated beginning a candidate may lie: changes are dated to five minutes, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that happened to a model: what, when (UTC), and why it may matter; `link` leads to more of it."""

    kind: CandidateKind
    what: str
    at: datetime
    reason: str
    link: str = ""

    def to_json_object(self) -> dict[str, Json]:
        """Give it as JSON values."""
        return {
            "kind": self.kind, "what": self.what, "at": self.at.isoformat(), "reason": self.reason, "link": self.link,
        }  # fmt: skip


Candidates: TypeAlias = Callable[[Stream, datetime], Sequence[Candidate]]
"""Gives what is known to have happened to the model of a stream shortly before a change of it began."""


def nothing_known(stream: Stream, began: datetime) -> Sequence[Candidate]:
    """Know of nothing: where there is no store to ask."""
    return ()


def chosen(found: Sequence[Candidate], onset: datetime) -> tuple[Candidate, ...]:
    """Choose the candidates that lie in the day before an onset, the nearest to it first, at most five."""
    near = [one for one in found if onset - LOOK_BACK <= one.at <= onset + SLACK]
    return tuple(sorted(near, key=lambda one: (abs(one.at - onset), one.kind, one.what))[:CANDIDATES_MAX])


def lines(candidates: Sequence[Candidate], onset: datetime) -> Iterator[str]:
    """Put them into words, one line each; names come from other people and are cleaned by the caller."""
    if not candidates:
        yield "Nothing that this service knows of."
    for one in candidates:
        link = f": {one.link}" if one.link else ""
        yield f"{one.at:%Y-%m-%d %H:%M} UTC, {apart(one.at, onset)}: {one.what}; {one.reason}{link}"


def apart(at: datetime, onset: datetime) -> str:
    """Say how far a time lies from the onset, in its largest unit.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> [apart(noon + timedelta(minutes=m), noon) for m in (-130, -65, -15, 0, 4)]
    ['2 h before', '1 h before', '15 min before', 'at the same time', '4 min after']
    """
    minutes = round((at - onset).total_seconds() / 60)
    if not minutes:
        return "at the same time"
    size = abs(minutes)
    span = f"{size} min" if size < 60 else f"{size // 60} h"
    return f"{span} {'before' if minutes < 0 else 'after'}"
