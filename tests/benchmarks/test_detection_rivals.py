from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.detection.bets import of_magnitudes
from benchmarks.detection.per_event import Cells, all_alarms, first_alarms, of_errors, of_numbers
from benchmarks.detection.rivals import Fresh, alarms, made_for_errors, on_errors, on_numbers
from detectors.alternatives import of_histograms
from detectors.esr import evidence, log_ratios, nothing, step

STEADY, CHANGED = 2_000, 1_000


def _numbers(seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    values: list[float] = np.concatenate([rng.normal(0, 1, STEADY), rng.normal(4, 1, CHANGED)]).tolist()
    return values


def _errors(seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    values: list[float] = (
        (rng.random(STEADY + CHANGED) < np.repeat([0.1, 0.8], [STEADY, CHANGED])).astype(float).tolist()
    )
    return values


@pytest.mark.parametrize(("name", "fresh"), on_numbers().items(), ids=on_numbers())
def test_a_usual_detector_finds_an_obvious_change_of_numbers(name: str, fresh: Fresh) -> None:
    found = alarms(fresh, _numbers(1))

    assert any(STEADY <= place < STEADY + 200 for place in found)


@pytest.mark.parametrize(("name", "fresh"), on_errors().items(), ids=on_errors())
def test_a_usual_detector_finds_an_obvious_change_of_errors(name: str, fresh: Fresh) -> None:
    found = alarms(fresh, _errors(1))

    assert any(STEADY <= place < STEADY + 200 for place in found)


def test_a_detector_begins_anew_after_each_alarm() -> None:
    fresh = made_for_errors()["DDM"]
    stream = _errors(1)
    first, *later = alarms(fresh, stream)

    assert [first + 1 + place for place in alarms(fresh, stream[first + 1 :])] == later


def test_no_more_alarms_are_looked_for_than_wanted() -> None:
    fresh = made_for_errors()["HDDM_W"]
    stream = _errors(1) * 2

    assert len(alarms(fresh, stream)) > 1
    assert alarms(fresh, stream, limit=1) == alarms(fresh, stream)[:1]


def _shifted(reference: int, streams: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    references = [rng.normal(0, 1, reference) for _ in range(streams)]
    values = rng.normal(0, 1, (STEADY + CHANGED, streams))
    values[STEADY:, : streams // 2] += 2
    return references, values


def test_esr_finds_what_moves_within_a_few_events_and_leaves_the_rest_alone() -> None:
    references, values = _shifted(5_000, 8, seed=5)

    first = first_alarms(of_numbers(references, values), len(values), 1e5)

    assert all(STEADY < place < STEADY + 30 for place in first[:4])
    assert first[4:].tolist() == [len(values)] * 4


def test_esr_on_errors_finds_a_rate_that_rises_and_not_one_that_falls() -> None:
    rng = np.random.default_rng(3)
    rates = np.array([[0.1, 0.1, 0.1], [0.4, 0.1, 0.02]])
    errors = rng.random((STEADY + CHANGED, 3)) < np.repeat(rates, [STEADY, CHANGED], axis=0)

    found = all_alarms([of_errors([200] * 3, [2_000] * 3, errors, 2.5)], len(errors), 1e5)

    assert {stream for _, stream in found} == {0}
    assert STEADY < found[0][0] < STEADY + 60


def test_bets_find_a_few_errors_far_out_before_the_histogram_does() -> None:
    rng = np.random.default_rng(7)
    references = [rng.normal(0, 1, 5_000) for _ in range(20)]
    values = rng.normal(0, 1, (STEADY + CHANGED, 20))
    values[STEADY:][rng.random((CHANGED, 20)) < 0.015] = 9

    by_bets = first_alarms([of_magnitudes(references, values)], len(values), 1e5)
    by_bins = first_alarms(of_numbers(references, values), len(values), 1e5)

    assert (by_bets >= STEADY).all()
    assert np.median(by_bets) < np.median(by_bins)


def test_looking_gains_up_is_the_same_as_counting_every_event() -> None:
    rng = np.random.default_rng(2)
    counts = rng.multinomial(5_000, [0.1, 0.2, 0.3, 0.4], 3).astype(float)
    alternatives = of_histograms(counts)
    places = rng.integers(0, 4, (50, 3))
    looked_up = Cells.of(alternatives, 4, places)
    held = nothing(alternatives)

    for event, cells in enumerate(places):
        held = step(held, log_ratios(alternatives, np.eye(4)[cells]), np.ones(3))
        assert looked_up.take(event) == pytest.approx(evidence(alternatives, held), rel=1e-4)


@pytest.mark.parametrize("draw", [np.random.Generator.normal, np.random.Generator.laplace], ids=["normal", "laplace"])
def test_a_page_of_all_monitors_stays_silent_without_a_change(draw: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(11)
    references = [draw(rng, size=5_000) for _ in range(20)]
    values = draw(rng, size=(1_000, 20))

    pages = [*of_numbers(references, values), of_magnitudes(references, values)]

    assert (first_alarms(pages, len(values), 5e4) == len(values)).all()
