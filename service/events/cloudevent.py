"""CloudEvents 1.0: taking a native event out of its envelope.

The envelope's id, time and type stand in for `event_id`, `time` and `type` where the native event leaves them out.
Source: CloudEvents 1.0.2, JSON Event Format §3; Kafka and HTTP Protocol Bindings §3.
"""

import base64
from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from service.events.loose import tree_of
from service.events.native import KINDS
from service.events.rejected import Rejected, shown

_ABSENT = Raw()
_STAND_INS = {"id": "event_id", "time": "time", "type": "type"}


class _Envelope(Struct, gc=False):
    specversion: str
    id: str = ""
    time: str = ""
    type: str = ""
    data: Raw = _ABSENT


class _Present(Struct, gc=False):
    type: Raw = _ABSENT
    event_id: Raw = _ABSENT
    time: Raw = _ABSENT


def unwrapped(value: bytes) -> bytes:
    """Give the native event inside a structured CloudEvent; what cannot be opened here comes back as it is.

    >>> unwrapped(b'{"specversion": "1.0", "id": "e1", "data": {"type": "label"}}')
    b'{"event_id":"e1","type": "label"}'
    """
    try:
        envelope = msgspec.json.decode(value, type=_Envelope)
    except (ValueError, RecursionError):
        return value
    inner = bytes(envelope.data)
    if not inner.startswith(b"{"):
        return value
    said = {"id": envelope.id, "time": envelope.time, "type": envelope.type}
    return filled(inner, said)


def filled(value: bytes, said: Mapping[str, str]) -> bytes:
    """Write what the envelope said (id, time, type) in front of a native event that leaves it out."""
    try:
        present = msgspec.json.decode(value, type=_Present)
        given = {name for name in _STAND_INS.values() if getattr(present, name) is not _ABSENT}
    except (ValueError, RecursionError):
        tree = tree_of(value)
        if not isinstance(tree, dict):
            return value
        given = set(tree)
    added = _added(said, given)
    if not added:
        return value
    rest = value.lstrip()[1:].lstrip()
    return msgspec.json.encode(added)[:-1] + (b"" if rest.startswith(b"}") else b",") + rest


def opened(tree: dict[str, object]) -> dict[str, object] | Rejected:
    """Do the same to a record that was read already; one that is no CloudEvent comes back as it is."""
    if "specversion" not in tree or ("data" not in tree and "data_base64" not in tree):
        return tree
    inner = tree.get("data")
    if "data_base64" in tree:
        try:
            inner = tree_of(base64.b64decode(str(tree["data_base64"]), validate=True))
        except ValueError:
            return Rejected("not_json", f"data_base64: {shown(tree['data_base64'])} is not base64")
        if isinstance(inner, Rejected):
            return Rejected(inner.reason, f"data_base64: {inner.detail}")
    if not isinstance(inner, dict):
        return Rejected("not_an_object", f"data: {shown(inner)} is not an event; send one JSON object")
    said = {name: value for name in _STAND_INS if isinstance(value := tree.get(name), str)}
    return {**_added(said, set(inner)), **inner}


def _added(said: Mapping[str, str], given: set[str]) -> dict[str, str]:
    added = {
        field: said[name]
        for name, field in _STAND_INS.items()
        if field not in given and said.get(name) and name != "type"
    }
    kind = said.get("type", "").rpartition(".")[2]
    return {"type": kind, **added} if "type" not in given and kind in KINDS else added
