"""Who is told, and who decided what."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field, JsonValue

from alerting.finding import Stream
from alerting.route import Role
from service.api.answers import Items, Kind, Limit, Name, Shape, cut, problems
from service.api.dependencies import Dependencies
from service.api.gate import needs
from service.store.queries import audit_entries


class LoserShape(Shape):
    """A rule that would have named somebody, and why it did not."""

    rule: str
    party: str
    why: str


class ResolutionShape(Shape):
    """Who has a role for one subject of one stream, and how that was decided."""

    role: Role
    party: str = Field(examples=["credit-risk"])
    rule: str = Field(description="Id of the rule that named the party; empty when a fallback did.")
    fallback: bool = Field(description="True when no rule names anybody: add one to the ownership table.")
    inherited_from: Role | None = Field(description="The role the party was taken from, when it is not its own.")
    losers: list[LoserShape]
    config_sha: str = Field(description="SHA-256 of the ownership table that was asked.")


class AuditShape(Shape):
    """One decision, at its place in the hash chain."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: JsonValue
    after: JsonValue
    reason: str
    remark: str = Field("", description="Id and commitment of what somebody wrote, which is kept beside the chain.")
    previous: str
    hash: str


def people_routes() -> APIRouter:
    """Owners and audit."""
    router = APIRouter(tags=["people"], dependencies=[Depends(needs("read"))])
    router.get("/v1/owners/resolve", responses=problems(422))(resolve)
    router.get("/v1/audit", responses=problems(422))(audit)
    return router


def resolve(
    dependencies: Dependencies,
    model: Name,
    version: Annotated[str, Query(max_length=4_096)] = "",
    feature: Annotated[str, Query(max_length=4_096, description="Feature, or another subject of the model.")] = "",
    segment: Annotated[str, Query(max_length=4_096)] = "",
    role: Role = "owner",
    kind: Kind = "prediction",
) -> ResolutionShape:
    """Say who has a role for a model, who else was in question, and why they were not chosen."""
    ownership = dependencies.ownership()
    found = ownership.resolve(role, Stream(kind, model, version, segment), feature)
    return ResolutionShape(
        role=found.role, party=found.party, rule=found.rule, fallback=found.fallback,
        inherited_from=found.inherited_from, config_sha=ownership.config_sha,
        losers=[LoserShape(rule=loser.rule, party=loser.party, why=loser.why) for loser in found.losers],
    )  # fmt: skip


def audit(dependencies: Dependencies, limit: Limit = 100) -> Items[AuditShape]:
    """List who decided what, newest first."""
    return cut([AuditShape(**row) for row in audit_entries(dependencies.store, limit=limit + 1)], limit)
