"""All columns of a stream's events: its features, its score and whatever else its baseline watches."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from alerting.finding import EventKind
from detectors.baseline import Baseline
from detectors.columns import Column, Columns, Flaw
from service.events.event import Event
from service.events.plain_column import plain_column
from service.events.reader import FeatureReader
from service.events.subjects import FIELDS, feature_of


class StreamReader:
    """Reads events of one kind into the columns of one baseline."""

    def __init__(self, kind: EventKind, baseline: Baseline, string_chars_max: int) -> None:
        self._chars_max = string_chars_max
        self._fields = [subject for subject in baseline.subjects if subject.name in FIELDS[kind]]
        named = ((feature_of(kind, subject.name), subject) for subject in baseline.subjects)
        watched = {feature: subject for feature, subject in named if feature is not None}
        self._features = FeatureReader(watched, string_chars_max) if kind in ("prediction", "feature") else None

    def read(self, events: Sequence[Event]) -> Columns:
        """Give the columns of some events of one stream; the order of events within them is the same in all."""
        if self._features is None:
            columns: dict[str, Column] = {}
            flaws: dict[tuple[str, Flaw], int] = {}
            unknown = 0
        else:
            # A stream holds events of one kind, and those of this kind have features.
            texts: list[Raw | Mapping[str, object]] = [
                event.body.features if event.loose is None else event.loose  # type: ignore[union-attr]
                for event in events
            ]
            found = self._features.read(texts)
            if found.behind:
                last = set(found.behind)
                ahead = [event for place, event in enumerate(events) if place not in last]
                events = ahead + [events[place] for place in found.behind]
            columns, flaws, unknown = found.columns, found.flaws, found.unknown
        for subject in self._fields:
            raw = [getattr(event.body, subject.name) for event in events]
            column, wrong = plain_column(subject, raw, self._chars_max)
            columns[subject.name] = column
            flaws |= {(subject.name, flaw): times for flaw, times in wrong.items()}
        return Columns(len(events), columns, flaws, unknown)
