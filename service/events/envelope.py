"""From what arrives (a Kafka record, a request body) to the bytes of native events."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from service.events.cloudevent import filled, unwrapped
from service.events.record import Headers
from service.events.rejected import Rejected

CLOUDEVENT = "application/cloudevents+json"
CLOUDEVENTS = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"


def native(headers: Headers, value: bytes) -> bytes | Rejected:
    """Give the native event of one record: the value itself, or what a CloudEvent around it holds.

    >>> native([("ce_specversion", b"1.0"), ("ce_id", b"e1")], b'{"type": "label"}')
    b'{"event_id":"e1","type": "label"}'
    """
    media, said = _said(headers)
    if media == CLOUDEVENT:
        return unwrapped(value)
    if not (media in ("", "application/json", "text/json") or media.endswith("+json")) or media == CLOUDEVENTS:
        wanted = f"send application/json or {CLOUDEVENT}, one event per record"
        return Rejected("unsupported_content_type", f"content-type: {media[:100]!r} is not read here; {wanted}")
    return filled(value, said) if "specversion" in said else value


def split(body: bytes, content_type: str, headers: Headers) -> list[bytes]:
    """Take a request body apart into the records it holds, each as it was sent, so that a bad one harms no other.

    Takes a JSON object or array of them, NDJSON, a CloudEvent (structured or binary mode) and a batch of them.
    Raises ValueError, with the way out, for a body that cannot be taken apart.

    >>> split(b'[{"a": 1}, {"b": NaN}]', "application/json", [])
    [b'{"a": 1}', b'{"b": NaN}']
    """
    media = content_type.split(";")[0].strip().lower()
    _, said = _said(headers)
    if media == LINES:
        return [line for line in map(bytes.strip, body.split(b"\n")) if line]
    values = _elements(body)
    if media in (CLOUDEVENT, CLOUDEVENTS):
        return [unwrapped(value) for value in values]
    if "specversion" in said:
        decoded = {name: unquote(value) for name, value in said.items()}
        return [filled(value, decoded) for value in values]
    return values


def _said(headers: Headers) -> tuple[str, Mapping[str, str]]:
    """Read the content type and the CloudEvents attributes, spelled ce_id (Kafka) or ce-id (HTTP, in any case)."""
    media = ""
    said: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            media = value.decode("utf-8", "replace").split(";")[0].strip().lower()
        elif lower.startswith(("ce_", "ce-")):
            said[lower[3:]] = value.decode("utf-8", "replace")
    return media, said


def _elements(body: bytes) -> list[bytes]:
    try:
        text = body.decode().strip()
    except UnicodeDecodeError as fault:
        raise ValueError(f"byte {fault.start} is not UTF-8") from None
    if not text.startswith(("{", "[")):
        raise ValueError(f"it begins with {text[:20]!r}; send a JSON object or an array of objects")
    try:
        if text.startswith("["):
            return [bytes(element) for element in msgspec.json.decode(body, type=list[Raw])]
        return [bytes(msgspec.json.decode(body, type=Raw))]
    except (ValueError, RecursionError):
        return _loose_elements(text)


def _loose_elements(text: str) -> list[bytes]:
    """Take apart what strict JSON refuses (NaN, infinities), element by element."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    try:
        if text.startswith("{"):
            decoder.decode(text)
            return [text.encode()]
        elements: list[bytes] = []
        place, mark = _past_space(text, 1), ","
        while mark == ",":
            _, end = decoder.raw_decode(text, place)
            elements.append(text[place:end].encode())
            end = _past_space(text, end)
            mark = text[end : end + 1]
            place = _past_space(text, end + 1)
        if mark != "]":
            raise json.JSONDecodeError("Expecting ',' or ']'", text, end)
        if place != len(text):
            raise json.JSONDecodeError("Extra text after the array", text, place)
    except json.JSONDecodeError as fault:
        raise ValueError(f"{fault.msg} at line {fault.lineno}, column {fault.colno}") from None
    except RecursionError:
        raise ValueError("arrays or objects are nested too deeply") from None
    return elements


def _past_space(text: str, place: int) -> int:
    while text[place : place + 1] in (" ", "\n", "\r", "\t"):
        place += 1
    return place
