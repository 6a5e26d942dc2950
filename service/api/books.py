"""The books: what became of every record, and the records that could not become events."""

from datetime import datetime
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from service.api.answers import Items, Limit, MaybeName, Shape, cut, problems
from service.api.dependencies import Dependencies
from service.api.gate import needs
from service.api.models import at_ms
from service.api.problem import Problem
from service.store.changes import Outcomes
from service.store.engine import Store
from service.store.partitions import partitions
from service.store.queries import dead_letters as find_dead_letters
from service.store.verify import verify_ledger

VALUE_CHARS_MAX = 2_048
"""How much of a dead letter is shown; the store keeps more."""


class OutcomesShape(Shape):
    """What became of the records; the six add up to all of them."""

    accepted: int
    duplicate: int
    late: int
    dead: int
    filtered: int
    gap: int


class PartitionShape(Shape):
    """The books of one partition."""

    source: str = Field(examples=["kafka"])
    partition: str = Field(examples=["model-events/0"])
    begin: int = Field(description="The first offset ever read.")
    next: int = Field(description="The offset that is read next.")
    end: int | None = Field(description="Where the partition was last seen to end.")
    records: int
    outcomes: OutcomesShape
    balanced: bool
    faults: list[str] = Field(description="What does not add up; only looked for with verify=true.")
    time_max: datetime | None = Field(description="The newest event time it has shown.")
    idle: bool = Field(description="Fully read and silent, so that it does not hold the clock.")
    updated_at: datetime


class LedgerShape(Shape):
    """Records in = records accounted, for every partition."""

    balanced: bool
    verified: bool = Field(description="True when every total was computed again from the rows it stands for.")
    partitions: list[PartitionShape]


class DeadLetterShape(Shape):
    """A record that could not become an event, and why."""

    source: str
    partition: str
    offset: int
    at: datetime
    reason: str = Field(examples=["not_json"])
    detail: str
    value: str | None = Field(description="Its beginning as text; absent for a record without a value.")
    value_cut: bool = Field(description="True when the value is longer than what is shown.")
    headers: list[tuple[str, str]]


def book_routes() -> APIRouter:
    """The ledger and the dead letters."""
    router = APIRouter(tags=["books"], dependencies=[Depends(needs("read"))])
    router.get("/v1/ledger", responses=problems(422))(ledger)
    router.get("/v1/dead-letters", responses=problems(422))(dead_letters)
    return router


def ledger(
    request: Request,
    dependencies: Dependencies,
    verify: Annotated[bool, Query(description="Compute every total again; reads the whole ledger.")] = False,
) -> LedgerShape:
    """Show the books of every partition, and with verify=true prove them from their rows."""
    faults = _prove(dependencies.store, request.app.state.proof) if verify else {}
    shapes = []
    for known in partitions(dependencies.store):
        outcomes, records = known.outcomes, known.next - known.begin
        wrong = faults.get((known.source, known.partition), ())
        shapes.append(
            PartitionShape(
                source=known.source, partition=known.partition, begin=known.begin, next=known.next, end=known.end,
                records=records, outcomes=_outcomes(outcomes), balanced=outcomes.total() == records and not wrong,
                faults=list(wrong), time_max=at_ms(known.time_max_ms) if known.time_max_ms is not None else None,
                idle=known.idle, updated_at=at_ms(known.updated_ms),
            )
        )  # fmt: skip
    return LedgerShape(balanced=all(shape.balanced for shape in shapes), verified=verify, partitions=shapes)


def dead_letters(dependencies: Dependencies, reason: MaybeName = None, limit: Limit = 100) -> Items[DeadLetterShape]:
    """List dead letters, newest first."""
    found = []
    for row in find_dead_letters(dependencies.store, reason=reason, limit=limit + 1):
        value: str | None = row.pop("value")
        found.append(
            DeadLetterShape(
                **{name: row[name] for name in ("source", "partition", "offset", "reason", "detail", "headers")},
                at=at_ms(row["at_ms"]),
                value=value[:VALUE_CHARS_MAX] if value is not None else None,
                value_cut=value is not None and len(value) > VALUE_CHARS_MAX,
            )
        )
    return cut(found, limit)


def _prove(store: Store, running: Lock) -> dict[tuple[str, str], tuple[str, ...]]:
    """Find what does not add up; one proof at a time, since each reads everything."""
    if not running.acquire(blocking=False):
        raise Problem(503, detail="Another proof is running; try again.", headers={"Retry-After": "5"})
    try:
        return {(verdict.source, verdict.partition): verdict.faults for verdict in verify_ledger(store)}
    finally:
        running.release()


def _outcomes(outcomes: Outcomes) -> OutcomesShape:
    return OutcomesShape(
        accepted=outcomes.accepted, duplicate=outcomes.duplicate, late=outcomes.late, dead=outcomes.dead,
        filtered=outcomes.filtered, gap=outcomes.gap,
    )  # fmt: skip
