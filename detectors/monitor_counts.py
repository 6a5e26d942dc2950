"""Which monitors a baseline has, what they count, and what their reference is."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from detectors.baseline import Baseline
from detectors.block import Floats
from detectors.curves import SCORES
from detectors.history import RATES, slot_bins, told_of
from detectors.layout import Layout
from detectors.reading import Detector
from detectors.subject import Counts

MonitorName: TypeAlias = tuple[str, str, Detector]
"""Segment ("" is all of it), subject, and the detector whose reading says how large the effect is."""

_OF_EVENTS: tuple[Detector, ...] = ("missing", "not_finite", "wrong_type")


def names_of(baseline: Baseline) -> tuple[MonitorName, ...]:
    """Name the histograms of every segment, then its rates, in the order of their counts.

    Duplicates and unknown features are not among them: a baseline that was fitted to rows has none, and so cannot say
    how they come.
    """
    subjects, layout = baseline.subjects, baseline.layout
    rates: list[tuple[str, Detector]] = [(s.name, detector) for detector in _OF_EVENTS for s in subjects]
    rates += [(subjects[row].name, "out_of_range") for row in layout.numeric]
    rates += [(subjects[row].name, "unseen") for row in layout.categorical]
    histograms: list[MonitorName] = [(segment, s.name, "psi") for segment in baseline.reference for s in subjects]
    return (*histograms, *((segment, *rate) for segment in baseline.reference for rate in rates))


def rates_of(baseline: Baseline, counts: Counts) -> tuple[Floats, Floats]:
    """Give bad events and events of every rate of one segment, as `detectors.quality` counts them: (R,) each."""
    bad, of = baseline.layout.bad_values(counts)
    return by_rate(baseline.layout, bad), by_rate(baseline.layout, of)


def by_rate(layout: Layout, of_subjects: Floats) -> Floats:
    """Lay out what is given for the RATES of every subject (S, RATES) in the order of the rates' names: (R,)."""
    last = of_subjects[:, -1]
    return np.concatenate([*of_subjects[:, :-1].T, last[layout.numeric], last[layout.categorical]])


def reference_of(baseline: Baseline, segment: str) -> tuple[Floats, Floats, Floats]:
    """Give the reference of one segment by slot: PSI bins (H, S, width), bad events and events of its rates (H, R)."""
    pooled, history = baseline.reference[segment], baseline.history.get(segment)
    bad, events = (part[None] for part in rates_of(baseline, pooled))
    bins = baseline.layout.bins(pooled)
    if history is None or not len(history.slots):
        return bins[None], bad, events
    by_slot = [rates_of(baseline, counts) for counts in history.slots]
    chosen = by_rate(baseline.layout, np.repeat(history.seasonal[:, None], RATES, axis=1)) > 0
    return (
        slot_bins(baseline.layout, bins, history.slots, history.seasonal),
        np.stack([np.where(chosen, slot, bad[0]) for slot, _ in by_slot]),
        np.stack([np.where(chosen, slot, events[0]) for _, slot in by_slot]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tempering:
    """Design effects (M, F) of some monitors, by how much they grow with traffic, and from how many events on (M)."""

    effects: Floats
    slopes: Floats
    usual: Floats


def tempering_of(baseline: Baseline, segment: str) -> tuple[Tempering, Tempering]:
    """Give that of a segment's histograms, with features 3 + width, and of its rates."""
    layout, number = baseline.layout, len(baseline.subjects)
    history = told_of(baseline.history, segment)
    if history is None:
        ones = np.ones((number, SCORES + layout.width)), np.ones((len(rates_of(baseline, _zeros(baseline))[0]), 1))
        histograms, rates = (Tempering(of, np.zeros(of.shape), np.full(len(of), np.inf)) for of in ones)
        return histograms, rates
    events, usable = history.events_per_tick[0], history.usable_per_tick[0]
    of_rates = np.concatenate([np.full((number, RATES - 1), events), usable[:, None]], axis=1)
    slopes, rate_slopes = history.slopes(layout, baseline.reference[segment])
    flat = [by_rate(layout, part) for part in (history.rate_effects, rate_slopes, of_rates)]
    return (
        Tempering(history.effects, slopes, np.full(number, events)),
        Tempering(flat[0][:, None], flat[1][:, None], flat[2]),
    )


def _zeros(baseline: Baseline) -> Counts:
    return np.zeros(baseline.cells, np.int64)
