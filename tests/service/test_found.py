"""Which readings become findings: those of a change that the evidence has marked, as far as they lie within it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from alerting.cause import cause_of
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.tiers import Ladder, Tier
from detectors.monitor_counts import MonitorName
from detectors.reading import Detector, Reading, State
from service.found import Turn, findings_of
from service.gating import Gating
from service.levels import Level, level_name
from service.sequential import SequenceState
from service.settings import DetectionSettings
from tests.alerting.examples import clear, finding, opened, owners, steps
from tests.service.planted import BASELINE, KEY, STREAM, Change, planted

INCOME: MonitorName = ("", "income", "psi")
ONSET, AT, NOW = 115, 119, 179
LEVEL = Level(3, AT, ONSET, "location up", 7.25, 5.84)
LADDER = Ladder()
TABLE = owners()


def _time(tick: int) -> datetime:
    return datetime.fromtimestamp(tick * 60, UTC)


def _turn(*, marked: bool = True, gated: bool = True, incident: Incident | None = None) -> Turn:
    state = SequenceState(levels={level_name(INCOME): LEVEL} if marked else {})
    incidents = {cause_of(STREAM): incident} if incident is not None else {}
    return Turn(NOW, _time(NOW + 1), 60, gated, 1, incidents, {KEY: state})


def _gating() -> Gating:
    gating = Gating(DetectionSettings(), lambda: TABLE, 60)
    gating.raise_levels({KEY: BASELINE}, {KEY: SequenceState()}, NOW)
    return gating


GATING = _gating()


def _reading(
    detector: Detector = "psi", state: State = "drifting", low: float = 0.15, *, n: int = 1_500, subject: str = "income"
) -> Reading:
    high, threshold = low + 0.05, 0.02
    return Reading(subject, detector, "1h", state, n, 8_000, low + 0.02, low, high, 1e-9, threshold, "it moved")


def _found(turn: Turn, *readings: Reading, since: int = ONSET, onset: int | None = None) -> list[Finding]:
    return findings_of(turn, GATING, STREAM, readings, _time(since), 7, onset=onset)


def _held(since: int) -> Incident:
    """An incident that holds income since a tick."""
    return opened([_at(finding(stream=STREAM), since, since + 5)])


def _at(one: Finding, since: int, end: int) -> Finding:
    return replace(one, since=_time(since), at=_time(end))


def test_a_window_that_reaches_back_before_the_change_is_no_finding_of_it() -> None:
    assert _found(_turn(), _reading(), since=ONSET - 1) == []


def test_a_window_within_the_change_is_a_finding_with_the_evidence_that_backs_it() -> None:
    (found,) = _found(_turn(), _reading())

    assert (found.condition, found.ceiling, found.e_value, found.e_needed) == ("drifting", "act", 7.25, 5.84)
    assert found.reason == "it moved; location up"
    assert found.budget.startswith("No rate of false alarms is stated, since the baseline was fitted to rows without")
    assert "over its 14 monitors" in found.budget
    assert LADDER.tier(found) is Tier.INVESTIGATE


@pytest.mark.parametrize(("rank", "tier"), [(1, Tier.OBSERVE), (2, Tier.INVESTIGATE), (3, Tier.ACT)])
def test_a_large_effect_is_told_only_as_far_as_the_evidence_goes(rank: int, tier: Tier) -> None:
    turn = _turn()
    turn.states[KEY].levels[level_name(INCOME)] = Level(rank, AT, ONSET, "", 7.25, 5.84)
    (found,) = _found(turn, _reading(low=0.9))

    assert LADDER.tier(found) is tier


def test_a_marked_change_that_is_negligible_is_ok_and_has_no_tier() -> None:
    (found,) = _found(_turn(), _reading(low=0.019))

    assert (found.condition, LADDER.tier(found), found.e_value) == ("ok", None, 7.25)


def test_a_marked_change_drifts_by_its_size_whatever_its_p_value_said() -> None:
    (found,) = _found(_turn(), _reading(state="ok", low=0.15))

    assert (found.condition, LADDER.tier(found)) == ("drifting", Tier.INVESTIGATE)


def test_a_window_with_too_few_events_stays_insufficient() -> None:
    (found,) = _found(_turn(), _reading(state="insufficient"))

    assert (found.condition, LADDER.tier(found)) == ("insufficient", None)


def test_what_the_evidence_has_not_marked_is_no_finding_however_it_drifts() -> None:
    assert _found(_turn(marked=False), _reading(low=0.9), _reading("ks", low=0.9)) == []
    assert _found(_turn(), _reading(subject="known", low=0.9), _reading("missing", low=0.9)) == []


def test_an_open_incident_goes_on_reading_what_it_holds_without_being_raised_by_it() -> None:
    turn = _turn(marked=False, incident=_held(since=100))
    (found,) = _found(turn, _reading(low=0.9), _reading(subject="known", low=0.9), since=100)

    assert (found.subject, found.ceiling, found.e_value, LADDER.tier(found)) == ("income", "none", None, None)
    assert _found(turn, _reading(low=0.9), since=99) == []


def test_such_readings_let_the_incident_clear() -> None:
    incident = _held(since=100)
    turn = _turn(marked=False, incident=incident)
    (calm,) = _found(turn, _reading(state="ok", low=0.0), since=100)
    runs = [[replace(calm, at=_time(NOW + end))] for end in (1, 6, 11)]
    after, _ = steps(*runs, incident=incident)

    assert after is not None
    assert not after.open


def test_readings_of_evidence_are_never_findings() -> None:
    evidence = _reading("esr", low=0.9)

    assert [found.detector for found in _found(_turn(), evidence, _reading())] == ["psi"]
    assert _found(_turn(marked=False), evidence) == []
    assert _found(_turn(gated=False, marked=False), evidence) == []


def test_under_fixed_thresholds_readings_are_findings_as_they_are() -> None:
    found = _found(_turn(gated=False, marked=False), _reading(low=0.3), _reading("ks", "ok", 0.01), since=0)

    assert [(one.detector, one.condition, one.ceiling, one.e_value) for one in found] == [
        ("psi", "drifting", "act", None), ("ks", "ok", "act", None),
    ]  # fmt: skip
    assert LADDER.tier(found[0]) is Tier.ACT


@pytest.mark.parametrize(("detector", "tier"), [("volume", Tier.OBSERVE), ("freshness", Tier.INVESTIGATE)])
def test_the_flow_of_a_stream_needs_no_evidence(detector: Detector, tier: Tier) -> None:
    (found,) = _found(_turn(marked=False), Reading("events", detector, "now", "drifting", 0, 0, 1_000.0))

    assert LADDER.tier(found) is tier


@pytest.mark.parametrize("detector", ["duplicates", "unknown_features"])
def test_what_no_budget_covers_is_observed_at_most(detector: Detector) -> None:
    (found,) = _found(_turn(marked=False), _reading(detector, low=0.9, subject="events"), since=NOW - 4)

    assert found.ceiling == "observe"
    assert LADDER.tier(found) is Tier.OBSERVE
    assert _found(_turn(), _reading(detector, low=0.9, subject="events"), onset=ONSET) == []


def test_since_a_change_only_what_changed_then_is_read() -> None:
    flow = Reading("events", "volume", "change", "drifting", 0, 0)

    assert [one.subject for one in _found(_turn(), _reading(), flow, onset=ONSET)] == ["income"]
    assert _found(_turn(), _reading(), flow, since=110, onset=110) == []


def _over(turn: Turn, readings: Sequence[Finding], evidence: float = 1e9) -> bool:
    """Whether income begins anew after an evaluation that found these, with so much evidence left."""
    turn.findings += readings
    monitors = GATING.monitors(KEY, BASELINE)
    turn.begin_anew(KEY, monitors, np.full(len(monitors.names), evidence), turn.cleared(LADDER))
    return not turn.states[KEY].levels


def _calm(since: int = AT + 1, detector: str = "psi", subject: str = "income") -> Finding:
    return replace(_at(clear(end=0, detector=detector, subject=subject), since, NOW + 1), stream=STREAM)


def test_a_mark_is_over_once_a_reading_that_lies_after_it_clears() -> None:
    assert _over(_turn(), [_calm()])


def test_a_mark_is_over_once_its_evidence_has_faded_a_hundredfold() -> None:
    needed = 10**5.84

    assert not _over(_turn(), [], evidence=needed / 90)
    assert _over(_turn(), [], evidence=needed / 110)
    assert not _over(_turn(incident=_held(since=100)), [], evidence=0)


def test_a_mark_is_over_once_the_incident_has_let_go_of_it() -> None:
    incident = _held(since=100)
    gone = tuple(replace(member, cleared_at=_time(AT + 1)) for member in incident.members)

    assert _over(_turn(incident=replace(incident, members=gone)), [])


def test_a_reading_that_reaches_back_before_the_mark_does_not_end_it() -> None:
    assert not _over(_turn(), [_calm(since=AT)])


def test_a_mark_is_not_over_while_an_open_incident_holds_the_monitor() -> None:
    assert not _over(_turn(incident=_held(since=100)), [_calm()])


def test_another_monitors_reading_does_not_end_a_mark() -> None:
    assert not _over(_turn(), [_calm(subject="known")])
    assert not _over(_turn(), [_calm(detector="missing")])


def test_too_few_events_or_what_is_still_there_does_not_end_a_mark() -> None:
    (few,), (still,) = _found(_turn(), _reading(state="insufficient")), _found(_turn(), _reading(low=0.015))

    assert not _over(_turn(), [_at(few, AT + 1, NOW + 1)])
    assert not _over(_turn(), [_at(still, AT + 1, NOW + 1)])


def test_the_same_change_is_news_again_after_it_was_over(tmp_path: Path) -> None:
    played = planted(tmp_path)
    for ticks, change in ((60, Change()), (20, Change(shift=0.8)), (60, Change()), (5, Change(shift=0.8))):
        played.play(ticks, change)

    assert [change.type for change in played.changes] == ["opened", "resolved", "opened"]
    assert [(found.subject, tier) for _, found, tier in played.findings] == [("income", "act"), ("income", "act")]


def test_under_fixed_thresholds_a_mark_is_over_in_the_same_way() -> None:
    turn = _turn(gated=False)
    calm = replace(_reading(state="ok", low=0.0), high=0.004, value=0.002)

    assert _over(turn, _found(turn, calm, since=AT + 1))
