"""The evidence of every subject as a reading, so that pages, charts and answers show how far it is from an alert."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detectors.baseline import EVENTS, Counts
from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from detectors.reading import Reading, State
from detectors.sight import why_blind
from service.gating import Gathered
from service.levels import Level

TOLD_BY = ("a digest", "a ticket", "a page")
"""What each rank of evidence may open."""


def evidence_readings(
    monitors: Monitors,
    gathered: Gathered,
    levels: Mapping[MonitorName, Level],
    segment: str,
    counts: Counts,
    window: str,
) -> list[Reading]:
    """Give one reading per subject of a segment: that of its monitor with the most evidence.

    `value` is the decimal logarithm of the evidence, `threshold` that of what the next rank takes of one monitor alone;
    `counts` are those of the window, for the number of events. Insufficient where the reference can tell nothing.
    """
    places: dict[str, list[int]] = {}
    for place, (of, subject, _) in enumerate(monitors.names):
        if of == segment:
            places.setdefault(subject, []).append(place)
    n = int(counts[EVENTS])
    reference_n = int(monitors.baseline.reference[segment][EVENTS])
    shown = _Shown(monitors, gathered, levels, segment, window, n, reference_n, monitors.plays().tolist())
    return [_reading(shown, subject, of) for subject, of in places.items()]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the readings of one segment have in common; `played` says which monitors can have evidence."""

    monitors: Monitors
    gathered: Gathered
    levels: Mapping[MonitorName, Level]
    segment: str
    window: str
    n: int
    reference_n: int
    played: Sequence[bool]


def _reading(shown: _Shown, subject: str, places: Sequence[int]) -> Reading:
    monitors, gathered, levels = shown.monitors, shown.gathered, shown.levels
    window, n, reference_n = shown.window, shown.n, shown.reference_n
    marks = [place for place in places if monitors.names[place] in levels]
    if not marks and not monitors.sees(places[0]):
        why = why_blind(monitors, shown.segment, subject)
        return Reading(subject, "esr", window, "insufficient", n, reference_n, why=why)
    choice = marks or [place for place in places if shown.played[place]] or places
    place = max(choice, key=lambda one: (gathered.evidence[one], -one))
    marked = levels.get(monitors.names[place])
    rank = marked.rank if marked is not None else 0
    value = math.log10(max(1.0, float(gathered.evidence[place])))
    needed = math.log10(gathered.needed(place, min(rank + 1, len(TOLD_BY))))
    state: State = "drifting" if rank else "ok"
    if marked is not None:
        words = (
            f"{marked.what or 'changed'}: evidence 10^{value:.1f}; it was 10^{marked.e_value:.1f} when "
            f"{TOLD_BY[rank - 1]} was due, which took 10^{marked.e_needed:.1f}"
        )
    else:
        words = f"evidence 10^{value:.1f} of the 10^{needed:.1f} that {TOLD_BY[rank]} takes"
    threshold = round(needed, 3) if math.isfinite(needed) else None
    why = words + _sees(monitors, places[0])
    return Reading(subject, "esr", window, state, n, reference_n, round(value, 3), threshold=threshold, why=why)


def _sees(monitors: Monitors, place: int) -> str:
    reach = monitors.reach(place)
    return f"; lasting shifts are seen from {reach:.2f} standard deviations" if math.isfinite(reach) else ""
