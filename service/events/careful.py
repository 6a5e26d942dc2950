"""The slow reader: for records the fast one refuses, to accept what only it can read and to say what is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import msgspec
from msgspec import Raw

from service.events.cloudevent import opened
from service.events.event import DecodeLimits
from service.events.loose import tree_of
from service.events.native import FEATURED, KINDS, Body
from service.events.rejected import Reason, Rejected, shown

DEPTH_MAX = 200
"""Arrays and objects within one another; far below where Python's own recursion would end."""

_NO_TEXT = Raw(b"{}")
_FIELD = re.compile(r"at `\$\.(\w+)")
_MISSING = re.compile(r"missing required field `(\w+)`")
_WANTED = {
    "event_id": "send a text of at least one character",
    "model": "send a text of at least one character",
    "feature_view": "send a text of at least one character",
    "version": 'send a text of at least one character, "7" rather than 7',
    "instance": "send a text of at least one character",
    "entity": "send a text or a whole number",
    "features": "send an object of feature names and values",
    "prediction": "send one number, text, true, false or null",
    "label": "send one number, text, true, false or null",
    "segment": "send a text or null",
    "attributes": "send an object",
    "deployment": "send a text or null",
    "time": "send RFC 3339 with an offset, or whole milliseconds since 1970 as a number",
}


@dataclass(frozen=True, slots=True)
class Loose:
    """An event that only the slow reader could take, and its features, None when its kind has none."""

    body: Body
    features: Mapping[str, object] | None


def read(value: bytes, limits: DecodeLimits) -> Loose | Rejected:
    """Read one event with Python's own JSON reader, which also takes NaN, infinities and numbers beyond a float."""
    tree = tree_of(value)
    if isinstance(tree, Rejected):
        return tree
    if not isinstance(tree, dict):
        return Rejected("not_an_object", f"the record is {shown(tree)}; send one JSON object per record")
    if value.count(b"[") + value.count(b"{") > DEPTH_MAX and _is_deep(tree):
        return Rejected("too_large", f"arrays or objects are nested more than {DEPTH_MAX} deep; send flat features")
    tree = opened(tree)
    if isinstance(tree, Rejected):
        return tree
    kind = tree.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        return _no_kind(tree)
    features = tree.get("features", {})
    if isinstance(features, dict) and len(features) > limits.features_max:
        many = f"features: {len(features)} are more than limits.features_max = {limits.features_max}"
        return Rejected("too_many_features", f"{many}; send fewer or raise the limit")
    # The struct wants text where we have values already, so the check sees an empty text in their place.
    stand_in = dict(tree)
    if isinstance(features, dict) and "features" in tree:
        stand_in["features"] = _NO_TEXT
    if isinstance(tree.get("attributes"), dict):
        stand_in["attributes"] = {}
    try:
        # By its own struct: for a union msgspec would work out the union anew each time, at three times the cost.
        body = msgspec.convert(stand_in, KINDS[kind], strict=True)
    except msgspec.ValidationError as fault:
        return _explained(str(fault), tree)
    return Loose(body, features if isinstance(body, FEATURED) and isinstance(features, dict) else None)


def _is_deep(tree: object) -> bool:
    level = [tree]
    for _ in range(DEPTH_MAX + 1):
        nested = [part for part in level if isinstance(part, dict | list)]
        if not nested:
            return False
        level = [inner for part in nested for inner in (part.values() if isinstance(part, dict) else part)]
    return True


def _explained(complaint: str, tree: Mapping[str, object]) -> Rejected:
    """Turn the checker's complaint into a reason and a sentence with the field, the value and what to send instead."""
    missing = _MISSING.search(complaint)
    if missing:
        name = missing[1]
        return Rejected("missing_field", f"{name}: is missing; {_WANTED[name]}")
    found = _FIELD.search(complaint)
    assert found is not None, f"the checker names the field it complains about: {complaint}"
    name = found[1]
    value = tree.get(name)
    reason: Reason = "wrong_type"
    what = shown(value)
    if name == "time":
        reason = "naive_time" if "timezone" in complaint else "bad_time"
        what += " has no offset" if reason == "naive_time" else " is not a time"
    elif value == "":
        reason, what = "missing_field", "is empty"
    else:
        what += " is not taken here"
    return Rejected(reason, f"{name}: {what}; {_WANTED.get(name, 'send a number or null')}")


def _no_kind(tree: Mapping[str, object]) -> Rejected:
    wanted = f"send one of {', '.join(KINDS)}"
    if "type" not in tree:
        return Rejected("missing_field", f"type: is missing; {wanted}")
    kind = tree["type"]
    near = get_close_matches(kind.lower(), KINDS, 1) if isinstance(kind, str) else []
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return Rejected("unknown_type", f"type: {shown(kind)} is unknown{meant}; {wanted}")
