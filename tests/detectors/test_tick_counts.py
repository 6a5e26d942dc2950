"""The counts of a reference's ticks say to monitors what the rows themselves would."""

import random

import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.columns import Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold
from detectors.monitor_counts import rates_of
from detectors.tick_counts import NUMBERS_MAX, count_ticks

ROWS, PER_TICK, FIRST = 3_000, 50, 700


def _rows(seed: int) -> dict[str, list[Scalar]]:
    chance = random.Random(seed)
    odd: list[Scalar] = [None, float("nan"), "text", True, 1e9, -1e9]
    return {
        "amount": [chance.choice(odd) if chance.random() < 0.1 else chance.gauss(0, 1) for _ in range(ROWS)],
        "country": [chance.choice(["NO", "SE", "DK", "DK", None, 3]) for _ in range(ROWS)],
        "known": [chance.choice([True, False, None, 1]) for _ in range(ROWS)],
        "ident": [f"{chance.getrandbits(60):x}" for _ in range(ROWS)],
        "score": [round(chance.random(), 1) for _ in range(ROWS)],
    }


REFERENCE, PLAYED = _rows(1), _rows(2)
SEGMENTS = ["web" if row % 3 else "shop" for row in range(ROWS)]
TICKS = np.arange(ROWS) // PER_TICK * 2 + FIRST
FROZEN = fit(REFERENCE, segments=SEGMENTS, categories_max=10, segments_max=5)
COUNTED = count_ticks(FROZEN, PLAYED, TICKS, SEGMENTS)


def _folded(frozen: Baseline, tick: int, segment: str) -> np.ndarray:
    chosen = [row for row in range(ROWS) if TICKS[row] == tick and segment in ("", SEGMENTS[row])]
    return fold(frozen, columns_of(frozen, [{name: of[row] for name, of in PLAYED.items()} for row in chosen]))


@pytest.mark.parametrize("segment", ["", "web", "shop"])
def test_bins_and_rates_are_those_of_the_rows(segment: str) -> None:
    for tick in range(FIRST, FIRST + COUNTED.ticks, 2):
        counts, folded = COUNTED.at(tick)[segment], _folded(FROZEN, tick, segment)

        assert (FROZEN.layout.bins(counts) == FROZEN.layout.bins(folded)).all()
        assert [part.tolist() for part in rates_of(FROZEN, counts)] == [
            part.tolist() for part in rates_of(FROZEN, folded)
        ]


def test_a_tick_without_events_has_no_counts() -> None:
    assert COUNTED.at(FIRST + 1) == {}


def test_a_rare_category_that_occurs_once_counts_as_unseen_as_it_does_in_fitting() -> None:
    rows: dict[str, list[Scalar]] = {"country": [*["NO"] * 600, *["SE"] * 399, "DK"]}
    frozen = fit(rows, categories_max=10, segments_max=0)
    counts = count_ticks(frozen, rows, np.zeros(1_000, np.int64)).at(0)[""]

    assert (frozen.layout.bins(counts) == frozen.layout.bins(frozen.reference[""])).all()


def test_many_events_in_a_tick_are_counted_in_full() -> None:
    rows: dict[str, list[Scalar]] = {"known": [True for _ in range(70_000)]}
    frozen = fit(rows, categories_max=10, segments_max=0)

    assert count_ticks(frozen, rows, np.zeros(70_000, np.int64)).at(0)[""][0] == 70_000


def test_a_month_of_minutes_of_fifty_subjects_with_twenty_bins_fits() -> None:
    ticks, cells = 30 * 1_440, 1 + 50 * (20 + 2 + 3)

    assert ticks * cells <= NUMBERS_MAX


def test_what_does_not_fit_in_memory_is_refused_before_it_is_counted() -> None:
    late = TICKS.copy()
    late[-1] = 10**8

    with pytest.raises(ValueError, match="more than the 400,000,000 kept in memory; give fewer days, fewer columns"):
        count_ticks(FROZEN, PLAYED, late, SEGMENTS)
