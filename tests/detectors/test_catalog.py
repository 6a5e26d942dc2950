from dataclasses import replace

import numpy as np
import pytest

from detectors.baseline import Baseline, Counts
from detectors.catalog import Options, read_window
from detectors.columns import Columns, Scalar
from detectors.fit import fit
from detectors.fold import fold, zeros
from detectors.reading import Reading

OPTIONS = Options(
    alpha=1e-6, confidence=0.99, events_min=50, psi_floor=0.02, ks_distance_min=0.05, rate_change_min=0.01
)
RNG = np.random.default_rng(1)
NAMES = [f"f{number}" for number in range(8)]
ROWS: dict[str, list[Scalar]] = {name: RNG.normal(size=4_000).tolist() for name in NAMES}
BASELINE = fit(ROWS | {"color": ["red", "blue"] * 2_000}, categories_max=10, segments_max=0)
WINDOW = fold(
    BASELINE,
    Columns(800, {name: RNG.normal(size=800) for name in NAMES} | {"color": ["red", "blue"] * 400}),
)


def read(baseline: Baseline, window: Counts) -> list[Reading]:
    return read_window(baseline, "", window, "5m", OPTIONS)


def of(readings: list[Reading], *, subject: str) -> list[Reading]:
    return sorted((reading for reading in readings if reading.subject == subject), key=lambda reading: reading.detector)


def others(readings: list[Reading], *, than: str) -> list[Reading]:
    return sorted(
        (reading for reading in readings if reading.subject != than),
        key=lambda reading: (reading.subject, reading.detector),
    )


def test_every_subject_is_read_by_every_detector_that_suits_it() -> None:
    found: dict[str, list[str]] = {}
    for reading in read(BASELINE, WINDOW):
        found.setdefault(reading.subject, []).append(reading.detector)
    numeric = sorted(["psi", "ks", "missing", "not_finite", "wrong_type", "out_of_range"])
    assert {name: sorted(detectors) for name, detectors in found.items()} == {
        **dict.fromkeys(NAMES, numeric),
        "color": ["missing", "not_finite", "psi", "unseen", "wrong_type"],
        "events": ["duplicates", "unknown_features"],
    }


def test_an_unchanged_window_is_ok_throughout() -> None:
    assert {reading.state for reading in read(BASELINE, WINDOW)} == {"ok"}


def test_an_empty_window_is_insufficient_throughout() -> None:
    assert {reading.state for reading in read(BASELINE, zeros(BASELINE))} == {"insufficient"}


@pytest.mark.parametrize("damage", [-7, 7, 2**40])
def test_a_subject_whose_counts_do_not_add_up_is_insufficient_and_no_other_is_touched(damage: int) -> None:
    window = WINDOW.copy()
    window[BASELINE.subjects[3].start + 5] += damage
    readings = read(BASELINE, window)
    name = BASELINE.subjects[3].name
    assert others(readings, than=name) == others(read(BASELINE, WINDOW), than=name)


def test_a_subject_whose_counts_do_not_add_up_says_why_in_every_detector() -> None:
    window = WINDOW.copy()
    window[BASELINE.subjects[3].start + 5] += 7
    whys = {(reading.state, reading.why) for reading in of(read(BASELINE, window), subject=BASELINE.subjects[3].name)}
    why = "its counts do not add up to the events counted; the pane or the baseline is damaged"
    assert whys == {("insufficient", why)}


def broken_bins(row: int) -> Baseline:
    subjects = list(BASELINE.subjects)
    subjects[row] = replace(subjects[row], coarse=subjects[row].coarse[:-2])
    return Baseline(tuple(subjects), BASELINE.reference)


@pytest.mark.parametrize("row", [1, 5, 8])
def test_a_subject_whose_bins_cannot_be_read_is_insufficient_and_no_other_is_touched(row: int) -> None:
    name = BASELINE.subjects[row].name
    assert others(read(broken_bins(row), WINDOW), than=name) == others(read(BASELINE, WINDOW), than=name)


def test_a_subject_whose_bins_cannot_be_read_says_why() -> None:
    readings = of(read(broken_bins(5), WINDOW), subject=BASELINE.subjects[5].name)
    assert {(reading.state, reading.why.split(":")[0]) for reading in readings} == {
        ("insufficient", "its bins cannot be read")
    }


def test_a_broken_subject_still_has_a_reading_of_every_detector() -> None:
    name = BASELINE.subjects[5].name
    assert [reading.detector for reading in of(read(broken_bins(5), WINDOW), subject=name)] == [
        reading.detector for reading in of(read(BASELINE, WINDOW), subject=name)
    ]


def test_a_baseline_without_subjects_still_watches_the_stream() -> None:
    counts = np.array([100, 0, 0, 0])
    readings = read_window(Baseline((), {"": counts}), "", counts, "5m", OPTIONS)
    assert [(reading.detector, reading.state) for reading in readings] == [
        ("duplicates", "ok"),
        ("unknown_features", "ok"),
    ]


def test_counts_of_another_baseline_are_a_loud_bug() -> None:
    with pytest.raises(ValueError, match="counts of 5 cells"):
        read(BASELINE, np.zeros(5, np.int64))
