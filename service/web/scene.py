"""What the page of a model shows, put together from readings and incidents before any template sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from alerting.incident import Incident
from detectors.reading import Reading, State
from service.store.queries import Read
from service.web.plots import Point, Scale, before_after, course, interval

PREFERRED_WINDOWS = ("1h", "5m", "1d")
MOVED_MAX = 6
"""Subjects whose bins are drawn; the list below them holds all."""

_URGENCY: Mapping[State, int] = {"drifting": 0, "insufficient": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """One subject in one window: its state, PSI and evidence, and the other detectors, those not ok apart."""

    subject: str
    state: State
    psi: Reading | None
    plot: Markup | None
    evidence: Reading | None
    meter: Markup | None
    loud: Sequence[Reading]
    quiet: Sequence[Reading]
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin before and after."""

    label: str
    expected: float
    observed: float
    plot: Markup


@dataclass(frozen=True, slots=True)
class Moved:
    """A subject that drifts: the bins that moved most, how its statistic went, and since when."""

    reading: Reading
    bars: Sequence[Bar]
    chart: Markup | None
    since: datetime | None


def with_evidence(read: Read, here: Iterable[Read]) -> list[Reading]:
    """Give the readings of a window, and the evidence, which is read with the shortest window only."""
    evidence = [r for other in here if other is not read for r in other.readings if r.detector == "esr"]
    return [*read.readings, *evidence]


def choose_window(reads: Sequence[Read], asked: str) -> str:
    """Choose the window to show: the one asked for, else one that drifts, else one that sees; "" without readings."""
    by_window = {read.window: read for read in reads}
    if asked in by_window:
        return asked
    order = [name for name in PREFERRED_WINDOWS if name in by_window] + [
        name for name in by_window if name not in PREFERRED_WINDOWS
    ]
    for state in ("drifting", "ok"):
        for name in order:
            if any(reading.state == state for reading in by_window[name].readings):
                return name
    return order[0] if order else ""


def rows(readings: Sequence[Reading], tiers: Sequence[float]) -> list[Row]:
    """List the subjects of a window, what drifts first, then by how far it is."""
    by_subject: dict[str, list[Reading]] = {}
    for reading in readings:
        by_subject.setdefault(reading.subject, []).append(reading)
    scale = psi_scale(readings, tiers)
    made = [_row(subject, group, tiers, scale) for subject, group in by_subject.items()]
    return sorted(made, key=lambda row: (_URGENCY[row.state], -(row.psi.low or 0.0) if row.psi else 0.0, row.subject))


def psi_scale(readings: Iterable[Reading], tiers: Sequence[float]) -> Scale:
    """One scale for all PSI of a page, wide enough for every interval and for the highest tier."""
    ends = [end for r in readings if r.detector == "psi" for end in (r.value, r.high) if end is not None]
    return Scale(max([*ends, *tiers, 1e-6]) * 1.1)


def moved(
    readings: Sequence[Reading], past: Sequence[Read], incidents: Sequence[Incident], segment: str
) -> list[Moved]:
    """Choose the drifting readings to draw, one per subject, the strongest first."""
    strongest: dict[str, Reading] = {}
    for reading in sorted(readings, key=_strength, reverse=True):
        if reading.state == "drifting":
            strongest.setdefault(reading.subject, reading)
    began = _began(incidents, segment)
    return [
        Moved(reading, _bars(reading), _chart(reading, past), began.get(reading.subject))
        for reading in list(strongest.values())[:MOVED_MAX]
    ]


def _strength(reading: Reading) -> tuple[bool, bool, float]:
    """Readings that can show their bins come first, PSI before others, then by the lower bound."""
    return bool(reading.moves), reading.detector == "psi", reading.low or 0.0


def _began(incidents: Iterable[Incident], segment: str) -> dict[str, datetime]:
    """When each subject of a segment began to break, by the members its open incidents still hold."""
    began: dict[str, datetime] = {}
    for incident in incidents:
        if not incident.open:
            continue
        for member in incident.held:
            if member.segment == segment:
                began[member.subject] = min(member.since, began.get(member.subject, member.since))
    return began


def _row(subject: str, group: Sequence[Reading], tiers: Sequence[float], scale: Scale) -> Row:
    psi = next((reading for reading in group if reading.detector == "psi"), None)
    evidence = next((reading for reading in group if reading.detector == "esr"), None)
    state = _subject_state(group, psi)
    plot = interval(psi.value, psi.low, psi.high, tiers, scale) if psi is not None and psi.value is not None else None
    reasons = [reading.why for reading in group if reading.why and reading.state == state and state != "ok"]
    others = [reading for reading in group if reading is not psi and reading is not evidence]
    if evidence is not None and evidence.state == "insufficient":
        reasons.append(evidence.why)
    return Row(
        subject=subject, state=state, psi=psi, plot=plot, evidence=evidence, meter=_meter(evidence),
        loud=[reading for reading in others if reading.state != "ok"],
        quiet=[reading for reading in others if reading.state == "ok"],
        reasons=list(dict.fromkeys(reasons)),
    )  # fmt: skip


def _meter(evidence: Reading | None) -> Markup | None:
    """Draw evidence against what the next tier takes, both as powers of ten."""
    if evidence is None or evidence.value is None or evidence.threshold is None:
        return None
    scale = Scale(max(evidence.value, evidence.threshold) * 1.1)
    return interval(evidence.value, None, None, (evidence.threshold,), scale)


def _subject_state(group: Sequence[Reading], psi: Reading | None) -> State:
    """Drifting when any detector says so; else what PSI says, which sees the whole shape; else ok if any can see."""
    states = {reading.state for reading in group}
    if "drifting" in states:
        return "drifting"
    if psi is not None:
        return psi.state
    return "ok" if "ok" in states else "insufficient"


def _bars(reading: Reading) -> list[Bar]:
    top = max((share for move in reading.moves for share in (move.expected, move.observed)), default=0.0)
    return [
        Bar(move.label, move.expected, move.observed, before_after(move.expected, move.observed, top))
        for move in reading.moves
    ]


def _chart(reading: Reading, past: Sequence[Read]) -> Markup | None:
    """Draw how the same monitor went; nothing is drawn of fewer than two readings."""
    points = []
    for read in sorted(past, key=lambda read: read.tick):
        same = (r for r in read.readings if (r.subject, r.detector) == (reading.subject, reading.detector))
        seen = next(same, None)
        points.append(Point(seen.low, seen.value, seen.high) if seen is not None else Point(None, None, None))
    if sum(point.value is not None for point in points) < 2:
        return None
    return course(points, reading.threshold, f"{reading.detector} of {reading.subject} over {len(points)} readings")
