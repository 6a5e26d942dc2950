"""The JSON Schema says what the decoder does."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from service.events.decode import Event
from service.events.schema import json_schema
from tests.service.events.events import FEATURE, HEALTH, LABEL, PREDICTION, decode

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
EVENTS = [PREDICTION, FEATURE, LABEL, HEALTH]


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "event",
    [
        *EVENTS,
        {**PREDICTION, "time": "2026-11-22T10:00:00+01:00", "segment": None, "latency_ms": 3, "attributes": {"a": [1]}},
        {**PREDICTION, "prediction": None, "features": {}, "something": "else"},
        {**FEATURE, "entity": 42},
        {**HEALTH, "deployment": "blue", "errors": 0, "cpu": 0.5, "memory": None},
    ],
)
def test_a_good_event_is_valid(event: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(event)) == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        {**PREDICTION, "type": "unknown"},
        {**PREDICTION, "event_id": ""},
        {**PREDICTION, "version": 7},
        {**PREDICTION, "time": "2026-11-22T10:00:00"},
        {**PREDICTION, "time": -1},
        {**PREDICTION, "time": 1.5},
        {**PREDICTION, "features": [1]},
        {**PREDICTION, "prediction": [1]},
        {name: value for name, value in PREDICTION.items() if name != "prediction"},
        {**LABEL, "label": {}},
        {**HEALTH, "cpu": "high"},
        {**FEATURE, "entity": None},
    ],
)
def test_a_bad_event_is_not_valid(event: object) -> None:
    assert VALIDATOR.is_valid(event) is False


odd: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 5), st.floats(0.25, 0.75), st.sampled_from(["", "x", "label"]),
    st.just([]), st.just({}), st.just({"a": 1}),
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    event = dict(draw(st.sampled_from(EVENTS)))
    for name in draw(
        st.lists(st.sampled_from([*event, "segment", "latency_ms", "attributes", "deployment"]), max_size=2)
    ):
        event[name] = draw(odd)
    for name in draw(st.lists(st.sampled_from([*event]), max_size=1)):
        event.pop(name)
    return event


@given(changed())
@settings(max_examples=400, deadline=None)
def test_the_schema_and_the_decoder_take_the_same_events(event: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(event) == isinstance(decode(event), Event), decode(event)


def test_every_field_is_described() -> None:
    silent = [
        f"{kind}.{name}"
        for kind, part in SCHEMA["$defs"].items()
        for name, field in part["properties"].items()
        if name != "type" and "description" not in json.dumps(field)
    ]

    assert silent == []


def test_the_schema_is_plain_json() -> None:
    assert json.loads(msgspec.json.encode(SCHEMA)) == SCHEMA
