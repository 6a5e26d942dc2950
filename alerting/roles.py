"""The roles a party can have for a model."""

from typing import Literal, TypeAlias

Role: TypeAlias = Literal["owner", "technical_lead", "data_steward", "responder", "compliance", "executive"]
