"""Bodies are taken apart without one event harming another, and CloudEvents give up what they hold."""

import base64
import json
import re
from typing import Any

import pytest

from service.events.envelope import split
from service.events.record import Headers
from tests.service.events.events import LABEL, PREDICTION, TIME_MS, accepted, rejected

BARE = {name: value for name, value in PREDICTION.items() if name not in ("event_id", "time", "type")}
STRUCTURED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "ce-1",
    "source": "/models/credit",
    "type": "com.example.prediction",
    "time": "2026-11-22T10:00:00Z",
    "datacontenttype": "application/json",
    "data": BARE,
}
CE_TIME_MS = 1_795_341_600_000
BINARY: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"ce-1"),
    ("ce_type", b"com.example.prediction"),
    ("ce_time", b"2026-11-22T10:00:00Z"),
    ("content-type", b"application/json; charset=utf-8"),
)
STRUCTURED_TYPE: Headers = (("content-type", b"application/cloudevents+json; charset=utf-8"),)


@pytest.mark.parametrize(
    ("body", "content_type", "values"),
    [
        (b' {"a": 1} ', "application/json", [b'{"a": 1}']),
        (b'{"a": NaN}', "application/json", [b'{"a": NaN}']),
        (b'[{"a": 1}, 17 ,"x"]', "application/json", [b'{"a": 1}', b"17", b'"x"']),
        (b'[ {"a": NaN}\n, [1] ]', "application/json; charset=utf-8", [b'{"a": NaN}', b"[1]"]),
        (b"[]", "application/json", []),
        (b'{"a": 1}\n\n  \r\n{"b": \r\n{"c": 3}', "application/x-ndjson", [b'{"a": 1}', b'{"b":', b'{"c": 3}']),
        (b'[{"a":' + b"9" * 5_000 + b"}, NaN]", "application/json", [b'{"a":' + b"9" * 5_000 + b"}", b"NaN"]),
        ('[{"a": "ä"}]'.encode(), "APPLICATION/JSON", ['{"a": "ä"}'.encode()]),
    ],
)
def test_a_body_is_taken_apart_into_what_was_sent(body: bytes, content_type: str, values: list[bytes]) -> None:
    assert split(body, content_type, []) == values


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a":', "Expecting value at line 1, column 6"),
        (b'{"a": 1} {}', "Extra data at line 1, column 10"),
        (b"[1 2]", "Expecting ',' or ']' at line 1, column 4"),
        (b"[1,]", "Expecting value at line 1, column 4"),
        (b"[NaN] 1", "Extra text after the array at line 1, column 7"),
        (b"[1, NaN", "at line 1, column 8"),
        (b"17", "it begins with '17'; send a JSON object or an array of objects"),
        (b"\xef\xbb\xbf{}", "it begins with"),
        (b"[\xff]", "byte 1 is not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_a_body_that_cannot_be_taken_apart_says_why(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        split(body, "application/json", [])


def test_a_structured_cloudevent_by_http_becomes_its_event() -> None:
    (value,) = split(json.dumps(STRUCTURED).encode(), "application/cloudevents+json", [])

    event = accepted(value)

    assert (event.stream.kind, event.time_ms) == ("prediction", CE_TIME_MS)


def test_a_batch_of_cloudevents_keeps_the_good_ones_when_one_is_bad() -> None:
    body = json.dumps([STRUCTURED, {"specversion": "1.0"}, STRUCTURED]).encode()

    values = split(body, "application/cloudevents-batch+json", [])

    assert [accepted(values[0]).time_ms, rejected(values[1]).reason, accepted(values[2]).time_ms] == [
        CE_TIME_MS,
        "missing_field",
        CE_TIME_MS,
    ]


def test_a_binary_cloudevent_by_http_gives_its_event_the_id_and_the_time() -> None:
    headers = [("Ce-Specversion", b"1.0"), ("CE-ID", b"%C3%A4%201"), ("ce-time", b"2026-11-22T10:00:00Z")]

    (value,) = split(json.dumps({"type": "prediction", **BARE}).encode(), "application/json", headers)

    assert (json.loads(value)["event_id"], accepted(value).time_ms) == ("ä 1", CE_TIME_MS)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (STRUCTURED, STRUCTURED_TYPE),
        (STRUCTURED, ()),
        (BARE, BINARY),
        ({**STRUCTURED, "data": {**BARE, "prediction": float("nan")}}, STRUCTURED_TYPE),
        ({**BARE, "prediction": float("nan")}, BINARY),
        (
            {**STRUCTURED, "data": None, "data_base64": base64.b64encode(json.dumps(BARE).encode()).decode()},
            STRUCTURED_TYPE,
        ),
    ],
)
def test_a_cloudevent_from_kafka_becomes_its_event(value: dict[str, Any], headers: Headers) -> None:
    event = accepted(value, headers)

    assert (event.stream.model, event.time_ms, event.id_hash) == (
        "credit",
        CE_TIME_MS,
        accepted({**PREDICTION, "event_id": "ce-1"}).id_hash,
    )


@pytest.mark.parametrize("headers", [STRUCTURED_TYPE, BINARY])
def test_what_the_event_says_itself_goes_before_its_envelope(headers: Headers) -> None:
    value = {**STRUCTURED, "data": LABEL} if headers is STRUCTURED_TYPE else LABEL

    event = accepted(value, headers)

    assert (event.stream.kind, event.time_ms) == ("label", TIME_MS)


def test_an_empty_event_is_given_what_the_envelope_says() -> None:
    assert rejected(b" { } ", BINARY).detail.startswith("model: is missing")


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        (b"application/avro", "unsupported_content_type"),
        (b"application/cloudevents-batch+json", "unsupported_content_type"),
        (b"application/cloudevents+avro", "unsupported_content_type"),
        (b"\xff", "unsupported_content_type"),
    ],
)
def test_a_record_of_another_content_type_is_refused(content_type: bytes, reason: str) -> None:
    assert rejected(PREDICTION, [("Content-Type", content_type)]).reason == reason


@pytest.mark.parametrize("content_type", [b"", b"application/json", b"application/vnd.acme.score+json", b"text/json"])
def test_a_record_that_says_it_is_json_is_read(content_type: bytes) -> None:
    assert accepted(PREDICTION, [("Content-Type", content_type), ("traceparent", b"\xff")]).time_ms == TIME_MS


@pytest.mark.parametrize(
    ("envelope", "reason", "words"),
    [
        ({"data": [1]}, "not_an_object", "data: an array of 1 is not an event"),
        ({"data": "text"}, "not_an_object", "data: 'text' is not an event"),
        ({"data_base64": "%%%"}, "not_json", "data_base64: '%%%' is not base64"),
        ({"data_base64": "bm90IGpzb24="}, "not_json", "data_base64: Expecting value"),
        ({"data": {"a": 1}}, "missing_field", "model: is missing"),
    ],
)
def test_a_cloudevent_around_something_else_is_refused(envelope: dict[str, Any], reason: str, words: str) -> None:
    fault = rejected({"specversion": "1.0", "id": "x", "type": "a.prediction", **envelope}, STRUCTURED_TYPE)

    assert (fault.reason, words in fault.detail) == (reason, True), fault
