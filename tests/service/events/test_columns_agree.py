"""The compiled reader and the definition in `columns_of` count the same, whatever is sent."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.baseline import Baseline
from detectors.columns import Columns, columns_of
from detectors.fit import fit
from detectors.fold import fold
from service.events.decode import Decoder, Event
from service.events.record import Record
from tests.service.events.events import FEATURE, HEALTH, LABEL, LIMITS, PREDICTION

REFERENCE: dict[str, list[Any]] = {
    "number": [float(n % 17) for n in range(200)],
    "whole": [n % 1_000 for n in range(200)],
    "flag": [n % 2 == 0 for n in range(200)],
    "word": ["north" if n % 3 else "south" for n in range(200)],
    "code": [n % 3 for n in range(200)],
    "free": [f"text {n}" for n in range(200)],
    'quo"ted': [float(n) for n in range(200)],
    "feature:prediction": [float(n) for n in range(200)],
    "prediction": [n / 200 for n in range(200)],
    "latency_ms": [float(n) for n in range(200)],
}
NUMBERS = [float(n) for n in range(200)]
BASELINE = fit(REFERENCE, categorical=frozenset({"code"}), categories_max=10, segments_max=0)
FEATURES = ["number", "whole", "flag", "word", "code", "free", 'quo"ted', "prediction", "strange", "", "odd\n"]

numbers = st.one_of(
    st.floats(),
    st.integers(-5, 20),
    st.integers(-(10**320), 10**320),
    st.sampled_from([-0.0, 7.0, 2**53 + 1, 2**63, -(2**63) - 1, 10**308, 10**309]),
)
texts = st.one_of(
    st.sampled_from(["north", "south", "elsewhere", "1", "1e3", "NaN", "null", "true", ""]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(texts, scalars, max_size=2))
events_sent = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(FEATURES), values), scalars, st.one_of(st.none(), numbers)), max_size=12
)


def decoded(decoder: Decoder, sent: list[dict[str, Any]]) -> list[Event]:
    events = [decoder.decode(Record(place, json.dumps(event).encode())) for place, event in enumerate(sent)]
    return [event for event in events if isinstance(event, Event)]


def by_definition(decoder: Decoder, baseline: Baseline, events: list[Event]) -> Columns:
    """Give what the definition makes of the events' rows; fields that the baseline does not watch are no features."""
    known = {subject.name for subject in baseline.subjects}
    fields = {"prediction", "latency_ms", "label", "latency", "errors", "cpu", "memory", "deployment"} - known
    rows = [{name: value for name, value in decoder.row(event).items() if name not in fields} for event in events]
    return columns_of(baseline, rows)


@given(events_sent)
@settings(max_examples=200, deadline=None)
def test_the_columns_of_predictions_are_those_of_the_definition(sent: list[tuple[dict[str, Any], Any, Any]]) -> None:
    decoder = Decoder(LIMITS)
    events = decoded(
        decoder,
        [
            {**PREDICTION, "features": features, "prediction": score, "latency_ms": latency}
            for features, score, latency in sent
        ],
    )

    columns = decoder.columns(BASELINE, events)
    expected = by_definition(decoder, BASELINE, events)

    assert len(events) == len(sent)
    assert (columns.events, columns.flaws, columns.unknown_features) == (
        expected.events, expected.flaws, expected.unknown_features,
    )  # fmt: skip
    assert fold(BASELINE, columns).tolist() == fold(BASELINE, expected).tolist()


def test_the_reference_has_every_kind_of_subject() -> None:
    assert {(subject.kind, subject.codes) for subject in BASELINE.subjects} == {
        ("numeric", False), ("boolean", False), ("categorical", False), ("categorical", True), ("opaque", False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "reference", "field", "values"),
    [
        (LABEL, {"label": [True, False] * 100}, "label", [True, None, "yes", 3, math.nan]),
        (HEALTH, {"latency": NUMBERS, "deployment": ["blue"] * 200}, "latency", [1.5, None, 3, math.inf, math.nan]),
        (HEALTH, {"deployment": ["blue"] * 200}, "deployment", ["blue", None, "green", "", "x" * 40]),
        (FEATURE, {"income": NUMBERS}, "features", [{"income": value} for value in (1.5, None, "x", True, math.nan)]),
    ],
)  # fmt: skip
def test_the_columns_of_other_kinds_are_those_of_the_definition(
    event: dict[str, Any], reference: dict[str, list[Any]], field: str, values: list[Any]
) -> None:
    baseline = fit(reference, categories_max=10, segments_max=0)
    decoder = Decoder(LIMITS)
    sent = [{**event, field: value} for value in values]

    events = decoded(decoder, sent)
    found, expected = decoder.columns(baseline, events), by_definition(decoder, baseline, events)

    assert (len(events), found.flaws) == (5, expected.flaws)
    assert fold(baseline, found).tolist() == fold(baseline, expected).tolist()


def test_no_events_make_no_columns() -> None:
    assert fold(BASELINE, Decoder(LIMITS).columns(BASELINE, [])).sum() == 0


def test_the_values_of_one_event_stay_in_one_place_in_all_columns() -> None:
    decoder = Decoder(LIMITS)
    sent = [
        {**PREDICTION, "features": {"number": n, "whole": n, "flag": "bad" if n % 2 else None}, "prediction": n}
        for n in range(10)
    ]

    columns: Any = decoder.columns(BASELINE, decoded(decoder, sent)).values

    assert np.array_equal(columns["number"], columns["whole"])
    assert np.array_equal(columns["number"], columns["prediction"])


def test_a_feature_the_baseline_does_not_know_is_counted_each_time_also_once_it_is_expected() -> None:
    decoder = Decoder(LIMITS)
    sent = [{**PREDICTION, "features": {"number": 1.0, "extra": n, "more": None}} for n in range(10)]
    events = decoded(decoder, sent)

    counted = [decoder.columns(BASELINE, events).unknown_features for _ in range(3)]

    assert counted == [20, 20, 20]


def test_names_made_up_for_every_event_are_counted_and_not_learned() -> None:
    decoder = Decoder(LIMITS)
    sent = [{**PREDICTION, "features": {f"made up {n}": 1}} for n in range(1_000)]

    assert decoder.columns(BASELINE, decoded(decoder, sent)).unknown_features == 1_000
