"""A notice: plain words for one party about one incident, with the evidence, what is expected and by when."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerting import wording
from alerting.advice import section
from alerting.audit import Json
from alerting.candidate import Candidate
from alerting.clocks import Clock
from alerting.evidence import Evidence, ranked
from alerting.incident import Incident, Intent
from alerting.policy import Policy
from alerting.route import Addressee, Role
from alerting.stored import read, written
from alerting.tiers import Tier
from alerting.words import words


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the incident stood when this was written: what the data showed, and what people had done about it.

    `by` and `until` say who holds it and how long, where it is acknowledged or silenced; `ending` why a resolve came:
    "recovered", "closed" or "reassigned".
    """

    cause: str = ""
    episode: int = 1
    opened_at: datetime | None = None
    condition: str = ""
    handling: str = ""
    by: str = ""
    until: datetime | None = None
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one party is told. `incident` is its id, `seq` numbers what it tells; the subject is the most telling.

    `fault` says what went wrong where the words are the plain ones that are kept for that.
    """

    id: str
    incident: str
    seq: int
    intent: Intent
    tier: Tier
    party: str
    role: Role
    title: str
    text: str
    model: str
    version: str
    segment: str
    subject: str
    detector: str
    row: int
    at: datetime
    evidence: tuple[Evidence, ...] = ()
    members: int = 0
    asks: tuple[Clock, ...] = ()
    links: tuple[Link, ...] = ()
    standing: Standing = field(default_factory=lambda: Standing())
    candidates: tuple[Candidate, ...] = ()
    fault: str = ""

    def to_json(self) -> str:
        """Write it for the store."""
        return written(self)

    @classmethod
    def from_json(cls, text: str) -> "Notice":
        """Read what `to_json` wrote; raises StoredStateError."""
        return read(cls, text)

    def to_payload(self) -> dict[str, Json]:
        """Give it as the body of a message to a machine: {type, timestamp, data}."""
        return {
            "type": f"incident.{self.intent}",
            "timestamp": self.at.isoformat(),
            "data": {
                "notice": self.id, "incident": self.incident, "seq": self.seq, "tier": str(self.tier),
                "party": self.party, "role": self.role, "title": self.title, "text": self.text,
                "model": self.model, "version": self.version, "segment": self.segment, "subject": self.subject,
                "detector": self.detector, "row": self.row, "members": self.members,
                "evidence": [item.to_json_object() for item in self.evidence],
                "candidates": [one.to_json_object() for one in self.candidates],
                "asks": [{"what": clock.what, "by": clock.by.isoformat()} for clock in self.asks],
                "links": [{"text": link.text, "url": link.url} for link in self.links],
                "standing": _standing_json(self.standing),
            },
        }  # fmt: skip


def compose(
    incident: Incident,
    intent: Intent,
    addressee: Addressee,
    *,
    seq: int,
    at: datetime,
    policy: Policy,
    why: str = "",
    ending: str = "",
) -> Notice:
    """Find the words for one party; the same arguments always give the same notice.

    `why` is said first, where a person or a clock brought the notice about; `ending` is why a resolve comes.
    """
    evidence = ranked(incident, policy)
    first, stream = evidence[0], incident.stream
    asks = _asks(incident, intent)
    links = _links(incident, evidence, policy)
    ending = (ending or "recovered") if intent == "resolve" else ""
    parts = wording.Parts(
        incident, intent, addressee, evidence, asks, [(link.text, link.url) for link in links], policy, why, ending
    )
    found = words(parts)
    return Notice(
        id="ntc_" + hashlib.sha256(f"{incident.id}|{addressee.party}|{seq}".encode()).hexdigest()[:16],
        incident=incident.id, seq=seq, intent=intent, tier=incident.tier, party=addressee.party, role=addressee.role,
        title=found.title, text=found.text, model=stream.model, version=stream.version,
        segment=first.segment, subject=first.subject, detector=first.detector, row=first.row, at=at,
        evidence=evidence, members=len(incident.members) + incident.unlisted, asks=asks, links=links,
        standing=_standing(incident, ending), candidates=incident.candidates, fault=found.fault,
    )  # fmt: skip


def _links(incident: Incident, evidence: Sequence[Evidence], policy: Policy) -> tuple[Link, ...]:
    page = f"{policy.public_url.rstrip('/')}/incidents/{incident.id}" if policy.public_url else ""
    runbook = section(policy.runbook_url, evidence[0].detector) if policy.runbook_url else page
    picture = f"{page}/picture.svg" if page and any(item.moves for item in evidence) else ""
    every = (("Runbook", runbook), ("Incident", page), ("Picture", picture))
    return tuple(Link(text, url) for text, url in every if url)


def _asks(incident: Incident, intent: Intent) -> tuple[Clock, ...]:
    """What is still to be done; of an incident that is over, only to say what it was."""
    left = [deadline for deadline in incident.deadlines if deadline.met_at is None]
    if intent == "resolve":
        left = [deadline for deadline in left if deadline.name == "decision" and incident.owed]
    return tuple(Clock(deadline.what, deadline.by) for deadline in left)


def _standing(incident: Incident, ending: str) -> Standing:
    hold = incident.hold
    return Standing(
        cause=incident.cause, episode=incident.episode, opened_at=incident.opened_at, condition=incident.condition,
        handling=incident.handling, by=hold.by if hold else "", until=hold.until if hold else None, ending=ending,
    )  # fmt: skip


def _standing_json(standing: Standing) -> dict[str, Json]:
    return {
        "cause": standing.cause, "episode": standing.episode,
        "opened_at": standing.opened_at.isoformat() if standing.opened_at else None,
        "condition": standing.condition, "handling": standing.handling, "by": standing.by,
        "until": standing.until.isoformat() if standing.until else None, "ending": standing.ending,
    }  # fmt: skip
