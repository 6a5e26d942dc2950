"""Where features come from, as it is declared: what breaks together because one source of data broke."""

from dataclasses import dataclass

from alerting.finding import Stream
from alerting.globs import matches

SCORE = "prediction"
"""The subject of a stream of predictions that follows from its features: what breaks them moves it."""

TOGETHER_MIN = 3
"""Features of one view that must be broken at a time before the view, not the model, is what is in trouble."""


@dataclass(frozen=True, slots=True)
class FeatureView:
    """A table or topic that features of models are read from; `features` and `models` are names or globs.

    `source` says where the view itself comes from, in the words of whoever declared it.
    """

    name: str
    features: tuple[str, ...]
    models: tuple[str, ...] = ("*",)
    source: str = ""

    def feeds(self, stream: Stream, subject: str) -> bool:
        """Say whether a subject of a stream is read from it; a stream of feature events is named for its view."""
        if stream.kind == "feature":
            return stream.model == self.name
        return any(matches(glob, stream.model) for glob in self.models) and any(
            matches(glob, subject) for glob in self.features
        )


@dataclass(frozen=True, slots=True)
class Lineage:
    """All views; where two feed the same feature the first counts.

    `wait_seconds` is for how long what breaks first of a view is not sent yet: the rest of it may follow, and then
    there is one incident to tell and not two.
    """

    views: tuple[FeatureView, ...] = ()
    together_min: int = TOGETHER_MIN
    wait_seconds: float = 0.0

    def view_of(self, stream: Stream, subject: str) -> FeatureView | None:
        """Give the view that a subject is read from; None when none is declared."""
        return next((view for view in self.views if view.feeds(stream, subject)), None)

    def name_of(self, stream: Stream, subject: str) -> str | None:
        """Name the view that a subject is read from; None when none is declared."""
        view = self.view_of(stream, subject)
        return view.name if view is not None else None

    def view_named(self, name: str) -> FeatureView | None:
        """Give a view by its name."""
        return next((view for view in self.views if view.name == name), None)
