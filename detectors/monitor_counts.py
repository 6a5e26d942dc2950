"""Which monitors a baseline has, what they count, and what their reference is."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.block import Floats
from detectors.curves import SCORES
from detectors.history import slot_bins
from detectors.quality import STREAM, effects_of_rates
from detectors.reading import Detector
from detectors.subject import DUPLICATES, EVENTS, UNKNOWN_FEATURES, Counts

MonitorName: TypeAlias = tuple[str, str, Detector]
"""Segment ("" is all of it), subject, and the detector whose reading says how large the effect is."""

_OF_EVENTS: tuple[Detector, ...] = ("missing", "not_finite", "wrong_type")


def names_of(baseline: Baseline) -> tuple[MonitorName, ...]:
    """Name the histograms of every segment, then its rates, in the order of their counts."""
    subjects, layout = baseline.subjects, baseline.layout
    rates: list[tuple[str, Detector]] = [(s.name, detector) for detector in _OF_EVENTS for s in subjects]
    rates += [(subjects[row].name, "out_of_range") for row in layout.numeric]
    rates += [(subjects[row].name, "unseen") for row in layout.categorical]
    rates += [(STREAM, "duplicates"), (STREAM, "unknown_features")]
    histograms: list[MonitorName] = [(segment, s.name, "psi") for segment in baseline.reference for s in subjects]
    return (*histograms, *((segment, *rate) for segment in baseline.reference for rate in rates))


def rates_of(baseline: Baseline, counts: Counts) -> tuple[Floats, Floats]:
    """Give bad events and events of every rate of one segment, as `detectors.quality` counts them: (R,) each."""
    layout = baseline.layout
    numeric, categorical = layout.numeric, layout.categorical
    usable, all_events = layout.usable(counts), np.full(len(layout.missing), counts[EVENTS])
    sent = counts[EVENTS] + counts[DUPLICATES]
    bad = [
        *(counts[layout.missing + step] for step in range(len(_OF_EVENTS))),
        counts[layout.begins[numeric]] + counts[layout.missing[numeric] - 1],
        counts[layout.missing[categorical] - 1],
        np.array([counts[DUPLICATES], min(counts[UNKNOWN_FEATURES], counts[EVENTS])]),
    ]
    stream = np.array([sent, counts[EVENTS]])
    events = [*[all_events] * len(_OF_EVENTS), usable[numeric], usable[categorical], stream]
    return np.concatenate(bad).astype(np.float64), np.concatenate(events).astype(np.float64)


def reference_of(baseline: Baseline, segment: str) -> tuple[Floats, Floats, Floats]:
    """Give the reference of one segment by slot: PSI bins (H, S, width), bad events and events of its rates (H, R)."""
    pooled, history = baseline.reference[segment], baseline.history.get(segment)
    bad, events = (part[None] for part in rates_of(baseline, pooled))
    bins = baseline.layout.bins(pooled)
    if history is None or not len(history.slots):
        return bins[None], bad, events
    by_slot = [rates_of(baseline, counts) for counts in history.slots]
    chosen = _by_rate(baseline, history.seasonal)
    return (
        slot_bins(baseline.layout, bins, history.slots, history.seasonal),
        np.stack([np.where(chosen, slot, bad[0]) for slot, _ in by_slot]),
        np.stack([np.where(chosen, slot, events[0]) for _, slot in by_slot]),
    )


def effects_of(baseline: Baseline, segment: str) -> tuple[Floats, Floats]:
    """Give the design effects of one segment: of its histograms' features (S, 3 + width), and of its rates (R,).

    A rate has that of the bin its events are in; values out of range are in the bins of the tails.
    """
    layout = baseline.layout
    history = baseline.history.get(segment, baseline.history.get(""))
    if history is None:
        rates_number = len(rates_of(baseline, _zeros(baseline))[0])
        return np.ones((len(layout.begins), SCORES + layout.width)), np.ones(rates_number)
    unusable, tails, last = effects_of_rates(layout, history.effects)
    rates = [*[unusable] * len(_OF_EVENTS), tails[layout.numeric], last[layout.categorical], np.ones(2)]
    return history.effects, np.concatenate(rates)


def _by_rate(baseline: Baseline, of_subjects: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread what holds for subjects over their rates; it holds for no rate of the stream itself."""
    layout = baseline.layout
    parts = [*[of_subjects] * len(_OF_EVENTS), of_subjects[layout.numeric], of_subjects[layout.categorical]]
    return np.concatenate([*parts, np.zeros(2, bool)])


def _zeros(baseline: Baseline) -> Counts:
    return np.zeros(baseline.cells, np.int64)
