"""The body of a message to a machine: cut step by step until it is small enough, and saying so."""

import json
from collections.abc import Mapping

from alerting.audit import Json

BYTES_MAX = 20_000
"""Standard Webhooks asks for less than 20 KB."""

_CUTS = ("bins after the fifth", "bins", "evidence after the third", "text after 4,000 characters", "evidence", "text")


def body(payload: Mapping[str, Json], bytes_max: int = BYTES_MAX) -> bytes:
    """Write a payload as JSON in less than `bytes_max` bytes; what was left out is named in `data.truncated`.

    The tier, the title, the asks and the links are never cut: names in them are bounded where they are composed.
    """
    whole = _written(payload)
    data = payload.get("data")
    if len(whole) < bytes_max or not isinstance(data, Mapping):
        return whole
    left: dict[str, Json] = dict(data)
    for count in range(1, len(_CUTS) + 1):
        left = _cut(left, count)
        whole = _written({**payload, "data": {**left, "truncated": list(_CUTS[:count])}})
        if len(whole) < bytes_max:
            break
    return whole


def _cut(data: dict[str, Json], count: int) -> dict[str, Json]:
    evidence = data.get("evidence")
    items = list(evidence) if isinstance(evidence, list) else []
    match count:
        case 1:
            return {**data, "evidence": [_with_bins(item, 5) for item in items]}
        case 2:
            return {**data, "evidence": [_with_bins(item, 0) for item in items]}
        case 3:
            return {**data, "evidence": items[:3]}
        case 4:
            return {**data, "text": str(data.get("text", ""))[:4_000]}
        case 5:
            return {**data, "evidence": []}
        case _:
            return {**data, "text": ""}


def _with_bins(item: Json, bins_max: int) -> Json:
    """Leave the bins of one piece of evidence that moved most, which come first."""
    moves = item.get("moves") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(moves, list):
        return item
    return {**item, "moves": moves[:bins_max]}


def _written(payload: Mapping[str, Json]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
