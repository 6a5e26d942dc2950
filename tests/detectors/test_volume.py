import numpy as np
import pytest

from detectors.reading import Reading
from detectors.volume import LEARN_TICKS, VolumeReference, freshness, volume


def learned(ticks: int = LEARN_TICKS, mean: float = 100, seed: int = 1, spread: float = 1.0) -> VolumeReference:
    usual = VolumeReference()
    rng = np.random.default_rng(seed)
    for rate in rng.gamma(mean / spread, spread, ticks):
        usual = usual.learn(int(rng.poisson(rate)))
    return usual


def read(usual: VolumeReference, events: int, ticks: int = 5, alpha: float = 1e-6) -> Reading:
    return volume(usual, events=events, ticks=ticks, window_name="5m", alpha=alpha, confidence=0.99)


def test_mean_and_variance_are_those_of_the_first_ticks() -> None:
    counts = np.random.default_rng(2).poisson(40, LEARN_TICKS)
    usual = VolumeReference()
    for events in counts.tolist():
        usual = usual.learn(events)
    assert (usual.mean, usual.variance) == pytest.approx((counts.mean(), counts.var(ddof=1)))


def test_later_ticks_move_the_reference_slowly() -> None:
    usual = learned()
    assert usual.learn(1_540).mean == pytest.approx(usual.mean + (1_540 - usual.mean) / 1_440)


def test_there_is_no_verdict_before_enough_ticks_are_learned() -> None:
    reading = read(learned(59), 0)
    assert (reading.state, reading.why) == (
        "insufficient",
        "the usual volume is known after 60 closed ticks, so far 59",
    )


def test_there_is_no_verdict_on_a_stream_that_was_silent_while_it_was_learned() -> None:
    usual = VolumeReference()
    for _ in range(LEARN_TICKS):
        usual = usual.learn(0)
    assert read(usual, 500).state == "insufficient"


@pytest.mark.parametrize(
    ("events", "state"), [(500, "ok"), (350, "ok"), (50, "drifting"), (0, "drifting"), (2_000, "drifting")]
)
def test_only_a_large_change_of_volume_drifts(events: int, state: str) -> None:
    assert read(learned(), events).state == state


def test_a_stream_that_always_varied_may_vary() -> None:
    assert read(learned(spread=60), 50).state == "ok"


def test_a_drop_is_told_in_one_plain_sentence() -> None:
    assert read(learned(), 50).why == ("10 events per tick where 96.78 are usual: down by 73% to 100%, p 1.9e-21")


def test_false_alarms_are_as_rare_as_stated() -> None:
    rng = np.random.default_rng(3)
    fired = 0
    for _ in range(4_000):
        usual = VolumeReference()
        for events in rng.negative_binomial(20, 0.2, LEARN_TICKS).tolist():
            usual = usual.learn(events)
        window = int(rng.negative_binomial(20, 0.2, 5).sum())
        fired += (read(usual, window).p_value or 0) <= 0.01
    assert 0.004 <= fired / 4_000 <= 0.016


def test_the_reference_survives_encoding_exactly() -> None:
    usual = learned(100)
    assert VolumeReference.decode(usual.encode()) == usual


@pytest.mark.parametrize("content", [b"", b"\x02" + bytes(24), bytes(24)])
def test_bytes_of_another_version_or_length_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="volume"):
        VolumeReference.decode(content)


@pytest.mark.parametrize(("silent", "state"), [(0.0, "ok"), (899.9, "ok"), (900.0, "drifting")])
def test_silence_drifts_from_the_threshold_on(silent: float, state: str) -> None:
    assert freshness(silent, 900).state == state
