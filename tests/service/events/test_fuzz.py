"""Whatever bytes arrive: nothing raises, every refusal has a reason, every event can be counted."""

import contextlib
import json
from typing import Any, get_args

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.baseline import EVENTS
from detectors.fit import fit
from detectors.fold import fold
from service.events.decode import Decoder, Event
from service.events.envelope import split
from service.events.record import Record
from service.events.rejected import Reason, Rejected
from service.events.row import row_of
from tests.service.events.events import FEATURE, HEALTH, LABEL, LIMITS, PREDICTION

BASELINE = fit(
    {"income": [float(n) for n in range(200)], "region": ["north", "south"] * 100, "prediction": [0.5, 0.25] * 100},
    categories_max=10,
    segments_max=0,
)
DECODER = Decoder(LIMITS)
GOOD = [json.dumps(event).encode() for event in (PREDICTION, FEATURE, LABEL, HEALTH)]
STRUCTURED = [json.dumps({"specversion": "1.0", "id": "x", "data": json.loads(event)}).encode() for event in GOOD]
TOKENS = [
    b"NaN", b"-Infinity", b"1e400", b"-0", b"9" * 400, b"null", b"true", b"{}", b"[[]]", b'""', b'"\\ud800"',
    b'"\\u0000"', b'"\xff"', b"\x00", b",", b":", b"{", b"]", b'"type":"label",', b'"specversion":"1.0",',
    b'"data":{},', b"\xef\xbb\xbf",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event with pieces cut out, doubled and put in."""
    text = draw(st.sampled_from(GOOD + STRUCTURED))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 12)))
        middle = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4), st.just(text[begin:end] * 2)))
        text = text[:begin] + middle + text[end:]
    return text


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def misused(draw: st.DrawFn) -> bytes:
    """An event with some fields set to something else."""
    event = json.loads(draw(st.sampled_from(GOOD)))
    for name in draw(st.lists(st.sampled_from([*event, "segment", "attributes", "data", "specversion"]), max_size=3)):
        event[name] = draw(json_values)
    return json.dumps(event).encode()


header_names = st.sampled_from(["ce_specversion", "ce-id", "ce_time", "ce_type", "Content-Type", "other"])
header_values = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"1.0", b"application/json", b"application/cloudevents+json", b"prediction"]),
)
headers_sent = st.lists(st.tuples(header_names, header_values), max_size=4)


def count(value: bytes | None, headers: list[tuple[str, bytes]]) -> str:
    """Decode one record and do all that is done with an event; give the reason it was refused for, or its kind."""
    found = DECODER.decode(Record(0, value, headers))
    if isinstance(found, Rejected):
        assert found.reason in get_args(Reason)
        assert 0 < len(found.detail.encode()) < 1_000
        return found.reason
    row_of(DECODER.row_bytes(found))
    msgspec.json.encode(found.stream)
    counts = fold(BASELINE, DECODER.columns(BASELINE, [found, found]))
    assert counts[EVENTS] == 2
    return found.stream.kind


@given(st.one_of(st.none(), st.binary(), damaged(), misused()), headers_sent)
@settings(max_examples=600, deadline=None)
@example(b'{"type":"label","type":"health"}', [])
@example(b"{" * 5_000, [])
@example(b'{"a":' * 5_000, [])
@example(GOOD[0].replace(b"51000.0", b"[" * 199 + b"]" * 199), [])
@example(GOOD[0].replace(b"51000.0", b"[" * 600 + b"]" * 600), [])
@example(GOOD[0].replace(b"51000.0", b"[" * 990 + b"]" * 990), [])
def test_no_record_makes_decoding_raise(value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    count(value, headers)


@given(
    st.one_of(
        st.binary(),
        damaged(),
        st.lists(st.one_of(damaged(), misused()), max_size=3).map(lambda parts: b"[" + b",".join(parts) + b"]"),
    ),
    st.sampled_from(
        [
            "application/json",
            "application/x-ndjson",
            "application/cloudevents+json",
            "application/cloudevents-batch+json",
            "",
        ]
    ),
    headers_sent,
)
@settings(max_examples=300, deadline=None)
def test_no_body_makes_splitting_raise_anything_but_a_value_error(
    body: bytes, content_type: str, headers: list[tuple[str, bytes]]
) -> None:
    values: list[bytes] = []
    with contextlib.suppress(ValueError):
        values = split(body, content_type, headers)
    for value in values:
        count(value, [])


@given(misused())
@settings(max_examples=300, deadline=None)
def test_what_is_split_by_http_is_judged_as_what_comes_by_kafka(value: bytes) -> None:
    (alone,) = split(value, "application/json", [])
    (first, second) = split(b"[" + value + b"," + value + b"]", "application/json", [])

    assert count(value, []) == count(alone, []) == count(first, []) == count(second, [])


def test_the_fuzz_reaches_events_as_well_as_refusals() -> None:
    assert [count(value, []) for value in GOOD + STRUCTURED] == ["prediction", "feature", "label", "health"] * 2
    assert isinstance(DECODER.decode(Record(0, GOOD[0])), Event)
