"""Who is told, and who decided what."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field, JsonValue

from alerting.finding import Stream
from alerting.ownership_answer import Held, answer, held
from alerting.route import Role
from service.api.answers import Items, Kind, Limit, Name, Shape, cut, problems
from service.api.dependencies import Dependencies
from service.api.gate import needs
from service.lineage import lineage
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
    specificity: str = Field(description="How narrow that rule is, in words.", examples=["models by pattern"])
    fallback: bool = Field(description="True when no rule names anybody: add one to the ownership table.")
    inherited_from: Role | None = Field(description="The role the party was taken from, when it is not its own.")
    contacts: list[str] = Field(description="Names of where the party is reached; they tell no address.")
    unowned: str = Field(description="Why and until when nobody has the role, where a rule says so; else empty.")
    losers: list[LoserShape]
    config_sha: str = Field(description="SHA-256 of the ownership table that was asked.")


class ExpectedShape(Shape):
    """What one tier expects: who is told at once, by when what, and who is told in turn while nobody acknowledges."""

    tier: str = Field(examples=["act"])
    told: list[Role]
    ack: str = Field(examples=["15 min"])
    findings: str = Field(description="Empty where none are asked for.", examples=["3 working days"])
    decision: str = Field(description="Empty where none is asked for.")
    steps: list[Role]


class OwnersShape(Shape):
    """Who has each role for one subject of one stream, and the policy that holds for it."""

    roles: list[ResolutionShape]
    policy: str = Field(examples=["regulated"])
    policy_rule: str = Field(description="Id of the rule that named the policy; empty when none did.")
    tiers: list[ExpectedShape]
    view: str = Field(description="The feature view it is read from; empty for none.")
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
    role: Annotated[
        Literal[Role, "all"], Query(description="One role, or all of them with the policy that holds.")
    ] = "owner",
    kind: Kind = "prediction",
    view: Annotated[
        str, Query(max_length=4_096, description="Feature view it is read from; else what `lineage.views` says.")
    ] = "",
) -> ResolutionShape | OwnersShape:
    """Say who has a role for a model, who else was in question, and why they were not chosen."""
    table, stream = dependencies.ownership(), Stream(kind, model, version, segment)
    known = view or lineage(dependencies.settings).name_of(stream, feature)
    if role != "all":
        return _resolution(held(table, role, stream, feature, known), table.config_sha)
    found = answer(table, stream, feature, view=known)
    return OwnersShape(
        roles=[_resolution(one, found.config_sha) for one in found.roles],
        policy=found.policy,
        policy_rule=found.policy_rule,
        tiers=[ExpectedShape(**asdict(tier)) for tier in found.tiers],
        config_sha=found.config_sha,
        view=found.view,
    )


def _resolution(found: Held, config_sha: str) -> ResolutionShape:
    return ResolutionShape(
        role=found.role, party=found.party, rule=found.rule, specificity=found.specificity, fallback=found.fallback,
        inherited_from=found.inherited_from, contacts=list(found.contacts), unowned=found.unowned,
        config_sha=config_sha,
        losers=[LoserShape(rule=loser.rule, party=loser.party, why=loser.why) for loser in found.losers],
    )  # fmt: skip


def audit(dependencies: Dependencies, limit: Limit = 100) -> Items[AuditShape]:
    """List who decided what, newest first."""
    return cut([AuditShape(**row) for row in audit_entries(dependencies.store, limit=limit + 1)], limit)
