import json
from collections.abc import Callable
from typing import Any

import pytest

from detectors.baseline import Baseline, BaselineError
from detectors.columns import Scalar
from detectors.fit import fit

ROWS: dict[str, list[Scalar]] = {
    "age": [20.0, 30.5, 1e-300, -1.7976931348623157e308, 0.1 + 0.2],
    "city": ["Köln", "Paris", 'a"b', "Köln", "\u2028"],
    "member": [True, False, None, True, True],
    "nothing": [None] * 5,
}
BASELINE = fit(ROWS, segments=["eu", "eu", "", "us", "us"], categories_max=2, segments_max=1)


def test_json_round_trip_is_exact() -> None:
    again = Baseline.from_json(BASELINE.to_json())
    assert (again.subjects, again.to_json()) == (BASELINE.subjects, BASELINE.to_json())


def test_reference_counts_survive_the_round_trip() -> None:
    again = Baseline.from_json(BASELINE.to_json())
    assert {segment: counts.tolist() for segment, counts in again.reference.items()} == {
        segment: counts.tolist() for segment, counts in BASELINE.reference.items()
    }


def test_the_same_content_has_the_same_id() -> None:
    assert fit(
        dict(reversed(list(ROWS.items()))), segments=["eu", "eu", "", "us", "us"], categories_max=2, segments_max=1
    ) == (BASELINE)


def test_another_reference_has_another_id() -> None:
    other = fit(ROWS, segments=["us", "eu", "", "us", "us"], categories_max=2, segments_max=1)
    assert other.id != BASELINE.id


def test_the_id_is_sixteen_hex_digits() -> None:
    assert (len(BASELINE.id), int(BASELINE.id, 16) >= 0) == (16, True)


def test_a_newer_version_is_refused_with_the_way_out() -> None:
    newer = json.dumps(json.loads(BASELINE.to_json()) | {"version": 3})
    with pytest.raises(BaselineError, match=r"version: 3 cannot be read .* upgrade"):
        Baseline.from_json(newer)


def _edge_falls(content: dict[str, Any]) -> None:
    content["subjects"][0]["edges"].reverse()


def _bin_skipped(content: dict[str, Any]) -> None:
    content["subjects"][0]["coarse"][-1] += 2


def _scale_zero(content: dict[str, Any]) -> None:
    content["subjects"][0]["scale"] = 0


def _kind_unknown(content: dict[str, Any]) -> None:
    content["subjects"][0]["kind"] = "vector"


def _start_moved(content: dict[str, Any]) -> None:
    content["subjects"][1]["start"] += 1


def _category_twice(content: dict[str, Any]) -> None:
    content["subjects"][1]["others"] = content["subjects"][1]["categories"][:1]


def _name_twice(content: dict[str, Any]) -> None:
    content["subjects"][2]["name"] = "city"


def _counts_cut(content: dict[str, Any]) -> None:
    content["reference"][""].pop()


def _count_not_whole(content: dict[str, Any]) -> None:
    content["reference"][""][0] = 1.5


def _all_rows_absent(content: dict[str, Any]) -> None:
    del content["reference"][""]


def _field_unknown(content: dict[str, Any]) -> None:
    content["subjects"][0]["colour"] = "red"


def _subjects_absent(content: dict[str, Any]) -> None:
    del content["subjects"]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_edge_falls, r"age\.edges"),
        (_bin_skipped, r"age\.coarse"),
        (_scale_zero, r"age\.scale"),
        (_kind_unknown, "vector"),
        (_start_moved, r"city\.start"),
        (_category_twice, r"city\.categories"),
        (_name_twice, "listed twice"),
        (_counts_cut, r"reference\[''\]"),
        (_count_not_whole, "1.5 is not an integer"),
        (_all_rows_absent, "all rows"),
        (_field_unknown, "colour"),
        (_subjects_absent, "subjects"),
    ],
)
def test_content_that_contradicts_itself_is_refused_by_name(
    damage: Callable[[dict[str, Any]], None], named: str
) -> None:
    content = json.loads(BASELINE.to_json())
    damage(content)
    with pytest.raises(BaselineError, match=named):
        Baseline.from_json(json.dumps(content))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "7", '{"version": 1}', '{"version": 1, "subjects": 3}'])
def test_text_that_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(BaselineError):
        Baseline.from_json(text)
