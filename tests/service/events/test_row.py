"""A row holds what an event says by subject, and comes back from its bytes as it was."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events.decode import Decoder
from service.events.row import row_of
from tests.service.events.events import FEATURE, HEALTH, LABEL, LIMITS, PREDICTION, accepted


@pytest.mark.parametrize(
    ("event", "row"),
    [
        (PREDICTION, {"income": 51_000.0, "region": "north", "prediction": 0.12}),
        (
            {**PREDICTION, "segment": "north", "latency_ms": 5, "features": {"latency_ms": 1, "prediction": None}},
            {"": "north", "prediction": 0.12, "latency_ms": 5.0, "feature:latency_ms": 1, "feature:prediction": None},
        ),
        ({**PREDICTION, "prediction": None, "features": {"": 1}}, {"prediction": None, "feature:": 1}),
        ({**PREDICTION, "features": {"a": [1, None]}}, {"prediction": 0.12, "a": "[1, null]"}),
        ({**PREDICTION, "features": {"a": {"c": 1}}}, {"prediction": 0.12, "a": '{"c": 1}'}),
        ({**PREDICTION, "features": {"a": "x" * 33, "n" * 33: 1}}, {"prediction": 0.12, "a": "x" * 32 + "…"}),
        ({**PREDICTION, "features": {"a": 10**400, "b": 2**64}}, {"prediction": 0.12, "a": math.inf, "b": 2.0**64}),
        (FEATURE, {"income": 51_000.0}),
        (LABEL, {"label": True}),
        ({**LABEL, "label": None}, {"label": None}),
        (HEALTH, {"latency": 12.5}),
        ({**HEALTH, "deployment": "blue", "errors": 3}, {"latency": 12.5, "errors": 3.0, "deployment": "blue"}),
    ],
)  # fmt: skip
def test_a_row_holds_the_values_by_subject(event: dict[str, Any], row: dict[str, Any]) -> None:
    assert Decoder(LIMITS).row(accepted(event)) == row


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)


@given(st.dictionaries(texts, st.one_of(scalars, st.lists(scalars, max_size=2)), max_size=10))
def test_a_row_comes_back_from_its_bytes(features: dict[str, Any]) -> None:
    decoder = Decoder(LIMITS)
    event = accepted({**PREDICTION, "features": features})

    assert row_of(decoder.row_bytes(event)) == (event.time_ms, decoder.row(event))
