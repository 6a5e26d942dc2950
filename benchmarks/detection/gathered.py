"""e-SR over simulated ticks, with the rule by which its evidence alarms: each monitor by itself, or an owner's all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from benchmarks.detection.window_rules import Flags, Floats
from detectors import esr
from detectors.alternatives import Alternatives
from detectors.block import Singles
from detectors.gate import gate

Judge: TypeAlias = Callable[[Floats], Flags]
"""Says of the evidence (S,) which monitors are told of."""


def alone(threshold: float) -> Judge:
    """Each monitor is told of when its own evidence comes to the threshold."""
    return lambda evidence: evidence >= threshold


def owner(threshold: float) -> Judge:
    """All monitors have one owner, who is told when their mean evidence comes to the threshold."""

    def judge(evidence: Floats) -> Flags:
        monitors = len(evidence)
        levels = gate(evidence, np.full((1, monitors), threshold * monitors), np.zeros(monitors, np.int64))
        return np.asarray(levels > 0)

    return judge


@dataclass(slots=True)
class Gathered:
    """What a fleet's alternatives hold; monitors that are told of begin anew."""

    alternatives: Alternatives
    judge: Judge
    held: Singles = field(init=False)

    def __post_init__(self) -> None:
        self.held = esr.nothing(self.alternatives)

    def take(self, counts: Floats, slot: int = 0) -> Flags:
        """Take in one tick (S, B) and say which monitors are told of."""
        return self.add(esr.log_ratios(self.alternatives, counts, slot), counts.sum(axis=1))

    def add(self, ratios: Singles, events: Floats) -> Flags:
        """Take in what a tick adds, where that is known already."""
        self.held = esr.step(self.held, ratios, events)
        told = self.judge(esr.evidence(self.alternatives, self.held))
        if told.any():
            self.held[told] = 0
        return told
