from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks.detection import delays, tradeoff
from benchmarks.detection.changes import KINDS, Kind
from benchmarks.detection.dependence import Told
from benchmarks.detection.section import Scale, Section
from benchmarks.detection.simulate import Change, numbers


def _quiet(_: str) -> None:
    return None


def _told(kind: Kind, events: int = 1_667, seed: int = 1) -> Mapping[str, Told]:
    rng = np.random.default_rng(seed)
    return delays.watched(kind.fleet(rng, 40, 10_000), kind, events, 20, rng)


def test_a_large_shift_of_many_events_is_found_in_its_first_window() -> None:
    told = _told(KINDS["shift .5 σ"])

    assert told[delays.ESR].alarms == 0
    assert told[delays.ESR].delay(0.95) == 1.0


def test_a_shift_that_comes_about_over_a_day_takes_longer_than_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays, "WAITED", 300)

    slow, sudden = (_told(KINDS[name])[delays.ESR].delay(0.5) for name in ("shift .25 σ over a day", "shift .25 σ"))

    assert sudden == 1.0
    assert slow is not None
    assert 10 < slow < 288


@pytest.mark.parametrize("name", ["scale x 1.25", "5 % at the median", "nulls x 3", "rarest category x 1.5"])
def test_changes_of_every_kind_are_found_without_a_false_alarm_before_them(name: str) -> None:
    told = _told(KINDS[name])[delays.ESR]

    assert told.alarms == 0
    assert (told.delay(0.5) or 1_000) < 30


def test_a_gradual_change_is_complete_in_its_last_window_and_stays() -> None:
    kind = Kind(numbers, Change(location=0.2, nulls=3.0), windows=4)

    assert [kind.after(window).location for window in (1, 2, 4, 9)] == pytest.approx([0.05, 0.1, 0.2, 0.2])
    assert kind.after(2).nulls == 2.0


def test_a_delay_beyond_its_target_or_not_found_is_a_goal_not_met() -> None:
    quick, slow = {delays.ESR: Told(delays=np.ones(9))}, {delays.ESR: Told(delays=np.full(9, np.inf))}
    outcomes = {
        (target.kind, target.events, reference): quick for target in delays.TARGETS for reference in target.references
    }

    assert [goal.met for goal in delays.goals(outcomes)] == [True] * 4
    last = delays.goals({**outcomes, ("shift .25 σ", 100, 10_000): slow})[-1]
    assert (last.measured, last.met) == ("not found", False)


@pytest.fixture(scope="module")
def tradeoff_look() -> Section:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tradeoff, "WAITED", 40)
        return tradeoff.run(Scale(0.03), _quiet)


def test_the_louder_a_setting_the_sooner_it_finds(tradeoff_look: Section) -> None:
    for detector in ("e-SR", "PSI", "KS"):
        rows = [row for row in tradeoff_look.rows if row["detector"] == detector]
        found = [row["delay"] for row in rows if isinstance(row["delay"], float)]
        alarms = [row["false alarms"] for row in rows]
        assert sorted(found) == found, detector
        assert sorted(alarms, key=float, reverse=True) == alarms, detector  # type: ignore[arg-type]


def test_only_e_sr_says_how_many_false_alarms_it_is_allowed(tradeoff_look: Section) -> None:
    stated = {row["setting"]: row["stated"] for row in tradeoff_look.rows if row["stated"] is not None}

    assert {row["detector"] for row in tradeoff_look.rows if row["stated"] is not None} == {tradeoff.ESR}
    assert stated["1 in 30 days"] == 1.0
    assert stated["100,000 in 30 days"] == 100_000.0
