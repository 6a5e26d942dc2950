"""One tick's findings in; out comes all that must be written down and sent. Pure: the caller commits it or does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Literal, TypeAlias

from alerting.audit import AuditEntry, Json
from alerting.cause import cause_of_finding
from alerting.finding import Finding, Stream
from alerting.incident import Effect, Incident, Intent, MemberJoined, Opened, Raised, Resolved, step
from alerting.notice import Notice, compose
from alerting.outbox import Delivery, key_of
from alerting.ownership import Ownership
from alerting.policy import Policy
from alerting.route import Addressee, Role
from alerting.tiers import QUALITY, SELF_WATCH, Tier

__all__ = ["Decisions", "FallbackUsed", "IncidentChange", "Policy", "decide"]

ACTOR = "driftwarden"
JOINED_LISTED_MAX = 10

ChangeType: TypeAlias = Literal["opened", "raised", "joined", "resolved"]


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """One thing that happened to an incident, as it was right then; the finding's subject, detector and source row."""

    type: ChangeType
    incident: Incident
    at: datetime
    tier: Tier
    reason: str
    row: int
    subject: str
    detector: str


@dataclass(frozen=True, slots=True)
class FallbackUsed:
    """Somebody was told only because no rule names anybody: the table has a hole."""

    incident_id: str
    role: Role
    party: str
    stream: Stream


@dataclass(frozen=True, slots=True)
class Decisions:
    """What to write in the tick's transaction: changed incidents as they are now, and all that follows from them."""

    incidents: tuple[Incident, ...] = ()
    changes: tuple[IncidentChange, ...] = ()
    notices: tuple[Notice, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    audits: tuple[AuditEntry, ...] = ()
    fallback_used: tuple[FallbackUsed, ...] = ()


def decide(
    findings: Sequence[Finding],
    open_incidents: Mapping[str, Incident],
    ownership: Ownership,
    policy: Policy,
    now: datetime,
) -> Decisions:
    """Decide what becomes of findings. `now` is when people are told: deadlines and first attempts count from it.

    `open_incidents` holds the newest incident of each cause. A resolved one may be left out once no window reaches back
    to when it resolved; before that it keeps old change from opening a new incident. Findings that ended at different
    times are taken one time after the other, as if each had been decided on its own.
    """
    draft = _Draft(ownership, policy, now)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(cause_of_finding(finding), []).append(finding)
    for cause in sorted(groups):
        incident = open_incidents.get(cause)
        for _, evaluation in groupby(sorted(groups[cause], key=lambda f: f.at), key=lambda f: f.at):
            before = incident
            incident, effects = step(before, list(evaluation), now, policy.rules)
            if incident is not None and incident is not before:
                incident = draft.take(before, incident, effects)
    return draft.decisions()


@dataclass(slots=True)
class _Draft:
    """Collects while the evaluations go by."""

    ownership: Ownership
    policy: Policy
    now: datetime
    incidents: dict[str, Incident] = field(default_factory=dict)
    changes: list[IncidentChange] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    audits: list[AuditEntry] = field(default_factory=list)
    fallback_used: list[FallbackUsed] = field(default_factory=list)

    def take(self, before: Incident | None, incident: Incident, effects: Sequence[Effect]) -> Incident:
        """Write down one evaluation's effects; gives the incident with whom it told."""
        was = before if before is not None and before.id == incident.id else None
        if was is None:
            lead = incident.lead.peak
            sight = lead.detector in SELF_WATCH
            route = self.ownership.sight_route() if sight else self.ownership.route(lead.stream, lead.subject)
            incident = replace(incident, route=route)
        self._audit(was, incident, effects)
        for effect in effects:
            self.changes.append(_change(incident, effect))
            if not isinstance(effect, MemberJoined) and effect.tell is not None:
                incident = self._tell(incident, effect.tell)
        self.incidents[incident.id] = incident
        return incident

    def decisions(self) -> Decisions:
        """Give what was collected."""
        return Decisions(
            tuple(self.incidents.values()), tuple(self.changes), tuple(self.notices), tuple(self.deliveries),
            tuple(self.audits), tuple(self.fallback_used),
        )  # fmt: skip

    def _tell(self, incident: Incident, intent: Intent) -> Incident:
        """Compose for everybody concerned. Whoever was not told before gets an open, whatever the others get."""
        seq = incident.notices
        told = set(incident.told)
        for addressee in _concerned(incident, intent):
            mine: Intent = intent if addressee.party in told or intent == "resolve" else "open"
            notice = compose(incident, mine, addressee, seq=seq, at=self.now, policy=self.policy)
            self.notices.append(notice)
            self.deliveries += [
                Delivery(
                    key=key_of(incident.id, target.name, seq), incident_id=incident.id, destination=target.name,
                    seq=seq, intent=mine, target=target, payload=notice.to_payload(), next_at=self.now,
                )
                for target in addressee.destinations
            ]  # fmt: skip
            told.add(addressee.party)
            self._note_fallback(incident, addressee, mine)
            after: dict[str, Json] = {"intent": mine, "party": addressee.party, "role": addressee.role, "seq": seq}
            self._write("notice.composed", incident, None, after, notice.title)
        return replace(incident, told=tuple(sorted(told)), notices=seq + 1)

    def _note_fallback(self, incident: Incident, addressee: Addressee, intent: Intent) -> None:
        if not addressee.fallback or intent != "open":
            return
        self.fallback_used.append(FallbackUsed(incident.id, addressee.role, addressee.party, incident.stream))
        reason = f"nobody is named {addressee.role} for {incident.stream.model}: add one to the ownership table"
        self._write("ownership.fallback_used", incident, None, {"party": addressee.party}, reason)

    def _audit(self, was: Incident | None, incident: Incident, effects: Sequence[Effect]) -> None:
        """One entry per kind of effect, so that a thousand members that join at once are one row."""
        joined = [effect.finding for effect in effects if isinstance(effect, MemberJoined)]
        if joined:
            names = ", ".join(f"{f.subject} ({f.detector})" for f in joined[:JOINED_LISTED_MAX])
            self._write("incident.joined", incident, None, {"members": len(joined)}, f"also broke: {names}")
        for effect in effects:
            if not isinstance(effect, MemberJoined):
                before = _state(was) if was is not None else None
                self._write(f"incident.{_type(effect)}", incident, before, _state(incident), _reason(incident, effect))

    def _write(
        self,
        action: str,
        incident: Incident,
        before: dict[str, Json] | None,
        after: dict[str, Json] | None,
        reason: str,
    ) -> None:
        self.audits.append(AuditEntry(self.now, ACTOR, action, incident.id, before, after, reason))


def _concerned(incident: Incident, intent: Intent) -> list[Addressee]:
    """Who is told: the lead's role, on act also a responder that a rule names, and everybody told before; once each."""
    route = incident.route
    assert route is not None, f"{incident.id} is told without a route"
    if intent == "resolve":
        concerned = [addressee for addressee in route.everybody if addressee.party in incident.told]
    else:
        lead = route.data_steward if incident.lead.detector in QUALITY else route.owner
        responder = [route.responder] if incident.tier is Tier.ACT and not route.responder.fallback else []
        again = [addressee for addressee in route.everybody if addressee.party in incident.told]
        concerned = [lead, *responder, *again]
    once: dict[str, Addressee] = {}
    for addressee in concerned:
        once.setdefault(addressee.party, addressee)
    return list(once.values())


def _change(incident: Incident, effect: Effect) -> IncidentChange:
    finding = effect.finding
    tier = effect.tier if isinstance(effect, Opened | Raised) else incident.tier
    return IncidentChange(
        _type(effect), incident, finding.at, tier, _reason(incident, effect), finding.row, finding.subject,
        finding.detector,
    )  # fmt: skip


def _type(effect: Effect) -> ChangeType:
    match effect:
        case Opened():
            return "opened"
        case Raised():
            return "raised"
        case MemberJoined():
            return "joined"
        case Resolved():
            return "resolved"


def _reason(incident: Incident, effect: Effect) -> str:
    match effect:
        case Raised():
            return f"{effect.was} to {effect.tier}: {effect.finding.reason}"
        case Resolved():
            return f"all {len(incident.members)} members are clear"
        case _:
            return effect.finding.reason


def _state(incident: Incident) -> dict[str, Json]:
    return {
        "tier": str(incident.tier), "condition": incident.condition, "handling": incident.handling,
        "members": len(incident.members), "config_sha": incident.route.config_sha if incident.route else "",
    }  # fmt: skip
