"""The model versions this worker knows and the baseline each is folded with; a bounded mirror of the store."""

from dataclasses import dataclass, field

from detectors.baseline import Baseline
from service.store.changes import ModelKey
from service.store.engine import Store
from service.store.learning import baseline_of, model_versions


@dataclass(slots=True)
class Watchlist:
    """Model versions by key, each with its current baseline, or None while it is learning.

    Several loops share it from threads of their own: each change is one assignment, so that nobody sees half of it.
    """

    store: Store
    models_max: int
    learn: bool
    baselines: dict[ModelKey, Baseline | None] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read again from the store what has changed; only baselines that are new are parsed."""
        for version in model_versions(self.store):
            held = self.baselines.get(version.key)
            if version.key not in self.baselines or (held.id if held is not None else "") != version.baseline:
                self.baselines[version.key] = baseline_of(self.store, version.key)

    def watched(self) -> dict[ModelKey, Baseline]:
        """The model versions that have a baseline, as they are now."""
        # Only a copy is one step: a loop over the dictionary itself, even in list(), can meet another loop's change.
        held = self.baselines.copy()
        return {key: baseline for key, baseline in held.items() if baseline is not None}

    def refusal(self, key: ModelKey) -> str:
        """Say why events of a model version cannot be taken ("model_limit", "unknown_model"); "" when they can."""
        if key in self.baselines:
            return ""
        if not self.learn:
            return "unknown_model"
        return "model_limit" if len(self.baselines) >= self.models_max else ""

    def admit(self, key: ModelKey) -> str:
        """Take a model version in with its first accepted event, or say why not as `refusal` does."""
        refusal = self.refusal(key)
        if not refusal:
            self.baselines.setdefault(key, None)
        return refusal
