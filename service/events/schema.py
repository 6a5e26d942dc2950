"""The JSON Schema of the events, made from the very structs that read them."""

from typing import Any

import msgspec

from service.events.native import KINDS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Describe the four events (JSON Schema 2020-12).

    Fields that are not described are allowed and not read. What depends on the settings is not in it: how long ids and
    names may be, how many features an event may have. Nor is the rule that text is UTF-8.
    """
    _, parts = msgspec.json.schema_components(KINDS.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": _DRAFT,
        "title": "Driftwarden event",
        "description": "One event per record. `type` says which of the four it is.",
        "oneOf": [{"$ref": f"#/$defs/{struct.__name__}"} for struct in KINDS.values()],
        "$defs": parts,
    }
