"""The model versions this worker knows and the baseline each is folded with; a bounded mirror of the store."""

from dataclasses import dataclass, field

from detectors.baseline import Baseline
from service.store.changes import ModelKey
from service.store.engine import Store
from service.store.learning import baseline_of, model_versions


@dataclass(slots=True)
class Watchlist:
    """Model versions by key, each with its current baseline, or None while it is learning."""

    store: Store
    models_max: int
    learn: bool
    baselines: dict[ModelKey, Baseline | None] = field(default_factory=dict)
    _ids: dict[ModelKey, str] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read again from the store what has changed; only baselines that are new are parsed."""
        for version in model_versions(self.store):
            if version.key not in self._ids or self._ids[version.key] != version.baseline:
                self._ids[version.key] = version.baseline
                self.baselines[version.key] = baseline_of(self.store, version.key)

    def admit(self, key: ModelKey) -> str:
        """Say why events of a model version cannot be taken ("model_limit", "unknown_model"); "" when they can."""
        if key in self.baselines:
            return ""
        if not self.learn:
            return "unknown_model"
        if len(self.baselines) >= self.models_max:
            return "model_limit"
        self.baselines[key] = None
        self._ids[key] = ""
        return ""

    def baseline_id(self, key: ModelKey) -> str:
        """The id events of this model version are folded with, "" while it is learning."""
        return self._ids.get(key, "")
