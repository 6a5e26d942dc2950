"""Evidence is a function of the closed ticks: a process that ends between two of them changes nothing."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from detectors.monitors import Monitors
from service.levels import Level, level_name
from service.sequential import SequenceState
from service.store.schema import finding, incident, notice, sequence
from tests.service.planted import BASELINE, FIRST, Change, Planted, counted, fitted, planted

PLAN = ((30, Change()), (20, Change(shift=0.6, missing=0.05)), (75, Change()), (15, Change(shift=0.6)))
MONITORS = Monitors.of(BASELINE, 60)


def _contents(played: Planted) -> dict[str, object]:
    """All that an evaluation leaves for the next one, or for people."""
    with played.store.read() as connection:
        tables = (sequence, finding, incident, notice)
        return {table.name: connection.execute(select(table)).all() for table in tables}


def _played(folder: Path, *, restarts: bool) -> tuple[list[bytes], dict[str, object]]:
    """The states after each boundary, and what the store holds in the end."""
    played = planted(folder)
    states: list[bytes] = []
    for ticks, change in PLAN:
        for _ in range(ticks // 5):
            played.play(5, change)
            states.append(played.state().encode())
            if restarts:
                played.restart()
    return states, _contents(played)


def test_a_process_that_ends_after_every_boundary_leaves_what_one_that_goes_on_does(tmp_path: Path) -> None:
    states, left = _played(tmp_path / "on", restarts=False)
    again, left_again = _played(tmp_path / "anew", restarts=True)

    assert states == again
    assert left == left_again
    assert len(left["incident"]) >= 2  # type: ignore[arg-type]


def _evaluate_in_vain(played: Planted) -> None:
    with played.store.write() as connection:
        played.parts.closer.evaluator.evaluate(connection, played.next + 4)
        raise RuntimeError("the connection is lost")


def test_an_evaluation_that_was_rolled_back_is_taken_again_from_the_store(tmp_path: Path) -> None:
    whole, broken = planted(tmp_path / "whole"), planted(tmp_path / "broken")
    for played in (whole, broken):
        played.play(30)
        played.play(5, Change(shift=0.6))
    with pytest.raises(RuntimeError, match="lost"):
        _evaluate_in_vain(broken)
    for played in (whole, broken):
        played.play(10, Change(shift=0.6))

    assert _contents(broken) == _contents(whole)


def test_ticks_that_were_taken_before_change_nothing() -> None:
    state = SequenceState()
    ticks = [{"": counted(BASELINE, tick, Change(shift=0.3))} for tick in range(5)]
    state.gather(MONITORS, FIRST, ticks)
    before = state.encode()
    state.gather(MONITORS, FIRST, ticks)
    state.gather(MONITORS, FIRST - 5, ticks)

    assert state.encode() == before


def test_a_boundary_that_was_taken_in_part_is_completed() -> None:
    ticks = [{"": counted(BASELINE, tick, Change(shift=0.3))} for tick in range(5)]
    whole, parts = SequenceState(), SequenceState()
    whole.gather(MONITORS, FIRST, ticks)
    parts.gather(MONITORS, FIRST, ticks[:3])
    parts.gather(MONITORS, FIRST, ticks)

    assert parts.encode() == whole.encode()


def test_levels_and_evidence_go_through_the_store_exactly() -> None:
    state = SequenceState()
    state.gather(MONITORS, FIRST, [{"": counted(BASELINE, 1, Change(shift=0.3))}])
    state.rise(("", "income", "psi"), 2, FIRST, 12_345.6, 10_800.0)
    state.name_change(("", "income", "psi"), FIRST - 20, "location up")
    again = SequenceState.decode(state.encode())

    assert again.encode() == state.encode()
    assert again.levels == {level_name(("", "income", "psi")): Level(2, FIRST, FIRST - 20, "location up", 4.09, 4.03)}
    assert again.esr is not None
    assert state.esr is not None
    assert again.esr.histograms.tobytes() == state.esr.histograms.tobytes()


def test_a_state_from_before_there_was_evidence_is_read_and_gathers_from_nothing() -> None:
    state = SequenceState(baseline=BASELINE.id, first_tick=FIRST, last_tick=FIRST + 4, known={"a": "act"})
    first_version = msgspec.msgpack.decode(state.encode())[:7]
    first_version[0] = 1
    read = SequenceState.decode(msgspec.msgpack.encode(first_version))

    assert (read.baseline, read.first_tick, read.known) == (BASELINE.id, FIRST, {"a": "act"})
    assert (read.esr, read.levels) == (None, {})
    read.gather(MONITORS, FIRST + 5, [{"": counted(BASELINE, 1)}])
    assert read.esr is not None
    assert read.esr.tick == FIRST + 5


def test_a_state_of_a_later_release_is_refused_though_it_has_fields_of_its_own() -> None:
    later = [*msgspec.msgpack.decode(SequenceState().encode()), "something new"]
    later[0] = 4

    with pytest.raises(ValueError, match="version 4, this release knows 3; upgrade"):
        SequenceState.decode(msgspec.msgpack.encode(later))


def test_a_worker_whose_evaluation_was_lost_goes_on_from_what_another_one_wrote(tmp_path: Path) -> None:
    alone, both = planted(tmp_path / "alone"), planted(tmp_path / "both")
    for played in (alone, both):
        played.play(10)
    with pytest.raises(RuntimeError, match="lost"):
        _evaluate_in_vain(both)
    first = both.parts
    both.restart()
    for played in (alone, both):
        played.play(5, Change(shift=0.1))
    both.parts = first
    for played in (alone, both):
        played.play(5)

    assert both.state().encode() == alone.state().encode()


def test_a_change_against_another_baseline_is_news_though_it_was_known_before(tmp_path: Path) -> None:
    played = planted(tmp_path)
    played.play(10)
    played.play(10, Change(shift=0.8))
    played.watch(fitted(seed=5))
    played.play(60)
    before = len(played.findings)
    played.play(5, Change(shift=0.8))

    assert [(found.subject, tier) for _, found, tier in played.findings[before:]] == [("income", "act")]
