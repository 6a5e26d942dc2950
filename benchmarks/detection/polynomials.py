"""The model whose errors are watched: a polynomial of the features, fitted by ridge regression."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A fitted polynomial; features are first brought to -1 to 1 by `low` and `high`, their range when fitted."""

    degree: int
    low: Floats
    high: Floats
    weights: Floats

    @classmethod
    def fit(cls, features: Floats, target: Floats, degree: int) -> "Polynomial":
        """Fit all terms of up to `degree` factors."""
        low, high = features.min(axis=0), features.max(axis=0)
        terms = _terms(features, low, high, degree)
        weights = np.linalg.solve(terms.T @ terms + RIDGE * np.eye(terms.shape[1]), terms.T @ target)
        return cls(degree, low, high, np.asarray(weights, np.float64))

    def predict(self, features: Floats) -> Floats:
        """Give the fitted value for every row."""
        return np.asarray(_terms(features, self.low, self.high, self.degree) @ self.weights)


def _terms(features: Floats, low: Floats, high: Floats, degree: int) -> Floats:
    scaled = 2 * (features - low) / np.where(high > low, high - low, 1) - 1
    places = [
        list(chosen)
        for factors in range(degree + 1)
        for chosen in combinations_with_replacement(range(features.shape[1]), factors)
    ]
    return np.stack([scaled[:, chosen].prod(axis=1) for chosen in places], axis=1)
