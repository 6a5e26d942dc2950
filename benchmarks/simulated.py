"""A simulated fraud model's events: seeded, typed like the real thing, cheap enough for hundreds of thousands."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from detectors.baseline import Baseline
from detectors.columns import Scalar
from detectors.fit import fit

MODEL, VERSION = "fraud-score", "31"
COUNTRIES = ("NO", "SE", "DK", "FI", "DE")


def rows(count: int, seed: int, *, shift: float = 0.0) -> dict[str, list[Scalar]]:
    """Columns of `count` events; `shift` moves the amount by so many standard deviations of its logarithm."""
    rng = np.random.default_rng(seed)
    amount = np.exp(rng.normal(3.0 + shift, 1.0, count)).round(2)
    age = rng.integers(18, 90, count)
    known = rng.random(count) < 0.7
    country = rng.choice(COUNTRIES, count, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    score = rng.beta(1.2, 8.0, count).round(6)
    return {
        "amount": amount.tolist(),
        "age": [int(a) if rng_ok else None for a, rng_ok in zip(age, rng.random(count) > 0.01, strict=True)],
        "known_device": known.tolist(),
        "country": country.tolist(),
        "prediction": score.tolist(),
    }


def baseline(count: int = 10_000, seed: int = 1) -> Baseline:
    """The reference the simulated model is watched against."""
    return fit(rows(count, seed), categories_max=100, segments_max=10)


def records(count: int, seed: int, *, begin_ms: int, events_per_second: float, shift: float = 0.0) -> Iterator[bytes]:
    """Prediction events as JSON, in order of time."""
    columns = rows(count, seed, shift=shift)
    names: Sequence[str] = [name for name in columns if name != "prediction"]
    for index in range(count):
        yield msgspec.json.encode(
            {
                "type": "prediction",
                "event_id": f"e-{seed}-{index}",
                "model": MODEL,
                "version": VERSION,
                "time": begin_ms + round(index * 1000 / events_per_second),
                "features": {name: columns[name][index] for name in names},
                "prediction": columns["prediction"][index],
            }
        )
