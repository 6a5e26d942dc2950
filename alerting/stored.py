"""State as text, for the store: a version and the fields, read back exactly."""

import functools
import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from alerting.errors import StoredStateError

VERSION = 1

T = TypeVar("T")


def written(value: object) -> str:
    """Write a dataclass of ours as JSON, under the codec's version."""
    adapter = _adapter(type(value))  # type: ignore[arg-type]  # mypy takes a class for its instances' __hash__.
    return json.dumps({"version": VERSION, "value": adapter.dump_python(value, mode="json")})


def read(kind: type[T], text: str) -> T:
    """Read back what `written` wrote; raises StoredStateError when it is of a newer version or damaged."""
    try:
        wrapped = json.loads(text)
        version = wrapped["version"]
        if version != VERSION:
            raise StoredStateError(
                f"{kind.__name__} version {version!r}: this program reads version {VERSION}; run the one that wrote it"
            )
        adapter = _adapter(kind)  # type: ignore[arg-type]  # Likewise.
        value = adapter.validate_python(wrapped["value"])
    except (json.JSONDecodeError, KeyError, TypeError, ValidationError) as fault:
        raise StoredStateError(f"{kind.__name__} {text[:80]!r} is damaged ({fault}); restore the store") from fault
    assert isinstance(value, kind), f"the adapter of {kind.__name__} made a {type(value).__name__}"
    return value


@functools.cache
def _adapter(kind: type[object]) -> TypeAdapter[object]:
    # Building an adapter takes milliseconds and reading with it microseconds; there are three kinds in all.
    return TypeAdapter(kind)
