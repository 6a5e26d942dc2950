from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from detectors.baseline import DUPLICATES, EVENTS, UNKNOWN_FEATURES, Baseline
from detectors.columns import Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold, zeros
from detectors.quality import quality, stream_quality
from detectors.reading import Reading

REFERENCE: list[Scalar] = np.random.default_rng(1).uniform(0, 10, 5_000).tolist()
COUNTRIES: list[Scalar] = ["DE", "FR"] * 2_500
BASELINE = fit({"x": REFERENCE, "country": COUNTRIES}, categories_max=10, segments_max=0)


def read(window: Sequence[Mapping[str, Scalar]], alpha: float = 1e-6) -> dict[tuple[str, str], Reading]:
    readings = quality(
        BASELINE,
        BASELINE.reference[""],
        fold(BASELINE, columns_of(BASELINE, window)),
        window_name="5m",
        alpha=alpha,
        confidence=0.99,
        rate_change_min=0.01,
        events_min=50,
    )
    return {(reading.subject, reading.detector): reading for reading in readings}


def stream(events: int, cell: int, times: int) -> Reading:
    window = zeros(BASELINE)
    window[EVENTS], window[cell] = events, times
    readings = stream_quality(
        BASELINE.reference[""],
        window,
        window_name="5m",
        alpha=1e-6,
        confidence=0.99,
        rate_change_min=0.01,
        events_min=50,
    )
    return next(reading for reading in readings if reading.detector == ("duplicates", "unknown_features")[cell - 1])


GOOD: dict[str, Scalar] = {"x": 5.0, "country": "DE"}


@pytest.mark.parametrize(
    ("bad", "subject", "detector"),
    [
        ({"country": "DE"}, "x", "missing"),
        (GOOD | {"x": None}, "x", "missing"),
        (GOOD | {"x": float("nan")}, "x", "not_finite"),
        (GOOD | {"x": "5"}, "x", "wrong_type"),
        (GOOD | {"x": 10.5}, "x", "out_of_range"),
        (GOOD | {"x": -0.1}, "x", "out_of_range"),
        (GOOD | {"country": "FI"}, "country", "unseen"),
        (GOOD | {"country": 7}, "country", "wrong_type"),
    ],
)
def test_ten_percent_of_a_bad_value_drifts_in_its_own_rate_only(
    bad: Mapping[str, Scalar], subject: str, detector: str
) -> None:
    readings = read([bad] * 50 + [GOOD] * 450)
    assert [key for key, reading in readings.items() if reading.state == "drifting"] == [(subject, detector)]


def test_the_value_is_the_change_of_the_rate_within_its_bounds() -> None:
    reading = read([GOOD | {"x": None}] * 50 + [GOOD] * 450)["x", "missing"]
    assert (reading.value, reading.low, reading.high) == pytest.approx((0.1, 0.0702, 0.1409), abs=1e-3)


def test_numbers_have_a_range_and_categories_can_be_unseen() -> None:
    assert sorted(read([GOOD] * 100)) == [
        ("country", "missing"),
        ("country", "not_finite"),
        ("country", "unseen"),
        ("country", "wrong_type"),
        ("x", "missing"),
        ("x", "not_finite"),
        ("x", "out_of_range"),
        ("x", "wrong_type"),
    ]


def test_a_rate_that_falls_is_ok_here() -> None:
    halves: list[Scalar] = [1.0, None] * 1_000
    baseline = fit({"x": halves}, categories_max=10, segments_max=0)
    readings = quality(
        baseline,
        baseline.reference[""],
        fold(baseline, columns_of(baseline, [{"x": 1.0}] * 500)),
        window_name="5m",
        alpha=0.01,
        confidence=0.99,
        rate_change_min=0.01,
        events_min=50,
    )
    assert (readings[0].state, readings[0].value) == ("ok", -0.5)


def test_a_certain_but_negligible_change_is_ok() -> None:
    reading = read([GOOD | {"x": None}] * 100 + [GOOD] * 19_900, alpha=0.001)["x", "missing"]
    assert (reading.state, (reading.p_value or 1) < 0.001) == ("ok", True)


def test_unseen_is_insufficient_when_no_value_is_usable() -> None:
    reading = read([{}] * 500)["country", "unseen"]
    assert (reading.state, reading.why) == ("insufficient", "only 0 of the 50 usable values it takes")


def test_a_drifting_rate_is_told_in_one_plain_sentence() -> None:
    assert read([GOOD | {"country": "FI"}] * 50 + [GOOD] * 450)["country", "unseen"].why == (
        "10% not in the reference, reference 0%: up by 7% to 14% of 500 usable values, p 7.9e-54"
    )


def test_repeated_events_are_counted_among_all_that_came() -> None:
    reading = stream(900, DUPLICATES, 100)
    assert (reading.state, reading.subject, reading.n, reading.value) == ("drifting", "events", 1_000, 0.1)


def test_several_unknown_features_per_event_are_a_rate_of_one() -> None:
    reading = stream(900, UNKNOWN_FEATURES, 2_700)
    assert (reading.state, reading.value) == ("drifting", 1.0)


def test_a_stream_without_events_is_insufficient() -> None:
    assert stream(0, DUPLICATES, 0).state == "insufficient"


def test_a_baseline_without_subjects_has_no_rates() -> None:
    assert quality(
        Baseline((), {}),
        np.zeros(4, np.int64),
        np.zeros(4, np.int64),
        window_name="5m",
        alpha=0.01,
        confidence=0.99,
        rate_change_min=0.01,
        events_min=50,
    ) == []  # fmt: skip
