import numpy as np
import pytest

from benchmarks.detection import dependence, processes
from benchmarks.detection.processes import PROCESSES, Process
from benchmarks.detection.section import Scale, Section


def _quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def dependence_look() -> Section:
    with pytest.MonkeyPatch.context() as patch:
        names = ("AR .9, .03 σ", "daily .2 σ")
        patch.setattr(dependence, "PROCESSES", {name: PROCESSES[name] for name in names})
        patch.setattr(dependence, "WAITED", 60)
        return dependence.run(Scale(1 / 60), _quiet)


def test_dependence_has_one_row_per_process_and_detector(dependence_look: Section) -> None:
    found = [(row["process"], row["detector"]) for row in dependence_look.rows]

    assert len(set(found)) == len(found) == 2 * 5
    assert len({tuple(row) for row in dependence_look.rows}) == 1


def test_design_effects_and_slots_keep_wandering_and_seasons_quiet(dependence_look: Section) -> None:
    told = {(row["process"], row["detector"]): row["false alarms"] for row in dependence_look.rows}

    assert told["AR .9, .03 σ", dependence.TEMPERED] == told["daily .2 σ", dependence.TEMPERED] == 0
    assert told["daily .2 σ", dependence.UNTEMPERED] != 0
    assert dependence_look.goals[0].met


def test_a_shift_under_a_season_is_found_at_once(dependence_look: Section) -> None:
    rows = [row for row in dependence_look.rows if row["process"] == "daily .2 σ"]

    assert [row["delay"] for row in rows if row["detector"] == dependence.TEMPERED] in ([1.0], [2.0])


def test_a_delay_that_half_the_monitors_lack_is_none() -> None:
    told = dependence.Told(0, np.array([3.0, np.inf, np.inf]))

    assert told.delay(0.0) == 3.0
    assert told.delay(0.5) is None


def test_the_information_limit_grows_with_memory_and_is_at_least_a_tick() -> None:
    assert Process().limit(0.25, 20) == 1
    assert Process(0.9, 0.10).limit(0.25, 20) == pytest.approx(20 * 2 * (0.01 * 19 + 1 / 1_667) / 0.0625)


def test_bins_are_cut_at_the_quantiles_of_a_reference_that_wanders() -> None:
    drawn = processes.draw(Process(0.9, 0.1, 0.5), np.random.default_rng(4), 2, 10, 10, 0.0)
    shares = drawn.reference.sum(axis=(0, 1)) / drawn.reference.sum()

    assert shares[3:11] == pytest.approx(np.full(8, 0.1), abs=0.003)
    assert len(drawn.slots(24)) == processes.REFERENCE_TICKS + 20
