from collections.abc import Sequence

import numpy as np
import pytest

from detectors.baseline import EVENTS, Baseline, Subject
from detectors.columns import Scalar
from detectors.fit import fit


def fitted(values: Sequence[Scalar], categorical: frozenset[str] = frozenset()) -> tuple[Subject, list[int]]:
    """Fit one subject; give it with its reference counts without the sum."""
    baseline = fit({"x": values}, categorical=categorical, categories_max=100, segments_max=0)
    (subject,) = baseline.subjects
    return subject, baseline.reference[""][subject.start : subject.zsum].tolist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5, None], "numeric"),
        ([True, False, None], "boolean"),
        (["a", "b", None], "categorical"),
        ([None, None], "opaque"),
        ([float("nan")], "opaque"),
        ([1, 2, "three"], "numeric"),
        ([1, "two", "three"], "categorical"),
    ],
)
def test_the_kind_is_that_of_most_values(values: list[Scalar], kind: str) -> None:
    assert fitted(values)[0].kind == kind


def test_values_of_a_minority_kind_are_wrong_type_in_the_reference() -> None:
    _, counts = fitted([*range(98), "n/a", True])
    assert counts[-1] == 2


def test_missing_and_not_finite_values_have_their_cells_in_the_reference() -> None:
    _, counts = fitted([1.0, None, None, float("inf")])
    assert counts[-3:] == [2, 1, 0]


def test_a_constant_has_one_cell_between_below_and_above() -> None:
    subject, counts = fitted([3.0] * 50)
    assert (subject.coarse, counts) == ((0, 0, 0), [0, 50, 0, 0, 0, 0])


def test_the_scale_of_a_constant_is_one() -> None:
    subject, _ = fitted([3.0] * 50)
    assert (subject.center, subject.scale) == (3.0, 1.0)


def test_nothing_of_the_reference_is_out_of_its_range() -> None:
    values: list[Scalar] = np.random.default_rng(2).standard_cauchy(5_000).tolist()
    subject, counts = fitted(values)
    assert (counts[0], counts[subject.value_cells - 1]) == (0, 0)


def test_a_feature_that_is_mostly_zero_gives_zero_a_bin_of_its_own() -> None:
    rng = np.random.default_rng(3)
    subject, counts = fitted([0.0] * 6_000 + rng.lognormal(3, 2, 4_000).tolist())
    place = subject.edges.index(0.0)
    assert (counts[place], subject.coarse.count(subject.coarse[place])) == (6_000, 2)


def test_small_integers_have_a_cell_each() -> None:
    subject, counts = fitted([value for value in range(5) for _ in range(200)])
    assert sorted(counts[: subject.value_cells], reverse=True)[:5] == [200] * 5


def test_a_column_of_ids_is_opaque_and_says_why() -> None:
    subject, counts = fitted([f"user-{number}" for number in range(500)])
    assert (subject.kind, subject.note.split(" (")[0], counts) == (
        "opaque",
        "500 of 500 reference values occur once",
        [500, 0, 0, 0],
    )


def test_strings_that_all_are_rare_are_opaque() -> None:
    subject, _ = fitted([f"city-{number % 400}" for number in range(1_200)])
    assert subject.note.startswith("none of 400 distinct reference values reaches 0.5%")


def test_a_subject_without_a_usable_value_says_what_is_still_watched() -> None:
    assert fitted([None] * 5)[0].note == (
        "the reference has no usable value; whether values are present is all that is watched"
    )


def test_categories_below_half_a_percent_share_other() -> None:
    subject, counts = fitted(["a"] * 900 + ["b"] * 96 + ["c"] * 4)
    assert (subject.categories, counts[:4]) == (("a", "b"), [900, 96, 4, 0])


def test_no_more_categories_than_allowed_have_a_cell() -> None:
    baseline = fit({"x": [*"aaabbbccc"]}, categories_max=2, segments_max=0)
    assert (baseline.subjects[0].categories, baseline.subjects[0].others) == (("a", "b"), ("c",))


def test_a_category_seen_once_stands_for_the_unseen_ones_in_the_reference() -> None:
    _, counts = fitted(["a"] * 990 + ["b"] * 3 + ["b2"] * 3 + ["c", "d", "e", "f"])
    assert counts[:3] == [990, 6, 4]


def test_integers_named_categorical_become_categories() -> None:
    subject, counts = fitted([1, 1, 2, 2.0, None], categorical=frozenset({"x"}))
    assert (subject.codes, subject.categories, counts) == (True, ("1", "2"), [2, 2, 0, 0, 1, 0, 0])


def test_segments_count_their_own_rows_over_shared_bins() -> None:
    values: list[Scalar] = [1.0, 2.0, 3.0, 4.0]
    baseline = fit({"x": values}, segments=["a", "b", "", "b"], categories_max=9, segments_max=9)
    assert {segment: int(counts[EVENTS]) for segment, counts in baseline.reference.items()} == {"": 4, "b": 2, "a": 1}


def test_only_the_largest_segments_are_watched() -> None:
    baseline = fit({"x": [1.0] * 6}, segments=["a", "b", "b", "c", "c", "c"], categories_max=9, segments_max=2)
    assert set(baseline.reference) == {"", "b", "c"}


def test_the_counts_of_disjoint_segments_add_up_to_those_of_all_rows() -> None:
    rng = np.random.default_rng(4)
    rows: dict[str, list[Scalar]] = {
        "x": rng.normal(size=900).tolist(),
        "y": [str(value) for value in rng.zipf(1.7, 900)],
    }
    segments = [("eu", "us")[number % 2] for number in range(900)]
    reference = fit(rows, segments=segments, categories_max=20, segments_max=2).reference
    assert (reference["eu"] + reference["us"]).tolist() == reference[""].tolist()


@pytest.mark.parametrize(
    ("rows", "segments", "categorical", "named"),
    [
        ({}, None, frozenset(), "nothing to fit"),
        ({"x": []}, None, frozenset(), "nothing to fit"),
        ({"x": [1], "y": [1, 2]}, None, frozenset(), "x: 1 values, but other columns have 2"),
        ({"x": [1]}, ["a", "b"], frozenset(), "segments: 2 values"),
        ({"x": [1]}, None, frozenset({"z"}), "categorical: 'z' is not a column; choose from x"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused_by_name(
    rows: dict[str, list[Scalar]], segments: list[str] | None, categorical: frozenset[str], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        fit(rows, segments=segments, categorical=categorical, categories_max=5, segments_max=5)


@pytest.mark.parametrize(
    "values",
    [
        [7.0],
        [-1.7e308, 1.7e308],
        [5e-324, 0.0],
        [0.0, -0.0],
        [10**30, 1, 2],
        np.random.default_rng(5).standard_t(1, 2_000).tolist(),
        np.random.default_rng(6).integers(0, 40, 2_000).tolist(),
        [0] * 1_999 + [1],
        ["a"],
        [True],
    ],
)
def test_odd_references_give_baselines_that_survive_json(values: list[Scalar]) -> None:
    baseline = fit({"x": values}, categories_max=100, segments_max=0)
    assert Baseline.from_json(baseline.to_json()) == baseline
