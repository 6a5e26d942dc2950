import math

import numpy as np
import pytest

from detectors.baseline import Baseline, Subject
from detectors.columns import Flaw, Scalar, columns_of

NUMERIC = Subject("x", "numeric", 4, edges=(0.0, 1.0), coarse=(0, 0, 0))
BOOLEAN = Subject("x", "boolean", 4, categories=("false", "true"))
STRINGS = Subject("x", "categorical", 4, categories=("a", "7"))
CODES = Subject("x", "categorical", 4, categories=("7",), codes=True)
OPAQUE = Subject("x", "opaque", 4)
HUGE = 10**400

MEANINGS: list[tuple[Subject, Scalar, float | str | None, Flaw | None]] = [
    (NUMERIC, None, None, None),
    (NUMERIC, True, None, "wrong_type"),
    (NUMERIC, 7, 7.0, None),
    (NUMERIC, HUGE, None, "not_finite"),
    (NUMERIC, 7.5, 7.5, None),
    (NUMERIC, math.nan, None, "not_finite"),
    (NUMERIC, -math.inf, None, "not_finite"),
    (NUMERIC, "7", None, "wrong_type"),
    (BOOLEAN, None, None, None),
    (BOOLEAN, True, "true", None),
    (BOOLEAN, 1, None, "wrong_type"),
    (BOOLEAN, "true", None, "wrong_type"),
    (BOOLEAN, math.nan, None, "not_finite"),
    (STRINGS, None, None, None),
    (STRINGS, "a", "a", None),
    (STRINGS, "", "", None),
    (STRINGS, 7, None, "wrong_type"),
    (STRINGS, False, None, "wrong_type"),
    (STRINGS, math.inf, None, "not_finite"),
    (CODES, 7, "7", None),
    (CODES, 7.0, "7", None),
    (CODES, 7.5, None, "wrong_type"),
    (CODES, True, None, "wrong_type"),
    (CODES, "7", None, "wrong_type"),
    (CODES, math.nan, None, "not_finite"),
    (OPAQUE, None, None, None),
    (OPAQUE, "id-1", "id-1", None),
    (OPAQUE, 7, "7", None),
    (OPAQUE, True, "True", None),
    (OPAQUE, math.nan, None, "not_finite"),
]


@pytest.mark.parametrize(("subject", "raw", "usable", "flaw"), MEANINGS)
def test_each_kind_gives_each_scalar_its_documented_meaning(
    subject: Subject, raw: Scalar, usable: float | str | None, flaw: Flaw | None
) -> None:
    columns = columns_of(Baseline((subject,), {}), [{"x": raw}])
    (value,) = columns.values["x"]
    found = None if isinstance(value, float) and math.isnan(value) else value
    assert (found, dict(columns.flaws)) == (usable, {("x", flaw): 1} if flaw else {})


def test_an_absent_feature_is_missing() -> None:
    columns = columns_of(Baseline((NUMERIC,), {}), [{}, {"x": 2}])
    np.testing.assert_array_equal(columns.values["x"], [np.nan, 2.0])


def test_values_under_unknown_names_are_counted_also_when_null() -> None:
    columns = columns_of(Baseline((NUMERIC,), {}), [{"y": 1}, {"x": 1, "y": None, "z": "a"}])
    assert columns.unknown_features == 3
