"""What becomes an event, under which stream, time and id, and what is refused with which reason."""

import json
from typing import Any

import pytest

from alerting.finding import Stream
from service.events.decode import PLACES_MAX, Decoder, Event
from service.events.record import Record
from service.events.rejected import Rejected
from tests.service.events.events import (
    FEATURE,
    HEALTH,
    LABEL,
    LIMITS,
    PREDICTION,
    TIME_MS,
    accepted,
    decode,
    rejected,
)

WITHOUT: Any = object()


def changed(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in {**event, **fields}.items() if value is not WITHOUT}


@pytest.mark.parametrize(
    ("event", "stream"),
    [
        (PREDICTION, Stream("prediction", "credit", "7")),
        (changed(PREDICTION, segment="north"), Stream("prediction", "credit", "7", "north")),
        (changed(PREDICTION, segment=None), Stream("prediction", "credit", "7")),
        (FEATURE, Stream("feature", "customer", "2")),
        (LABEL, Stream("label", "credit", "")),
        (HEALTH, Stream("health", "credit", "7")),
    ],
)
def test_each_kind_of_event_belongs_to_its_stream(event: dict[str, Any], stream: Stream) -> None:
    assert accepted(event).stream == stream


@pytest.mark.parametrize(
    ("time", "ms"),
    [
        (0, 0),
        (TIME_MS, TIME_MS),
        (253_402_300_799_999, 253_402_300_799_999),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T01:00:01.5+01:00", 1_500),
        ("1970-01-01 00:00:01z", 1_000),
        ("2021-04-10T00:23:26.0789529Z", 1_618_014_206_078),
    ],
)
def test_a_time_is_rfc_3339_with_an_offset_or_whole_milliseconds(time: object, ms: int) -> None:
    assert accepted(changed(PREDICTION, time=time)).time_ms == ms


def test_the_offset_is_the_records() -> None:
    assert accepted(PREDICTION).offset == 5


def test_the_same_id_hashes_to_the_same_64_bits_in_every_process() -> None:
    assert accepted(PREDICTION).id_hash == 9_190_655_192_115_593_225


@pytest.mark.parametrize(
    "other",
    [
        changed(PREDICTION, event_id="e2"),
        changed(PREDICTION, model="fraud"),
        changed(PREDICTION, version="8"),
        LABEL,
    ],
)
def test_events_that_are_no_duplicates_have_other_hashes(other: dict[str, Any]) -> None:
    assert accepted(other).id_hash != accepted(PREDICTION).id_hash


def test_a_duplicate_is_known_whatever_else_it_says() -> None:
    again = changed(PREDICTION, segment="north", time=TIME_MS + 1, prediction=None, features={})

    assert accepted(again).id_hash == accepted(PREDICTION).id_hash


def test_health_has_no_id_and_is_never_a_duplicate() -> None:
    assert accepted(changed(HEALTH, event_id="h1")).id_hash is None


def test_a_field_that_is_not_described_is_not_read() -> None:
    assert accepted(changed(PREDICTION, trace={"id": [1, 2]})).stream == accepted(PREDICTION).stream


@pytest.mark.parametrize("prediction", [0.5, 3, "approve", True, None, float("nan"), float("inf")])
def test_a_prediction_is_any_scalar(prediction: object) -> None:
    assert isinstance(decode(changed(PREDICTION, prediction=prediction)), Event)


@pytest.mark.parametrize(
    ("event", "reason", "words"),
    [
        (None, "tombstone", "the record has no value"),
        (b"", "not_json", "Expecting value at line 1, column 1"),
        (b"not json", "not_json", "Expecting value at line 1, column 1"),
        (b'{"type": "label",}', "not_json", "at line 1, column 1"),
        (b"\xff\xfe{}", "bad_utf8", "byte 0 (0xff) is not UTF-8"),
        (b'{"type":"label","x":"\\ud800"}', "bad_utf8", r"the escape \ud800 is half a character"),
        (b"[" * 100_000, "not_json", "nested too deeply"),
        (b"x" * 100_001, "too_large", "100001 bytes, more than kafka.record_bytes_max = 100000"),
        ([PREDICTION], "not_an_object", "an array of 1; send one JSON object per record"),
        (17, "not_an_object", "the record is 17"),
        ({}, "missing_field", "type: is missing; send one of prediction, feature, label, health"),
        ({"type": "Predictoin"}, "unknown_type", "'Predictoin' is unknown (did you mean 'prediction'?)"),
        ({"type": 7}, "unknown_type", "type: 7 is unknown"),
        (changed(PREDICTION, event_id=WITHOUT), "missing_field", "event_id: is missing"),
        (changed(PREDICTION, features=WITHOUT), "missing_field", "features: is missing; send an object"),
        (changed(PREDICTION, prediction=WITHOUT), "missing_field", "prediction: is missing"),
        (changed(FEATURE, feature_view=WITHOUT, model="m"), "missing_field", "feature_view: is missing"),
        (changed(HEALTH, instance=WITHOUT), "missing_field", "instance: is missing"),
        (changed(PREDICTION, event_id=""), "missing_field", "event_id: is empty"),
        (changed(PREDICTION, model=""), "missing_field", "model: is empty"),
        (changed(PREDICTION, version=7), "wrong_type", 'version: 7 is not taken here; send a text of at least one'),
        (changed(PREDICTION, features=None), "wrong_type", "features: null is not taken here; send an object"),
        (changed(PREDICTION, features=[1, 2]), "wrong_type", "features: an array of 2 is not taken here"),
        (changed(PREDICTION, features="x" * 500), "wrong_type", "xxx…"),
        (changed(PREDICTION, prediction=[0.1, 0.9]), "wrong_type", "prediction: an array of 2 is not taken here"),
        (changed(PREDICTION, latency_ms="5"), "wrong_type", "latency_ms: '5' is not taken here; send a number or null"),
        (changed(PREDICTION, segment=5), "wrong_type", "segment: 5 is not taken here; send a text or null"),
        (changed(PREDICTION, attributes=[1]), "wrong_type", "attributes: an array of 1 is not taken here"),
        (changed(LABEL, label={"a": 1}), "wrong_type", "label: an object of 1 is not taken here"),
        (changed(HEALTH, cpu=True), "wrong_type", "cpu: true is not taken here; send a number or null"),
        (changed(PREDICTION, time="2026-11-22T10:00:00"), "naive_time", "'2026-11-22T10:00:00' has no offset; send"),
        (changed(PREDICTION, time="yesterday"), "bad_time", "time: 'yesterday' is not a time; send RFC 3339"),
        (changed(PREDICTION, time=1763900000.5), "bad_time", "1763900000.5 is not a time; send RFC 3339"),
        (changed(PREDICTION, time=-1), "bad_time", "time: -1 ms is outside the years 1970 to 9999"),
        (changed(PREDICTION, time=10**40), "bad_time", "is outside the years 1970 to 9999"),
        (changed(PREDICTION, time="0001-01-01T00:00:00+23:59"), "bad_time", "outside the years 1970 to 9999"),
        (changed(PREDICTION, event_id="e" * 33), "too_long", "33 characters, more than limits.string_chars_max = 32"),
        (changed(PREDICTION, model="m" * 33), "too_long", "model: "),
        (changed(FEATURE, feature_view="m" * 33), "too_long", "feature_view: "),
        (changed(PREDICTION, version="m" * 33), "too_long", "version: "),
        (changed(PREDICTION, segment="m" * 33), "too_long", "segment: "),
        (
            changed(PREDICTION, features={str(name): 1 for name in range(21)}),
            "too_many_features",
            "21 are more than limits.features_max = 20; send fewer or raise the limit",
        ),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_the_field_the_value_and_the_way_out(
    event: object, reason: str, words: str
) -> None:
    fault = rejected(event)

    assert (fault.reason, words in fault.detail) == (reason, True), fault


def test_features_up_to_the_limit_are_taken() -> None:
    assert isinstance(decode(changed(PREDICTION, features={str(name): ":::::" for name in range(20)})), Event)


def test_nested_features_up_to_the_limit_are_taken() -> None:
    deep: object = 1
    for _ in range(150):
        deep = [deep]

    assert isinstance(decode(changed(PREDICTION, features={"a": deep})), Event)


def test_features_nested_too_deeply_are_refused() -> None:
    deep: object = 1
    for _ in range(300):
        deep = {"a": deep}

    assert rejected(changed(PREDICTION, features={"a": deep})).reason == "too_large"


def test_text_that_is_not_utf8_is_refused_even_where_nobody_looks() -> None:
    value = b'{"type":"health","model":"m","version":"1","instance":"i","time":0,"note":"\xc3\x28"}'

    assert rejected(value).reason == "bad_utf8"


def test_more_streams_than_are_remembered_stay_themselves() -> None:
    decoder = Decoder(LIMITS)
    models = [f"m{number}" for number in range(PLACES_MAX + 5)] * 2

    found = [decoder.decode(Record(0, json.dumps(changed(LABEL, model=model)).encode())) for model in models]

    assert [event.stream.model for event in found if isinstance(event, Event)] == models


def test_a_rejection_is_short_however_long_the_record() -> None:
    fault = rejected(changed(PREDICTION, version=["x" * 50_000], prediction="y" * 40_000))

    assert isinstance(fault, Rejected)
    assert len(fault.detail) < 300
