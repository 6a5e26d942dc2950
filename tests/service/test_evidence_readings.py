"""Every subject's evidence is read at each boundary: how far it is from an alert, or why there can be none."""

import math
from pathlib import Path

import pytest

from detectors.baseline import Baseline
from detectors.fit import fit
from detectors.monitor_counts import MonitorName
from detectors.reading import Reading
from service.evidence_readings import evidence_readings
from service.gating import Gathered, Gating
from service.levels import Level
from service.sequential import SequenceState
from service.settings import DetectionSettings
from tests.alerting.examples import owners
from tests.service.planted import BASELINE, KEY, Change, counted, fitted, planted, rows

TICKS = 43_200
INCOME: MonitorName = ("", "income", "psi")
MISSING: MonitorName = ("", "income", "missing")
TABLE = owners()


def _read(
    evidence: dict[MonitorName, float] | None = None,
    levels: dict[MonitorName, Level] | None = None,
    baseline: Baseline = BASELINE,
    segment: str = "",
) -> dict[str, Reading]:
    """By subject, what is read where the monitors hold so much evidence and some are marked."""
    gating = Gating(DetectionSettings(), lambda: TABLE, 60)
    gating.raise_levels({KEY: baseline}, {KEY: SequenceState()}, 1)
    monitors, gathered = gating.monitors_of(KEY), gating.gathered(KEY)
    numbers = gathered.evidence.copy()
    for name, value in (evidence or {}).items():
        numbers[monitors.names.index(name)] = value
    counts = counted(baseline, 1) if baseline.layout.cells == BASELINE.layout.cells else baseline.reference[""]
    found = evidence_readings(monitors, Gathered(numbers, gathered.needs), levels or {}, segment, counts, "5m")
    return {reading.subject: reading for reading in found}


def test_every_subject_has_one_reading() -> None:
    found = _read()

    assert list(found) == ["country", "income", "known"]
    assert {(r.detector, r.window, r.state, r.n, r.reference_n) for r in found.values()} == {
        ("esr", "5m", "ok", 300, 8_000)
    }


def test_what_is_far_from_an_alert_is_ok_and_says_how_far() -> None:
    income = _read({INCOME: 150.0})["income"]
    needed = math.log10(14 * TICKS / 30)

    assert (income.state, income.value) == ("ok", 2.176)
    assert income.threshold == pytest.approx(needed, abs=5e-4)
    assert income.why == (
        "evidence 10^2.2 of the 10^4.3 that a digest takes; lasting shifts are seen from 0.08 standard deviations"
    )


def test_the_monitor_with_the_most_evidence_speaks_for_its_subject() -> None:
    assert _read({INCOME: 10.0, MISSING: 1_000.0})["income"].value == 3.0


def test_less_evidence_than_one_is_read_as_none() -> None:
    assert _read({INCOME: 0.001})["income"].value == 0.0


@pytest.mark.parametrize(("rank", "told_by", "accepted"), [(1, "a digest", 4), (2, "a ticket", 1), (3, "a page", 1)])
def test_what_is_marked_drifts_and_says_what_it_is_and_what_comes_next(rank: int, told_by: str, accepted: int) -> None:
    level = Level(rank, 5, 0, "location up", 6.0, 5.0)
    income = _read({INCOME: 1e6, MISSING: 1e7}, {INCOME: level})["income"]

    assert (income.state, income.value) == ("drifting", 6.0)
    assert income.threshold == pytest.approx(math.log10(14 * TICKS / accepted), abs=5e-4)
    assert [words in income.why for words in ("location up", "evidence 10^6.0", told_by)] == [True] * 3


def test_a_mark_without_a_name_is_said_to_have_changed() -> None:
    assert "changed" in _read({INCOME: 1e6}, {INCOME: Level(1, 5, 0, "", 6.0, 5.0)})["income"].why


def test_a_tiny_reference_is_insufficient_and_never_ok() -> None:
    found = _read({INCOME: 1e9}, baseline=fitted(15))

    assert found["income"].state == "insufficient"
    assert found["income"].why == "the reference of 15 events cannot tell any change from chance; a longer one could"
    assert (found["income"].value, found["income"].threshold) == (None, None)


def test_a_reference_that_wanders_is_insufficient_with_the_reason() -> None:
    count = 4_320
    columns = rows(count, 1)
    rising = fit(
        columns | {"income": [20 * place / count for place in range(count)]},
        categories_max=10, segments_max=1, ticks=range(count), tick_seconds=60,
    )  # fmt: skip
    found = _read(baseline=rising)

    assert (found["income"].state, found["known"].state) == ("insufficient", "ok")
    assert "which wander so much that they are worth" in found["income"].why


def test_a_blind_subject_whose_rate_was_marked_all_the_same_drifts() -> None:
    marked = _read({MISSING: 1e6}, {MISSING: Level(2, 5, 0, "rate up", 6.0, 5.0)}, fitted(15))["income"]

    assert marked.state == "drifting"
    assert "rate up" in marked.why


def test_a_segment_is_read_by_its_own_monitors_and_reference() -> None:
    segments = ["north" if place % 4 == 0 else "" for place in range(4_000)]
    parted = fit(rows(4_000, 1), segments=segments, categories_max=10, segments_max=2)
    found = _read({("north", "income", "psi"): 100.0}, baseline=parted, segment="north")

    assert (found["income"].value, found["known"].value, found["income"].reference_n) == (2.0, 0.0, 1_000)
    assert _read({("north", "income", "psi"): 100.0}, baseline=parted)["income"].value == 0.0


def test_readings_follow_a_change_through_the_line(tmp_path: Path) -> None:
    played = planted(tmp_path)
    played.play(10)
    before = {reading.subject: reading.state for reading in played.esr(played.next - 1)}
    played.play(5, Change(shift=0.5))
    after = {reading.subject: reading for reading in played.esr(played.next - 1)}

    assert before == {"country": "ok", "income": "ok", "known": "ok"}
    assert {name: reading.state for name, reading in after.items()} == before | {"income": "drifting"}
    assert [words in after["income"].why for words in ("location up", "a page")] == [True] * 2


def test_evidence_that_has_gone_is_not_said_to_be_beyond_anything() -> None:
    income = _read({INCOME: 1.0}, {INCOME: Level(3, 5, 0, "location up", 7.2, 5.8)})["income"]

    assert income.value == 0.0
    assert "beyond" not in income.why
    assert "10^7.2" in income.why
