"""The sequential state of all monitors of a model: what every alternative holds, and up to which tick."""

import struct
from dataclasses import dataclass

import numpy as np

from detectors.block import Floats, Singles

NO_TICK = -1
"""Before the first tick."""

EVIDENCE_MAX = 1e30
"""More than any threshold: evidence is kept below it."""

_VERSION = 1
_HEAD = struct.Struct("<BqIIII")


@dataclass(frozen=True, slots=True, eq=False)
class EsrState:
    """R of every alternative, (S, K) float32, of the histograms and of the rates, after `tick` was taken in."""

    tick: int
    histograms: Singles
    rates: Singles

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of the two; states of one baseline have the same."""
        return self.histograms.shape, self.rates.shape

    def without(self, histograms: slice | list[int], rates: slice | list[int]) -> "EsrState":
        """Give the evidence in which some monitors, by their places, begin anew."""
        fresh = EsrState(self.tick, self.histograms.copy(), self.rates.copy())
        fresh.histograms[histograms] = 0
        fresh.rates[rates] = 0
        return fresh

    def times(self, factors: Floats) -> "EsrState":
        """Give the evidence with that of every monitor, histograms first, multiplied by its factor (J)."""
        by_row = factors.astype(np.float32)[:, None]
        first = len(self.histograms)
        return EsrState(self.tick, _within(self.histograms * by_row[:first]), _within(self.rates * by_row[first:]))

    def encode(self) -> bytes:
        """Encode exactly: version, tick, both shapes, then the numbers as little-endian float32."""
        head = _HEAD.pack(_VERSION, self.tick, *self.histograms.shape, *self.rates.shape)
        return head + self.histograms.astype("<f4").tobytes() + self.rates.astype("<f4").tobytes()

    @classmethod
    def decode(cls, content: bytes) -> "EsrState":
        """Decode what `encode` made; raises ValueError on another version or length."""
        if len(content) < _HEAD.size or content[0] != _VERSION:
            raise ValueError(f"e-SR state: {len(content)} bytes of an unknown version; delete the row to begin again")
        _, tick, *shape = _HEAD.unpack_from(content)
        sizes = shape[0] * shape[1], shape[2] * shape[3]
        if len(content) != _HEAD.size + 4 * sum(sizes):
            raise ValueError(f"e-SR state: {len(content)} bytes, not of its {sum(sizes)} numbers; the row is damaged")
        numbers = np.frombuffer(content, "<f4", offset=_HEAD.size).astype(np.float32)
        histograms, rates = numbers[: sizes[0]], numbers[sizes[0] :]
        return cls(tick, histograms.reshape(shape[0], shape[1]), rates.reshape(shape[2], shape[3]))


def _within(numbers: Singles) -> Singles:
    return np.minimum(numbers, np.float32(EVIDENCE_MAX))
