"""What is carried from tick to tick: it survives the store, knows silence, and tells each episode once."""

from dataclasses import replace

import msgspec
import pytest

from alerting.finding import Finding
from benchmarks.simulated import baseline, rows
from detectors.baseline import Counts
from detectors.columns import columns_of
from detectors.fold import fold
from detectors.reading import Reading
from service.sequential import SequenceState
from service.settings import DetectionSettings
from tests.alerting.examples import finding

DETECTION = DetectionSettings.model_validate({"freshness_seconds": 600})
BASELINE = baseline(2_000)


def _counts(seed: int) -> Counts:
    columns = rows(60, seed)
    return fold(BASELINE, columns_of(BASELINE, [{name: columns[name][i] for name in columns} for i in range(60)]))


def _step(state: SequenceState, first: int, ticks: list[Counts | None]) -> list[Reading]:
    return state.step(BASELINE, first, ticks, DETECTION, 60, 1e-6, "5m")


def _named(readings: list[Reading], detector: str) -> Reading:
    (found,) = [reading for reading in readings if reading.detector == detector]
    return found


def test_a_state_that_went_through_the_store_goes_on_like_one_that_did_not() -> None:
    kept, stored = SequenceState(), SequenceState()
    for turn in range(6):
        ticks: list[Counts | None] = [_counts(turn * 5 + tick) for tick in range(5)]
        stored = SequenceState.decode(stored.encode())
        assert _step(kept, turn * 5, ticks) == _step(stored, turn * 5, ticks)

    assert kept.encode() == stored.encode()


def test_a_state_of_a_later_release_is_refused_with_the_way_out() -> None:
    later = msgspec.msgpack.decode(SequenceState().encode())
    later[0] = 99

    with pytest.raises(ValueError, match=r"version 99.*upgrade"):
        SequenceState.decode(msgspec.msgpack.encode(later))


def test_silence_is_measured_from_the_last_filled_tick() -> None:
    state = SequenceState()
    _step(state, 0, [_counts(1), None, None, None, None])
    quiet = _named(_step(state, 5, [None] * 5), "freshness")
    silent = _named(_step(state, 10, [None] * 5), "freshness")

    assert (quiet.value, quiet.state) == (540.0, "ok")
    assert (silent.value, silent.state) == (840.0, "drifting")


def test_a_stream_that_never_had_an_event_is_not_silent() -> None:
    detectors = [reading.detector for reading in _step(SequenceState(), 0, [None] * 5)]

    assert "freshness" not in detectors


def test_another_baseline_begins_the_change_detectors_anew_and_keeps_the_usual_volume() -> None:
    state = SequenceState()
    for turn in range(4):
        _step(state, turn * 5, [_counts(turn * 5 + tick) for tick in range(5)])
    volume = state.volume
    other = baseline(2_000, seed=9)
    state.step(other, 20, [None] * 5, DETECTION, 60, 1e-6, "5m")

    assert (state.baseline, state.adwin) == (other.id, {})
    assert volume != SequenceState().volume


def _news(state: SequenceState, found: Finding, tier: str) -> bool:
    return state.is_news(found, tier)


def test_an_episode_is_news_when_it_begins_and_when_its_tier_changes_and_after_it_was_over() -> None:
    state = SequenceState()
    drifting = finding(subject="income", e_value=None)
    calm = Reading("income", "psi", "5m", "ok", 10, 10, 0.0, 0.0, 0.0, None, 0.1, "fine")
    said = [_news(state, drifting, tier) for tier in ("investigate", "investigate", "act")]
    state.settle(drifting.stream.segment, [calm])

    assert [*said, _news(state, drifting, "act")] == [True, False, True, True]


def test_the_same_subject_in_another_window_or_segment_is_news_of_its_own() -> None:
    state = SequenceState()
    here = finding(e_value=None)
    elsewhere = replace(here, stream=replace(here.stream, segment="north"))

    assert [_news(state, one, "act") for one in (here, finding(window="1h", e_value=None), elsewhere)] == [True] * 3


def test_a_change_that_evidence_backs_is_news_once_for_all_windows_and_again_only_when_it_gets_worse() -> None:
    state = SequenceState()
    five, hour = finding(window="5m"), finding(window="1h")

    said = [_news(state, *one) for one in ((five, "investigate"), (hour, "investigate"), (hour, "act"), (five, "act"))]

    assert said == [True, False, True, False]
    assert not _news(state, five, "observe")
