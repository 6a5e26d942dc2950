from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.baseline import EVENTS, UNKNOWN_FEATURES, Baseline
from detectors.columns import Columns, Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold, merge, zeros

ROWS: dict[str, list[Scalar]] = {
    "age": [float(value) for value in range(100)],
    "country": [*["DE"] * 60, *["FR"] * 38, "IS", "LI"],
    "member": [value % 3 == 0 for value in range(100)],
}
BASELINE = fit(ROWS, categories_max=2, segments_max=0)
AGE, COUNTRY, MEMBER = BASELINE.subjects

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["DE", "FR", "IS", "XX", "7"]),
    st.floats(0, 100),
)
events = st.lists(
    st.dictionaries(st.sampled_from(["age", "country", "member", "surprise"]), scalars), min_size=1, max_size=30
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(events=events, order=st.randoms(use_true_random=False), pieces=st.integers(1, 6))
def test_any_order_and_any_batching_gives_the_same_counts(
    events: list[dict[str, Scalar]], order: Random, pieces: int
) -> None:
    whole = fold(BASELINE, columns_of(BASELINE, events))
    shuffled = list(events)
    order.shuffle(shuffled)
    total = zeros(BASELINE)
    for piece in range(pieces):
        total = merge(total, fold(BASELINE, columns_of(BASELINE, shuffled[piece::pieces])))
    assert total.tobytes() == whole.tobytes()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(events=events)
def test_every_event_is_in_one_cell_of_every_subject(events: list[dict[str, Scalar]]) -> None:
    counts = fold(BASELINE, columns_of(BASELINE, events))
    sums = [int(counts[subject.start : subject.zsum].sum()) for subject in BASELINE.subjects]
    assert sums == [len(events)] * 3


def test_more_events_than_one_chunk_are_counted_like_several_batches() -> None:
    ages = np.random.default_rng(1).normal(50, 30, 5_000)
    parts = [fold(BASELINE, Columns(1_000, {"age": ages[i : i + 1_000]})) for i in range(0, 5_000, 1_000)]
    whole = fold(BASELINE, Columns(5_000, {"age": ages}))
    assert whole.tolist() == np.sum(parts, axis=0).tolist()


def test_a_value_on_an_edge_is_in_the_cell_below_it() -> None:
    edge = AGE.edges[10]
    counts = fold(BASELINE, Columns(1, {"age": np.array([edge])}))
    assert int(counts[AGE.start : AGE.missing].argmax()) == 10


@pytest.mark.parametrize(
    ("value", "cell"), [(-0.1, 0), (0.0, 1), (99.0, AGE.value_cells - 2), (99.1, AGE.value_cells - 1)]
)
def test_only_values_beyond_the_references_range_are_in_the_outer_cells(value: float, cell: int) -> None:
    counts = fold(BASELINE, Columns(1, {"age": np.array([value])}))
    assert int(counts[AGE.start : AGE.missing].argmax()) == cell


def test_a_nan_counts_as_missing() -> None:
    counts = fold(BASELINE, Columns(1, {"age": np.array([np.nan])}))
    assert counts[AGE.missing] == 1


def test_a_subject_without_a_column_is_missing_from_every_event() -> None:
    counts = fold(BASELINE, Columns(7, {}))
    assert [int(counts[subject.missing]) for subject in BASELINE.subjects] == [7, 7, 7]


def test_a_flawed_value_moves_from_missing_to_its_own_cell() -> None:
    columns = Columns(2, {"age": np.array([np.nan, np.nan])}, {("age", "wrong_type"): 1})
    counts = fold(BASELINE, columns)
    assert counts[AGE.missing : AGE.missing + 3].tolist() == [1, 0, 1]


def test_more_flaws_than_empty_values_is_a_loud_bug() -> None:
    columns = Columns(1, {"age": np.array([1.0])}, {("age", "wrong_type"): 1})
    with pytest.raises(ValueError, match="age: 1 values are wrong_type"):
        fold(BASELINE, columns)


def test_a_column_of_another_length_is_a_loud_bug() -> None:
    with pytest.raises(ValueError, match="country: 1 values for 2 events"):
        fold(BASELINE, Columns(2, {"country": ["DE"]}))


def test_a_rare_category_is_other_and_a_new_one_unseen() -> None:
    counts = fold(BASELINE, Columns(4, {"country": ["FR", "IS", "XX", None]}))
    assert counts[COUNTRY.start : COUNTRY.missing + 1].tolist() == [0, 1, 1, 1, 1]


def test_the_fixed_point_sum_clips_each_value_at_eight_scales() -> None:
    far = AGE.center + 1_000 * AGE.scale
    counts = fold(BASELINE, Columns(3, {"age": np.array([far, -far, AGE.center + AGE.scale])}))
    assert counts[AGE.zsum] == 65_536


def test_the_largest_float_does_not_overflow_the_sum() -> None:
    counts = fold(BASELINE, Columns(2, {"age": np.array([1.7e308, 1.7e308])}))
    assert counts[AGE.zsum] == 2 * 8 * 65_536


def test_unknown_features_are_counted_in_the_header() -> None:
    counts = fold(BASELINE, columns_of(BASELINE, [{"age": 1, "shoe": 2, "hat": None}]))
    assert (counts[EVENTS], counts[UNKNOWN_FEATURES]) == (1, 2)


def test_counts_of_different_baselines_are_not_merged() -> None:
    other = fit({"x": [1.0]}, categories_max=2, segments_max=0)
    with pytest.raises(ValueError, match="different baselines"):
        merge(zeros(BASELINE), zeros(other))


def test_no_events_fold_to_nothing() -> None:
    assert fold(BASELINE, columns_of(BASELINE, [])).tolist() == zeros(BASELINE).tolist()


def test_a_baseline_without_subjects_counts_events() -> None:
    empty = Baseline((), {})
    assert fold(empty, Columns(3, {})).tolist() == [3, 0, 0, 0]
