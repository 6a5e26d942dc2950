"""The JSON Schema of `owners.yaml`, made from what reads it, so that an editor can complete and mark fields."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerting.escalation_wire import WirePolicy
from alerting.ownership_rules import RULES_MAX
from alerting.ownership_wire import Name, WireFallback, WireFamily, WireParty, WireRule

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class OwnersFile(BaseModel):
    """The sections of the file, for its schema; the file itself is read piece by piece, to find every fault."""

    model_config = ConfigDict(extra="forbid", title="Ownership table")

    version: Literal[1]
    parties: Annotated[dict[Name, WireParty], Field(min_length=1)]
    fallback: WireFallback
    families: dict[Name, WireFamily | Annotated[list[Name], Field(min_length=1)]] = {}
    policies: dict[Name, WirePolicy] = {}
    rules: Annotated[list[WireRule], Field(max_length=RULES_MAX)] = []


def owners_schema() -> dict[str, object]:
    """Give the JSON Schema (2020-12); what it lets through may still be refused, for it looks no name up."""
    return {"$schema": DIALECT, **OwnersFile.model_json_schema()}
