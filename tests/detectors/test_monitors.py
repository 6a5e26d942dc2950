"""The monitors of one model: every subject, rate and segment, each tick taken in once."""

import random

import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.columns import Columns, Scalar, columns_of
from detectors.esr_state import EsrState
from detectors.fit import fit
from detectors.fold import fold
from detectors.monitor_counts import rates_of
from detectors.monitors import Monitors
from detectors.quality import quality
from detectors.subject import DUPLICATES, UNKNOWN_FEATURES, Counts


def _rows(count: int, seed: int, shift: float = 0.0, missing: float = 0.0) -> list[dict[str, Scalar]]:
    chance = random.Random(seed)
    return [
        {
            "income": None if chance.random() < missing else chance.gauss(shift, 1),
            "country": chance.choice(("DE", "FR", "NO", "DE")),
            "known": chance.random() < 0.3,
        }
        for _ in range(count)
    ]


def _baseline() -> Baseline:
    rows = _rows(8_000, 1)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    segments = ["north" if place % 2 else "south" for place in range(8_000)]
    return fit(columns, segments=segments, categories_max=100, segments_max=10)


BASELINE = _baseline()
MONITORS = Monitors.of(BASELINE, tick_seconds=60)


def _tick(seed: int, shift: float = 0.0, missing: float = 0.0) -> dict[str, Counts]:
    parts = {
        segment: fold(BASELINE, columns_of(BASELINE, _rows(100, seed * 2 + place, shift, missing)))
        for place, segment in enumerate(("north", "south"))
    }
    return parts | {"": parts["north"] + parts["south"]}


def _played(ticks: range, shift: float = 0.0, missing: float = 0.0, held: EsrState | None = None) -> EsrState:
    held = held or MONITORS.nothing()
    for tick in ticks:
        held = MONITORS.step(held, tick, _tick(tick, shift, missing))
    return held


def _of(held: EsrState, segment: str, subject: str, detector: str) -> float:
    places = [place for place, name in enumerate(MONITORS.names) if name == (segment, subject, detector)]
    return float(MONITORS.evidence(held)[places[0]])


def test_every_subject_and_rate_of_every_segment_is_a_monitor() -> None:
    # Per segment: 3 histograms, 3 times 3 rates of events, out_of_range, unseen.
    assert len(MONITORS.names) == len(set(MONITORS.names)) == 3 * (3 + 9 + 1 + 1)
    assert len(MONITORS.evidence(MONITORS.nothing())) == len(MONITORS.names)


def test_what_moved_gathers_evidence_and_what_did_not_does_not() -> None:
    held = _played(range(5), shift=0.5)

    assert _of(held, "", "income", "psi") > 1e6
    assert _of(held, "north", "income", "psi") > 1e3
    assert _of(held, "", "country", "psi") < 100
    assert _of(held, "", "income", "missing") < 100


def test_a_missing_rate_is_a_monitor_of_its_own() -> None:
    held = _played(range(3), missing=0.2)

    assert _of(held, "", "income", "missing") > 1e6
    assert _of(held, "", "known", "missing") < 100


def test_a_tick_is_taken_in_once() -> None:
    held = _played(range(4))
    again = MONITORS.step(held, 3, _tick(3))
    older = MONITORS.step(held, 1, _tick(1))

    assert again is held
    assert older is held


def test_an_empty_tick_moves_the_clock_and_nothing_else() -> None:
    held = _played(range(4))
    later = MONITORS.step(held, 9, {})

    assert later.tick == 9
    assert later.histograms.tobytes() == held.histograms.tobytes()


def test_the_state_goes_through_bytes_and_on_as_if_it_had_not() -> None:
    held = _played(range(4))
    stored = EsrState.decode(held.encode())

    assert stored.encode() == held.encode()
    assert _played(range(4, 8), held=stored).encode() == _played(range(4, 8), held=held).encode()


@pytest.mark.parametrize("content", [b"", b"\x09" + bytes(40), b"\x01" + bytes(30)])
def test_bytes_of_another_version_or_length_are_refused(content: bytes) -> None:
    good = _played(range(1)).encode()
    with pytest.raises(ValueError, match="e-SR state"):
        EsrState.decode(content if len(content) < 31 or content[0] == 9 else good[:-1])
    with pytest.raises(ValueError, match="e-SR state"):
        EsrState.decode(good[:-1])


def test_a_monitor_that_begins_anew_has_nothing_and_the_others_keep_theirs() -> None:
    held = _played(range(5), shift=0.5, missing=0.2)
    places = [MONITORS.names.index(("", "income", "psi")), MONITORS.names.index(("", "income", "missing"))]
    anew = MONITORS.begin_anew(held, places)

    assert [MONITORS.evidence(anew)[place] for place in places] == [0, 0]
    assert _of(anew, "north", "income", "psi") == _of(held, "north", "income", "psi") > 0


def test_rates_count_what_their_readings_count() -> None:
    counts = _tick(1, missing=0.1)[""]
    bad, events = rates_of(BASELINE, counts)
    limits = {"window_name": "5m", "alpha": 1e-6, "confidence": 0.99, "rate_change_min": 0.01, "events_min": 50}
    reference = np.zeros_like(counts)
    read = quality(BASELINE, reference, counts, **limits)  # type: ignore[arg-type]
    names = [(subject, detector) for segment, subject, detector in MONITORS.names if not segment and detector != "psi"]

    assert [(reading.subject, reading.detector) for reading in read] == names
    assert [reading.n for reading in read] == events.astype(int).tolist()
    assert bad[names.index(("income", "missing"))] == counts[BASELINE.layout.missing[1]] > 0


def test_repeats_and_unknown_names_gather_no_evidence_since_no_reference_of_rows_has_any() -> None:
    counts = _tick(1)[""].copy()
    before = rates_of(BASELINE, counts)
    counts[DUPLICATES], counts[UNKNOWN_FEATURES] = 7_000, 9_000

    assert [part.tolist() for part in rates_of(BASELINE, counts)] == [part.tolist() for part in before]
    assert not {name[2] for name in MONITORS.names} & {"duplicates", "unknown_features"}


def test_what_some_ticks_gave_one_alternative_can_be_asked_for() -> None:
    place = MONITORS.names.index(("", "income", "psi"))
    held = _played(range(5), shift=0.5)
    winner = MONITORS.strongest(held, place)
    gained = [MONITORS.all_gains(tick, _tick(tick, shift=0.5))(place)[winner] for tick in range(5)]

    assert min(gained) > 0
    assert MONITORS.describe(place, winner) == "location up"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (np.random.default_rng(1).normal(0.5, 1, 400), "location up"),
        (np.random.default_rng(1).normal(-6, 1, 400), "location down"),
        (np.random.default_rng(1).normal(0, 1, 400) * 1_000, "scale up"),
        (np.full(400, 0.01), "bin "),
    ],
)
def test_a_change_is_named_as_a_person_would_name_it(values: np.ndarray, name: str) -> None:
    known = np.random.default_rng(0).normal(size=5_000).tolist()
    baseline = fit({"x": known}, categories_max=10, segments_max=0)
    monitors = Monitors.of(baseline, 60)
    gained = monitors.all_gains(0, {"": fold(baseline, Columns(400, {"x": values}))})

    assert monitors.describe(0, monitors.named(0, gained(0))).startswith(name)


def test_a_change_of_categories_is_named_by_a_bin() -> None:
    baseline = fit({"x": ["NO", "SE", "DK"] * 2_000}, categories_max=10, segments_max=0)
    monitors = Monitors.of(baseline, 60)
    counts = fold(baseline, columns_of(baseline, [{"x": value} for value in ["NO", "DK"] * 200]))

    named = monitors.named(0, monitors.all_gains(0, {"": counts})(0))

    assert monitors.describe(0, named) in ("bin 'SE' down", "bin 'NO' up", "bin 'DK' up")
