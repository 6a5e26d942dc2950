"""All monitors of one model version that gather evidence: a histogram and its rates for every subject and segment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import esr
from detectors.alternatives import REFERENCE_ERROR, Alternatives, of_histograms, of_rates
from detectors.baseline import Baseline
from detectors.block import Floats, Singles
from detectors.curves import CURVES
from detectors.esr_state import NO_TICK, EsrState
from detectors.monitor_counts import MonitorName, names_of, rates_of, reference_of, tempering_of
from detectors.seasons import slot_of
from detectors.subject import Counts
from detectors.words import describe


@dataclass(frozen=True, slots=True, eq=False)
class Gained:
    """What one tick adds to the log e-value of every alternative, and the events that each monitor saw in it."""

    histograms: Singles
    rates: Singles
    histogram_events: Floats
    rate_events: Floats

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.histograms.nbytes + self.rates.nbytes + self.histogram_events.nbytes + self.rate_events.nbytes


SHIFT_SHARE = 0.4
"""Share of the best alternative's gain from which on a change is called a shift of location."""


@dataclass(frozen=True, slots=True, eq=False)
class Monitors:
    """What is bet on for one baseline; `names` are those of the histograms, then of the rates.

    Segments come one after the other in both. Where `slots` is 24 or 168, ticks are held against the reference of
    their hour of the day or of the week.
    """

    baseline: Baseline
    names: tuple[MonitorName, ...]
    histograms: Alternatives
    rates: Alternatives
    slots: int
    tick_seconds: int

    @classmethod
    def of(cls, baseline: Baseline, tick_seconds: int, z: float = REFERENCE_ERROR) -> "Monitors":
        """Prepare the alternatives of every subject, rate and segment of a baseline."""
        layout, segments = baseline.layout, tuple(baseline.reference)
        references = [reference_of(baseline, segment) for segment in segments]
        slots = max((len(histograms) for histograms, _, _ in references), default=1)
        # Hours of the week repeat those of the day, so that the shorter season serves where the longer is not known.
        parts = [[np.concatenate([part] * (slots // len(part))) for part in reference] for reference in references]
        tempering = [tempering_of(baseline, segment) for segment in segments]
        unranked = np.arange(layout.width) == layout.unusable[:, None]
        histograms = of_histograms(
            np.concatenate([part[0] for part in parts], axis=1),
            widths=np.tile(layout.unusable + 1, len(segments)),
            unranked=np.tile(unranked, (len(segments), 1)),
            design_effects=np.concatenate([of.effects for of, _ in tempering]),
            slopes=np.concatenate([of.slopes for of, _ in tempering]),
            usual=np.concatenate([of.usual for of, _ in tempering]),
            z=z,
        )
        rates = of_rates(
            np.concatenate([part[1] for part in parts], axis=1),
            np.concatenate([part[2] for part in parts], axis=1),
            design_effects=np.concatenate([of.effects for _, of in tempering]),
            slopes=np.concatenate([of.slopes for _, of in tempering]),
            usual=np.concatenate([of.usual for _, of in tempering]),
            z=z,
        )
        return cls(baseline, names_of(baseline), histograms, rates, slots, tick_seconds)

    def nothing(self) -> EsrState:
        """No evidence yet."""
        return EsrState(NO_TICK, esr.nothing(self.histograms), esr.nothing(self.rates))

    def step(self, held: EsrState, tick: int, counts: Mapping[str, Counts]) -> EsrState:
        """Take in one closed tick, counts by segment; one that was taken in before, or is older, changes nothing."""
        if tick <= held.tick:
            return held
        return self.take(held, tick, self.gained(tick, counts) if counts else None)

    def gained(self, tick: int, counts: Mapping[str, Counts]) -> Gained:
        """Work out what the counts of one tick add to all alternatives."""
        bins, rates = self._counted(counts)
        slot = slot_of(tick, self.slots, self.tick_seconds)
        return Gained(
            esr.log_ratios(self.histograms, bins, slot),
            esr.log_ratios(self.rates, rates, slot),
            bins.sum(axis=1),
            rates.sum(axis=1),
        )

    def take(self, held: EsrState, tick: int, gained: Gained | None) -> EsrState:
        """Add what a tick gained, None for one without counts, to the evidence of the ticks before it."""
        if gained is None:
            return EsrState(tick, held.histograms, held.rates)
        return EsrState(
            tick,
            esr.step(held.histograms, gained.histograms, gained.histogram_events),
            esr.step(held.rates, gained.rates, gained.rate_events),
        )

    def evidence(self, held: EsrState) -> Floats:
        """Give the evidence of every monitor, in the order of `names`."""
        both = (self.histograms, held.histograms), (self.rates, held.rates)
        return np.concatenate([esr.evidence(of, numbers) for of, numbers in both])

    def strongest(self, held: EsrState, place: int) -> int:
        """Give the alternative of a monitor that a person would name for the evidence it holds."""
        first = self.histograms.monitors
        numbers = held.histograms[place] if place < first else held.rates[place - first]
        return self.named(place, np.log(np.maximum(numbers, 1)))

    def named(self, place: int, gains: Singles) -> int:
        """Give the alternative that a person would name for what the alternatives of a monitor have gained (K).

        That is the one that gained most. But what makes SHIFT_SHARE of that gain as a shift is one: beyond the last bin
        it looks still more like a skew, or like one bin. And categories have no location, only bins.
        """
        best = int(gains.argmax())
        if place >= self.histograms.monitors or gains[best] <= 0:
            return best
        curves = int(np.prod(self.histograms.curves.kept.shape[1:]))
        if self.baseline.subjects[place % len(self.baseline.subjects)].kind != "numeric":
            return curves + int(gains[curves:].argmax())
        shift = int(gains[: curves // len(CURVES)].argmax())
        return shift if gains[shift] >= gains[best] * SHIFT_SHARE else best

    def all_gains(self, tick: int, counts: Mapping[str, Counts], ticks: int = 1) -> Callable[[int], Singles]:
        """Give, for a monitor, what the counts of so many ticks of one slot say for each of its alternatives."""
        bins, rates = self._counted(counts)
        slot = slot_of(tick, self.slots, self.tick_seconds)
        first = self.histograms.monitors
        of_histograms, of_rates = (
            esr.log_ratios(self.histograms, bins, slot, ticks),
            esr.log_ratios(self.rates, rates, slot, ticks),
        )

        def gained(place: int) -> Singles:
            return np.asarray(of_histograms[place] if place < first else of_rates[place - first])

        return gained

    def describe(self, place: int, alternative: int) -> str:
        """Name an alternative of a monitor, as in "location up", "bin 'FR' down" or "rate of missing up"."""
        if place >= self.histograms.monitors:
            return f"rate of {self.names[place][2]} up"
        row = place % len(self.baseline.subjects)
        return describe(self.baseline.subjects[row], alternative)

    def plays(self) -> NDArray[np.bool_]:
        """Which monitors have any alternative: the others never have evidence."""
        return np.concatenate([self.histograms.number, self.rates.number]) > 0

    def sees(self, place: int) -> bool:
        """Whether the reference allows an alternative of a rate, or of a histogram's values if they vary."""
        if place >= self.histograms.monitors:
            return bool(self.rates.number[place - self.histograms.monitors])
        values = int(self.baseline.layout.unusable[place % len(self.baseline.subjects)])
        curves, bins = self.histograms.curves.kept[place], self.histograms.bins.kept[place, :values]
        return bool(values <= 1 or curves.any() or bins.any())

    def reach(self, place: int) -> float:
        """Give the smallest lasting shift a monitor can see, in standard deviations; infinite where there is none."""
        return float(self.histograms.reach[place]) if place < self.histograms.monitors else float("inf")

    def begin_anew(self, held: EsrState, places: list[int]) -> EsrState:
        """Give the evidence in which the monitors at some places begin anew."""
        first = self.histograms.monitors
        return held.without([p for p in places if p < first], [p - first for p in places if p >= first])

    def _counted(self, counts: Mapping[str, Counts]) -> tuple[Floats, Floats]:
        """PSI bins of every histogram, and (bad, other) of every rate; segments without events are 0."""
        layout = self.baseline.layout
        bins, rates = [], []
        for segment in self.baseline.reference:
            of = counts.get(segment)
            of = np.zeros(self.baseline.cells, np.int64) if of is None else of
            bins.append(layout.bins(of))
            bad, events = rates_of(self.baseline, of)
            rates.append(np.stack([bad, events - bad], axis=1))
        return np.concatenate(bins), np.concatenate(rates)
