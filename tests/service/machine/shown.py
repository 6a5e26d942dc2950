"""What the machine's data shows: findings of any monitors at one time, and of those that have recovered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import strategies as st

from alerting.finding import Condition, Finding
from alerting.member import Member
from tests.alerting.examples import NOON, finding
from tests.service.machine.tables import STREAMS, SUBJECTS

DETECTORS = ("psi", "psi", "missing", "volume", "lag")
OF_THE_STREAM = ("volume", "lag")
SHOWN: tuple[tuple[Condition, float | None, float | None], ...] = (
    ("drifting", 0.3, 0.4), ("drifting", 0.12, 0.3), ("drifting", 0.03, 0.3), ("drifting", 0.0, 0.04),
    ("ok", 0.0, 0.004), ("ok", 0.0, 0.004), ("insufficient", None, None),
)  # fmt: skip
WINDOWS = {"5m": 5.0, "1h": 60.0}

Shown: TypeAlias = tuple[int, int, int, int, bool]
"""One finding as it is drawn: places of stream, subject, detector and what is shown, and whether it is of an hour."""


def evaluation() -> st.SearchStrategy[list[Shown]]:
    """Up to six findings."""
    one = st.tuples(
        st.integers(0, len(STREAMS) - 1), st.integers(0, len(SUBJECTS) - 1), st.integers(0, len(DETECTORS) - 1),
        st.integers(0, len(SHOWN) - 1), st.booleans(),
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=6)


def breaches(drawn: Sequence[Shown], end: datetime) -> list[Finding]:
    """The findings that were drawn, of windows that end then."""
    minutes = (end - NOON) / timedelta(minutes=1)
    found = []
    for stream, subject, detector, shown, hour in drawn:
        name, (condition, low, high) = DETECTORS[detector], SHOWN[shown]
        window = "1h" if hour else "5m"
        found.append(
            finding(
                stream=STREAMS[stream], subject="events" if name in OF_THE_STREAM else SUBJECTS[subject], detector=name,
                condition=condition, low=low, high=high, end=minutes, window=window, minutes=WINDOWS[window],
            )
        )  # fmt: skip
    return found


def recovery(members: Sequence[Member], end: datetime) -> list[Finding]:
    """Good news about each of these."""
    minutes = (end - NOON) / timedelta(minutes=1)
    ok = finding(condition="ok", low=0.0, high=0.004, end=minutes)
    return [replace(ok, stream=m.peak.stream, subject=m.subject, detector=m.detector) for m in members]
