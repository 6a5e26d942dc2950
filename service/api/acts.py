"""What somebody may ask to be done about an incident, and how it is done: the same for the API and the page."""

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from alerting import respond as acting
from alerting.errors import ResponseRefused
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.policy import Policy
from alerting.remark import TEXT_CHARS_MAX, RemarkError
from alerting.respond import Actor, NoteKind, Response
from alerting.roles import Role
from service.api.dependencies import ApiDependencies
from service.api.problem import Problem
from service.build import policy
from service.rendering import note_faults
from service.responding import IncidentUnknown, remark_of, respond
from service.store.incident_list import newest_ids


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL, which no store keeps; remove it")
    return text


Words: TypeAlias = Annotated[
    str,
    AfterValidator(_storable),
    Field(min_length=1, max_length=TEXT_CHARS_MAX, pattern=r"\S", examples=["The nightly import sent cents."]),
]


class Act(BaseModel):
    """What every act may carry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expect_notices: int | None = Field(
        None,
        ge=0,
        le=2**31,
        description="How many notices of it you have seen; 409 when there are others by now.",
    )


class Ack(Act):
    """Take an incident in hand."""

    until: AwareDatetime | None = Field(None, description="Without it: until findings are due; at most 7 days.")
    note: Words | None = None


class Release(Act):
    """Give back what was acknowledged or silenced."""

    note: Words | None = None


class Silence(Act):
    """Tell nobody anything until then, unless it rises or ends."""

    until: AwareDatetime = Field(description="At most 14 days from now, at tier act 24 hours.")
    note: Words = Field(description="Why.")


class Note(Act):
    """Write something down; as findings or decision it meets that deadline."""

    text: Words
    kind: NoteKind = "note"


class Reassign(Act):
    """Give a role to another party of the ownership table."""

    role: Role
    party: str = Field(min_length=1, max_length=256, examples=["credit-risk"])
    note: Words | None = None


class Close(Act):
    """End it for people; at investigate and act only with a disposition and a note."""

    disposition: Disposition | None = None
    note: Words | None = None


AnyAct: TypeAlias = Ack | Release | Silence | Note | Reassign | Close


def perform(dependencies: ApiDependencies, incident_id: str, asked: AnyAct, by: str) -> None:
    """Do it in the name of `by`; raises Problem 404 without such an incident, 409 with why it is refused."""
    now = dependencies.wall()
    text = asked.text if isinstance(asked, Note) else asked.note

    def act(known: Incident) -> Response:
        written = remark_of(dependencies.random_bytes, incident_id, at=now, text=text, author=by) if text else None
        return _done(dependencies, known, asked, Actor(by, now, written), policy(dependencies.settings))

    try:
        response = respond(dependencies.store, incident_id, act, now, expect_notices=asked.expect_notices)
    except IncidentUnknown as unknown:
        raise unknown_incident(dependencies, incident_id) from unknown
    except ResponseRefused as refused:
        raise Problem(409, detail=f"{_sentence(str(refused))}.") from refused
    except RemarkError as fault:
        raise Problem(422, detail=f"{_sentence(str(fault))}.") from fault
    note_faults(response.notices, dependencies.progress)


def refusal_of_silence(known: Incident, until: datetime, now: datetime, chosen: Policy) -> str:
    """Say why a silence until then would be refused, "" when it would not."""
    why = remark_of(bytes, known.id, at=now, text="asked beforehand", author="")
    try:
        acting.silence(known, Actor("", now, why), chosen, until)
    except ResponseRefused as refused:
        return f"{_sentence(str(refused))}."
    return ""


def unknown_incident(dependencies: ApiDependencies, incident_id: str) -> Problem:
    """Say that there is no such incident, and which the newest are."""
    newest = newest_ids(dependencies.store, 5)
    there = f"the newest are: {', '.join(newest)}" if newest else "there has been none yet"
    return Problem(404, detail=f"There is no incident {incident_id[:100]!r}; {there}.")


def _done(dependencies: ApiDependencies, known: Incident, asked: AnyAct, actor: Actor, chosen: Policy) -> Response:
    match asked:
        case Ack():
            return acting.ack(known, actor, chosen, asked.until)
        case Release():
            return acting.release(known, actor, chosen)
        case Silence():
            return acting.silence(known, actor, chosen, asked.until)
        case Note():
            return acting.note(known, actor, chosen, asked.kind)
        case Reassign():
            return acting.reassign(known, actor, chosen, dependencies.ownership(), asked.role, asked.party)
        case Close():
            return acting.close(known, actor, chosen, asked.disposition)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
