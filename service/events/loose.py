"""JSON as it is really sent: NaN, infinities and numbers beyond a float are read, everything else stays strict."""

import json
from collections.abc import Mapping

import msgspec
from msgspec import Raw

from detectors.columns import Scalar
from service.events.rejected import Rejected

_INTEGER_DIGITS_MAX = 308
INT64 = 2**63
"""Integers from here on are read as floats: no row of the store and no compiled struct could hold them."""


def _integer(digits: str) -> int | float:
    """Read an integer; one that no float could hold is infinite, whatever its length."""
    return int(digits) if len(digits) <= _INTEGER_DIGITS_MAX else float(digits)


_reader = json.JSONDecoder(parse_int=_integer)


def tree_of(value: bytes | Raw) -> object | Rejected:
    """Parse JSON leniently in its numbers and strictly in everything else."""
    try:
        tree: object = _reader.decode(bytes(value).decode())
        if b"\\u" in bytes(value):
            # Half of a surrogate pair is JSON by its grammar, but no text that could be stored or shown.
            json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeDecodeError as fault:
        return Rejected("bad_utf8", f"byte {fault.start} (0x{fault.object[fault.start]:02x}) is not UTF-8")
    except UnicodeEncodeError as fault:
        half = f"the escape \\u{ord(fault.object[fault.start]):04x} is half a character"
        return Rejected("bad_utf8", f"{half}; send the whole pair")
    except json.JSONDecodeError as fault:
        return Rejected("not_json", f"{fault.msg} at line {fault.lineno}, column {fault.colno}")
    except RecursionError:
        return Rejected("not_json", "arrays or objects are nested too deeply")
    return tree


def object_of(text: Raw) -> Mapping[str, object]:
    """Read the features of an event, of which the decoder has made sure that they are an object."""
    try:
        tree = msgspec.json.decode(text)
    except ValueError:
        tree = tree_of(text)
    assert isinstance(tree, dict), "the decoder takes only events whose features are an object of JSON values"
    return tree


def scalar_of(value: object, chars_max: int) -> Scalar:
    """Give what a JSON value counts as: arrays and objects as their text, long texts cut, huge integers as floats.

    >>> scalar_of([1, 2], 16), scalar_of("north-north-west-by-north", 16), scalar_of(2**70, 16)
    ('[1, 2]', 'north-north-west…', 1.1805916207174113e+21)
    """
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -INT64 <= value < INT64 else _float_of(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= chars_max else f"{text[:chars_max]}…"


def _float_of(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
