"""Erasing what somebody wrote; the audit keeps who erased it, when and why."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from alerting.remark import NAME_CHARS_MAX
from service.api.answers import Shape, problems
from service.api.dependencies import Dependencies
from service.api.gate import Caller, needs
from service.api.models import at_ms
from service.api.problem import Problem
from service.store.remarks import RemarkUnknown, erase_remark


class ErasedShape(Shape):
    """A remark whose words are gone."""

    id: str
    incident: str
    erased_at: datetime
    erased_by: str = Field(description="The name of the token that erased it first.")


def remark_routes() -> APIRouter:
    """Remarks: erased by admins only."""
    router = APIRouter(tags=["people"])
    router.delete("/v1/remarks/{id}", responses=problems(404, 422))(erase)
    return router


def erase(
    dependencies: Dependencies,
    caller: Annotated[Caller, Depends(needs("admin"))],
    id: Annotated[str, Path(description="Id of the remark, as the audit entry names it.", max_length=NAME_CHARS_MAX)],
    reason: Annotated[str, Query(description="Why; goes into the audit.", max_length=NAME_CHARS_MAX, pattern=r"\S")],
) -> ErasedShape:
    """Erase what somebody wrote. The chain stays whole and says who erased it, when and why; again changes nothing."""
    try:
        row = erase_remark(dependencies.store, id, actor=caller.name, why=reason, now=dependencies.wall())
    except RemarkUnknown as unknown:
        raise Problem(404, detail=f"{unknown.args[0]}.") from unknown
    return ErasedShape(
        id=row.id, incident=row.incident, erased_at=at_ms(row.erased_ms or 0), erased_by=row.erased_by or ""
    )  # fmt: skip
