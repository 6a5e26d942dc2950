"""One tick's findings in; out comes all that must be written down and sent. Pure: the caller commits it or does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Literal, TypeAlias

from alerting.audit import AuditEntry
from alerting.candidate import Candidates, nothing_known
from alerting.cause import is_view
from alerting.escalate import DISPOSED, armed, begun
from alerting.evidence import happened, lean
from alerting.finding import Finding
from alerting.grouping import broken_together, by_cause, swallowed
from alerting.handling import Closing
from alerting.incident import Effect, Incident, Intent, MemberJoined, Opened, Raised, Resolved
from alerting.member import Member
from alerting.notice import Notice
from alerting.outbox import Delivery
from alerting.ownership import Ownership
from alerting.policy import Policy
from alerting.routing import concerned, informed, route_for, unheard
from alerting.step import step
from alerting.tell import SERVICE, FallbackUsed, Telling, state_of
from alerting.tiers import SELF_WATCH, Tier

__all__ = ["Decisions", "FallbackUsed", "IncidentChange", "Policy", "decide"]

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
    incidents: Mapping[str, Incident],
    ownership: Ownership,
    policy: Policy,
    now: datetime,
    candidates: Candidates = nothing_known,
) -> Decisions:
    """Decide what becomes of findings. `now` is when people are told: deadlines and first attempts count from it.

    `incidents` holds the newest incident of each cause. One that is over may be left out once it is closed, nothing of
    it is held and no window reaches back to when it resolved; before that it keeps old change from opening a new one.
    Findings that ended at different times are taken one time after the other, as if each had been decided on its own.
    `candidates` is asked what else happened to the model whenever an incident opens, rises or ends.
    """
    draft = _Draft(ownership, policy, Telling(policy, now), dict(incidents), candidates)
    for _, evaluation in groupby(sorted(findings, key=lambda f: f.at), key=lambda f: f.at):
        draft.read(list(evaluation))
    return draft.decisions()


@dataclass(slots=True)
class _Draft:
    """Collects while the evaluations go by; `newest` is the newest incident of each cause as it is by then."""

    ownership: Ownership
    policy: Policy
    telling: Telling
    newest: dict[str, Incident]
    candidates: Candidates
    changed: dict[str, Incident] = field(default_factory=dict)
    changes: list[IncidentChange] = field(default_factory=list)

    def read(self, evaluation: list[Finding]) -> None:
        """Take what was found at one time in."""
        lineage, ladder = self.policy.lineage, self.policy.ladder
        together = broken_together(lineage, evaluation, self.newest, ladder)
        swallow = swallowed(self.newest, lineage, together)
        grouped = by_cause(evaluation, self.newest, lineage, ladder)
        taken_over = {cause: [m for incident in found for m in incident.loud] for cause, found in swallow.items()}
        # First, so that whatever else breaks now of the same model is told as an incident of its own.
        for over in (incident for found in swallow.values() for incident in found):
            self._swallow(over)
        for cause in self._gravest_first(grouped, taken_over):
            before, findings, members = self.newest.get(cause), grouped.get(cause, ()), taken_over.get(cause, ())
            incident, effects = step(before, findings, self.telling.now, self.policy.rules, cause, members)
            if incident is not None and incident is not before:
                self._keep(self._take(before, incident, effects))

    def _gravest_first(
        self, grouped: Mapping[str, Sequence[Finding]], taken_over: Mapping[str, Sequence[Member]]
    ) -> list[str]:
        """Order causes: if it is too much for somebody, the gravest is told and the rest is summed up."""
        ranks = {cause: max(member.tier.rank for member in members) for cause, members in taken_over.items()}
        for cause, findings in grouped.items():
            ranks[cause] = max(ranks.get(cause, 0), _gravest(findings, self.policy))
        return sorted(ranks, key=lambda cause: (-ranks[cause], cause))

    def decisions(self) -> Decisions:
        """Give what was collected; what ended comes before what followed it."""
        telling = self.telling
        for incident in telling.sum_up(self.changed):
            self._keep(incident)
        incidents = sorted(self.changed.values(), key=lambda incident: incident.open)
        return Decisions(
            tuple(incidents), tuple(self.changes), tuple(telling.notices), tuple(telling.deliveries),
            tuple(telling.audits), tuple(telling.fallback_used),
        )  # fmt: skip

    def _keep(self, incident: Incident) -> None:
        self.newest[incident.cause] = self.changed[incident.id] = incident

    def _take(self, before: Incident | None, incident: Incident, effects: Sequence[Effect]) -> Incident:
        """Write down one evaluation's effects; gives the incident with whom it told."""
        was = before if before is not None and before.id == incident.id else None
        if was is None:
            if before is not None:
                self._give_way(before, incident)
            incident = replace(incident, route=route_for(incident, self.ownership, self.policy.lineage))
        elif incident.route is not None and is_view(incident.cause):
            reached = informed(incident, incident.route, self.ownership)
            incident = replace(incident, route=replace(incident.route, informed=reached))
        incident = self._known(incident, effects)
        self._audit(was, incident, effects)
        for effect in effects:
            self.changes.append(_change(incident, effect))
            if not isinstance(effect, MemberJoined) and effect.tell is not None:
                incident = self._tell(incident, effect.tell)
        if incident.open:
            return self.telling.tell(incident, "open", unheard(incident, self.policy.rules.notify_from))
        return self._over(incident) if was is None or was.open else incident

    def _known(self, incident: Incident, effects: Sequence[Effect]) -> Incident:
        """Note what changed shortly before, where there is anything to tell, and drop bins that nobody is shown."""
        if incident.lead.detector not in SELF_WATCH and any(not isinstance(e, MemberJoined) for e in effects):
            incident = replace(incident, candidates=happened(incident, self.candidates))
        return lean(incident, self.policy)

    def _tell(self, incident: Incident, intent: Intent) -> Incident:
        begun_anew = begun(incident, self.telling.now) if intent in ("open", "raise") else incident
        return self.telling.tell(begun_anew, intent, concerned(begun_anew, intent))

    def _over(self, incident: Incident) -> Incident:
        """What has recovered is closed by itself, unless a person must still say what it was."""
        if incident.owed and incident.tier in DISPOSED:
            return armed(replace(incident, handling="notified", hold=None), self.telling.now)
        closing = Closing(SERVICE, self.telling.now, None)
        return replace(incident, handling="closed", closing=closing, hold=None, timers=())

    def _give_way(self, before: Incident, incident: Incident) -> None:
        """The cause broke again: what was still to be said of the episode before is said of this one.

        Unless nobody will be asked about this one: then the one before waits for its answer, and watches nothing more.
        """
        if before.handling == "closed":
            return
        if not (incident.owed and incident.tier in DISPOSED):
            self.changed[before.id] = replace(
                before, members=_handed_over(before.members, before.held, incident.opened_at)
            )
            return
        closing = Closing(SERVICE, self.telling.now, "duplicate")
        over = replace(before, handling="closed", closing=closing, hold=None, timers=())
        reason = f"the same cause broke again before anybody said what it was: go on with {incident.id}"
        self.telling.write("incident.closed", over, state_of(before), state_of(over), reason)
        self.changed[over.id] = over

    def _swallow(self, incident: Incident) -> None:
        """An incident of a model turned out to be part of one of its source: those who were told of it learn that.

        What speaks goes on in the incident of the source; what people have accepted before goes on being watched here.
        """
        at = max((member.seen_at for member in incident.members), default=incident.evaluated_at)
        members = _handed_over(incident.members, incident.loud, at)
        closing = Closing(SERVICE, self.telling.now, "duplicate")
        over = replace(
            incident, members=members, condition="ok", handling="closed", closing=closing, resolved_at=at, hold=None,
            timers=(),
        )  # fmt: skip
        view = self.policy.lineage.view_of(incident.stream, incident.lead.subject)
        why = f"What broke is the feature view {view.name if view else 'it reads from'}, whose steward is told."
        told = self.telling.tell(over, "resolve", concerned(over, "resolve"), why=why, ending="duplicate")
        self.telling.write("incident.closed", told, state_of(incident), state_of(told), why)
        self._keep(told)

    def _audit(self, was: Incident | None, incident: Incident, effects: Sequence[Effect]) -> None:
        """One entry per kind of effect, so that a thousand members that join at once are one row."""
        joined = [effect.finding for effect in effects if isinstance(effect, MemberJoined)]
        if joined:
            names = ", ".join(f"{f.subject} ({f.detector})" for f in joined[:JOINED_LISTED_MAX])
            self.telling.write("incident.joined", incident, None, {"members": len(joined)}, f"also broke: {names}")
        for effect in effects:
            if not isinstance(effect, MemberJoined):
                before = state_of(was) if was is not None else None
                reason = _reason(incident, effect)
                self.telling.write(f"incident.{_type(effect)}", incident, before, state_of(incident), reason)


def _handed_over(members: Sequence[Member], gone: Sequence[Member], at: datetime) -> tuple[Member, ...]:
    """Let go of members that another incident reads from now on."""
    keys = {member.key for member in gone}
    return tuple(replace(m, cleared_at=at, state="clear") if m.key in keys else m for m in members)


def _gravest(findings: Sequence[Finding], policy: Policy) -> int:
    return max((tier.rank for f in findings if (tier := policy.ladder.tier(f)) is not None), default=0)


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
