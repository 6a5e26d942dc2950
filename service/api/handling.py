"""What people have done about an incident and what is due next, as the API says it."""

from datetime import UTC, datetime

from pydantic import Field

from alerting.handling import Disposition, Milestone, TimerKind
from alerting.incident import Incident
from alerting.ownership import ROLES
from alerting.roles import Role
from service.api.answers import Shape
from service.store.engine import Store
from service.store.remarks import RemarkRow, remarks_of


class HoldShape(Shape):
    """Who has it in hand, or made it quiet, and until when."""

    by: str
    at: datetime
    until: datetime


class DeadlineShape(Shape):
    """One thing that is expected, and whether it was done."""

    name: Milestone
    what: str
    by: datetime
    met_at: datetime | None


class TimerShape(Shape):
    """What happens by itself, and when."""

    kind: TimerKind
    due_at: datetime


class ClosingShape(Shape):
    """How it ended for people; without a disposition where none is asked for."""

    by: str
    at: datetime
    disposition: Disposition | None


class RemarkShape(Shape):
    """What somebody wrote; without text once it was erased."""

    id: str
    at: datetime
    author: str
    text: str | None
    erased_by: str | None


class HandlingShape(Shape):
    """The second axis of an incident: what people did, beside what the data shows."""

    hold: HoldShape | None
    deadlines: list[DeadlineShape]
    timers: list[TimerShape] = Field(description="The next first.")
    closing: ClosingShape | None
    parties: dict[Role, str] = Field(description="Who has which role for this incident; frozen when it opened.")
    listening: list[str] = Field(description="Parties that were told and did not get the end yet.")
    notices_told: int = Field(description="Send it back as `seen`, so that nothing is done about what has moved on.")
    remarks: list[RemarkShape]


def handling_of(known: Incident, store: Store) -> HandlingShape:
    """Say what people have done about it; reads what they wrote."""
    with store.read() as connection:
        remarks = remarks_of(connection, known.id)
    hold, closing, route = known.hold, known.closing, known.route
    return HandlingShape(
        hold=HoldShape(by=hold.by, at=hold.at, until=hold.until) if hold else None,
        deadlines=[DeadlineShape(name=d.name, what=d.what, by=d.by, met_at=d.met_at) for d in known.deadlines],
        timers=[TimerShape(kind=timer.kind, due_at=timer.due_at) for timer in known.timers],
        closing=ClosingShape(by=closing.by, at=closing.at, disposition=closing.disposition) if closing else None,
        parties={role: route.of(role).party for role in ROLES} if route else {},
        listening=sorted(known.listening),
        notices_told=known.notices,
        remarks=[_remark(row) for row in remarks],
    )


def _remark(row: RemarkRow) -> RemarkShape:
    written = row.remark()
    return RemarkShape(
        id=row.id, at=datetime.fromtimestamp(row.at_ms / 1000, UTC), author=written.author if written else "",
        text=written.text if written else None, erased_by=row.erased_by,
    )  # fmt: skip
