"""A simulated bank: river's Agrawal stream of loan applications, and a real river model that decides on them.

Source: R. Agrawal, T. Imielinski, A. Swami, Database Mining: A Performance Perspective, 1993 (the generator).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from river import linear_model, preprocessing
from river.datasets import synth

MODEL, VERSION = "loan-risk", "7"
TRAIN_EVENTS = 2_000


@dataclass(frozen=True, slots=True)
class Scene:
    """How the story goes: `calm_ticks` of ordinary events, then `broken_ticks` with a broken feature."""

    learn_events: int = 3_000
    events_per_tick: int = 100
    calm_ticks: int = 60
    broken_ticks: int = 30

    @property
    def ticks(self) -> int:
        """Ticks from the first event to the last."""
        return self.calm_ticks + self.broken_ticks


def events(scene: Scene, *, seed: int, begin_ms: int, tick_ms: int) -> Iterator[dict[str, Any]]:
    """Play the scene: prediction events in order of time; once broken, half the salaries arrive in thousands."""
    applications = iter(synth.Agrawal(classification_function=2, seed=seed))
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    for features, approved in islice(applications, TRAIN_EVENTS):
        model.learn_one(features, approved)
    step = tick_ms // scene.events_per_tick
    for index in range(scene.ticks * scene.events_per_tick):
        features, _ = next(applications)
        broken = index >= scene.calm_ticks * scene.events_per_tick
        if broken and index % 2:
            features = {**features, "salary": features["salary"] / 1000}
        yield {
            "type": "prediction",
            "event_id": f"application-{seed}-{index}",
            "model": MODEL,
            "version": VERSION,
            "time": begin_ms + index * step,
            "features": {name: _plain(value) for name, value in features.items()},
            "prediction": round(model.predict_proba_one(features).get(1, 0.0), 6),
        }


def _plain(value: object) -> float | int | str:
    """Zip code, car and education level are codes, not quantities, so they are sent as strings are."""
    return round(value, 2) if isinstance(value, float) else int(str(value))
