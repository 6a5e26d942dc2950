"""What the monitors of a baseline cannot see, and why."""

from detectors.baseline import EVENTS
from detectors.monitors import Monitors
from detectors.words import number

WANDERS = 2.0
"""Design effect from which wandering is named as the reason."""


def blind_subjects(monitors: Monitors, segment: str = "") -> dict[str, str]:
    """Give the subjects of a segment whose reference can tell no change of their values from chance, with the reason.

    >>> from detectors.baseline import Baseline
    >>> from detectors.subject import Subject
    >>> import numpy as np
    >>> small = Baseline((Subject("on", "categorical", 3, ("yes",)),), {"": np.array([9, 5, 4, 0, 0, 0, 0, 0, 0])})
    >>> blind_subjects(Monitors.of(small, 60))
    {'on': 'the reference of 9 events cannot tell any change from chance; a longer one could'}
    """
    ranges = {name: place for place, name in enumerate(monitors.names) if name[2] == "out_of_range"}
    played = monitors.plays()

    def range_only(place: int, name: str) -> bool:
        """Whether all there is to see of a subject is its range, and that cannot be seen."""
        out_of_range = ranges.get((segment, name, "out_of_range"))
        return out_of_range is not None and not played[place] and not played[out_of_range]

    return {
        subject.name: why_blind(monitors, segment, subject.name)
        for place, subject in zip(_places(monitors, segment), monitors.baseline.subjects, strict=True)
        if not monitors.sees(place) or range_only(place, subject.name)
    }


def why_blind(monitors: Monitors, segment: str, subject: str) -> str:
    """Say why no evidence can be gathered for a subject."""
    baseline = monitors.baseline
    events = int(baseline.reference[segment][EVENTS])
    words = f"the reference of {events:,} events"
    history = baseline.history.get(segment, baseline.history.get(""))
    row = next((row for row, one in enumerate(baseline.subjects) if one.name == subject), None)
    effect = float(history.effects[row].max()) if history is not None and row is not None else 1.0
    if effect > WANDERS:
        worth = max(1, round(events / effect))
        words += f", which wander so much that they are worth {number(worth)} independent ones,"
    return f"{words} cannot tell any change from chance; a longer one could"


def _places(monitors: Monitors, segment: str) -> range:
    subjects = len(monitors.baseline.subjects)
    first = list(monitors.baseline.reference).index(segment) * subjects
    return range(first, first + subjects)
