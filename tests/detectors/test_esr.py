"""e-SR: what it states about stationary streams is what happens, and what is real is found in time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.alternatives import Alternatives, of_histograms, of_rates
from detectors.esr import evidence, log_ratios, nothing, onset, step
from detectors.esr_state import EVIDENCE_MAX

Floats = NDArray[np.float64]
TRUTH = np.array([0.005, 0.015, 0.08, *[0.1] * 8, 0.08, 0.015, 0.005])


def _references(rng: np.random.Generator, monitors: int, rows: int) -> Floats:
    return rng.multinomial(rows, TRUTH, monitors).astype(np.float64)


def _alarms(alternatives: Alternatives, counts: Floats, threshold: float) -> int:
    """Play ticks (T, S, B); a monitor that alarms begins anew."""
    held = nothing(alternatives)
    found = 0
    for tick in counts:
        held = step(held, log_ratios(alternatives, tick), tick.sum(axis=1))
        over = evidence(alternatives, held) >= threshold
        found += int(over.sum())
        held[over] = 0
    return found


def test_the_mean_of_the_evidence_on_a_known_reference_is_the_number_of_ticks() -> None:
    rng = np.random.default_rng(5)
    alternatives = of_rates(np.full(40_000, 2e5), np.full(40_000, 1e6), z=0)
    held = nothing(alternatives)
    for _ in range(12):
        bad = rng.binomial(3, 0.2, 40_000).astype(np.float64)
        held = step(held, log_ratios(alternatives, np.stack([bad, 3 - bad], axis=1)), np.full(40_000, 3.0))

    # Only the mildest alternatives: the mean of the others is made by events too rare for a sample of this size.
    assert held[:, :2].mean(axis=0) == pytest.approx([12, 12], rel=0.05)


@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_stationary_monitors_raise_fewer_alarms_than_stated(rows: int) -> None:
    rng = np.random.default_rng(rows)
    alternatives = of_histograms(_references(rng, 400, rows))
    counts = (rng.multinomial(200, TRUTH, 400).astype(np.float64) for _ in range(400))

    # Threshold 8,000: 400 monitors x 400 ticks / 8,000 = at most 20 are stated.
    assert _alarms(alternatives, counts, 8_000) <= 20  # type: ignore[arg-type]


def test_without_the_allowance_for_the_references_error_a_small_reference_alarms_without_end() -> None:
    rng = np.random.default_rng(3)
    alternatives = of_histograms(_references(rng, 100, 1_000), z=0)
    counts = (rng.multinomial(1_667, TRUTH, 100).astype(np.float64) for _ in range(100))

    assert _alarms(alternatives, counts, 1e6) > 100  # type: ignore[arg-type]


def test_a_shift_is_found_and_named_and_dated() -> None:
    rng = np.random.default_rng(7)
    alternatives = of_histograms(_references(rng, 1, 10_000))
    moved = TRUTH * np.exp(0.25 * alternatives.scores[0, 0])
    moved /= moved.sum()
    held = nothing(alternatives)
    ratios = []
    for tick in range(60):
        counts = rng.multinomial(300, moved if tick >= 40 else TRUTH, 1).astype(np.float64)
        ratios.append(log_ratios(alternatives, counts))
        held = step(held, ratios[-1], counts.sum(axis=1))
    winner = int(held[0].argmax())

    assert evidence(alternatives, held)[0] > 1e8
    assert winner < 4, "an alternative that moves the location up"
    assert abs(onset(np.array([float(ratio[0, winner]) for ratio in ratios])) - 40) <= 2


def test_a_value_that_was_never_missing_and_now_is_needs_one_tick() -> None:
    reference = np.append(TRUTH * 10_000, 0.0)[None]
    alternatives = of_histograms(reference, unranked=np.arange(15)[None] == 14)
    broken = np.append(TRUTH * 1_500, 30.0).round()[None]
    held = step(nothing(alternatives), log_ratios(alternatives, broken), broken.sum(axis=1))

    assert evidence(alternatives, held)[0] > 1e7
    assert (int(held[0].argmax()) - 24) // 3 == 14


def test_an_empty_tick_changes_nothing() -> None:
    rng = np.random.default_rng(11)
    alternatives = of_histograms(_references(rng, 3, 5_000))
    counts = rng.multinomial(100, TRUTH, 3).astype(np.float64)
    held = step(nothing(alternatives), log_ratios(alternatives, counts), counts.sum(axis=1))
    empty = np.zeros_like(counts)

    assert step(held, log_ratios(alternatives, empty), empty.sum(axis=1)).tobytes() == held.tobytes()


def test_evidence_never_overflows() -> None:
    alternatives = of_histograms(TRUTH[None] * 100_000)
    counts = np.zeros((1, 14))
    counts[0, 0] = 1e6
    held = nothing(alternatives)
    with np.errstate(all="raise", over="ignore", under="ignore"):
        for _ in range(50):
            held = step(held, log_ratios(alternatives, counts), counts.sum(axis=1))

    assert 0 < evidence(alternatives, held)[0] <= EVIDENCE_MAX


def test_a_monitor_that_sees_nothing_never_gathers_evidence() -> None:
    alternatives = of_histograms(np.full((1, 14), 1.0))
    counts = np.zeros((1, 14))
    counts[0, 13] = 5_000
    held = step(nothing(alternatives), log_ratios(alternatives, counts), counts.sum(axis=1))

    assert evidence(alternatives, held).tolist() == [0.0]
