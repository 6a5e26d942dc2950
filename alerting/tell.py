"""Telling people: notices, their deliveries and the record of both, collected for one transaction. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerting.audit import AuditEntry, Json
from alerting.finding import Stream
from alerting.grouping import may_be_of_a_view
from alerting.incident import Incident, Intent
from alerting.notice import Notice, compose
from alerting.outbox import Delivery, key_of
from alerting.policy import Policy
from alerting.quiet import parse_quiet, quiet_until
from alerting.route import Addressee, Role
from alerting.tiers import Tier

LIMITED: frozenset[Intent] = frozenset({"open", "raise", "remind"})
"""Intents of which one party gets only so many at a time; whatever ends something is always told."""

SERVICE = "driftwarden"
"""The actor of what the service does by itself."""


@dataclass(frozen=True, slots=True)
class FallbackUsed:
    """Somebody was told only because no rule names anybody: the table has a hole."""

    incident_id: str
    role: Role
    party: str
    stream: Stream


@dataclass(slots=True)
class Telling:
    """What is told at one moment, and what is recorded of it; `actor` is whoever brought it about.

    One party is told `policy.notices_max` times at most. What is beyond waits for `sum_up`: it is on record, it is not
    told one by one, and since the party did not get its open it gets no end either. `counts` may be shared.
    """

    policy: Policy
    now: datetime
    actor: str = SERVICE
    notices: list[Notice] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    audits: list[AuditEntry] = field(default_factory=list)
    fallback_used: list[FallbackUsed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _beyond: dict[str, list[tuple[str, Addressee]]] = field(default_factory=dict)

    def tell(
        self, incident: Incident, intent: Intent, addressees: Sequence[Addressee], *, why: str = "", ending: str = ""
    ) -> Incident:
        """Compose for each party. Whoever was not told before gets an open, whatever the others get.

        `why` is said first where something other than the data brought it about; `ending` is why a resolve comes.
        Gives the incident with whom it told.
        """
        if not addressees:
            return incident
        seq, listening = incident.notices, incident.listening
        heard_of = []
        for addressee in addressees:
            if intent in LIMITED and self.counts[addressee.party] >= self.policy.notices_max - 1:
                self._put_off(incident, addressee)
                continue
            heard_of.append(addressee.party)
            self.counts[addressee.party] += 1 if intent in LIMITED else 0
            heard = addressee.party in listening or (intent == "remind" and not incident.open)
            mine: Intent = intent if heard or intent == "resolve" else "open"
            notice = compose(
                incident, mine, addressee, seq=seq, at=self.now, policy=self.policy, why=why, ending=ending
            )
            self.notices.append(notice)
            self.deliveries += deliveries(incident, notice, addressee, self.now, self._not_before(incident, mine))
            self._note_fallback(incident, addressee, mine)
            after: dict[str, Json] = {"intent": mine, "party": addressee.party, "role": addressee.role, "seq": seq}
            self.write("notice.composed", incident, None, after, notice.title)
        return _heard(incident, intent, heard_of, seq)

    def _not_before(self, incident: Incident, intent: Intent) -> datetime:
        """Hold the first word of an incident back for as long as it may still turn out to be part of one of a view."""
        first = intent == "open" and not incident.told
        lineage = self.policy.lineage
        if not first or not lineage.wait_seconds or not may_be_of_a_view(incident, lineage):
            return self.now
        return self.now + timedelta(seconds=lineage.wait_seconds)

    def sum_up(self, incidents: Mapping[str, Incident], *, and_more: bool = False) -> list[Incident]:
        """Tell each party once of all that was too much to be told one by one; `incidents` are as they are by now.

        The notice is that of the gravest of them; with `and_more` it stands for what follows too. Gives the incidents
        that this changes.
        """
        changed = dict(incidents)
        spoken: dict[str, Incident] = {}
        for beyond in self._beyond.values():
            known = sorted((changed[name] for name, _ in beyond), key=lambda i: (-i.tier.rank, i.opened_at, i.id))
            first, addressee = known[0], beyond[0][1]
            page = f"{self.policy.public_url.rstrip('/')}/" if self.policy.public_url else "GET /v1/incidents?owed=true"
            many = "this and further" if and_more else f"{len(known):,}"
            why = f"It stands for {many} incidents that are too many to be told one by one; all are at {page}."
            spent, self.counts[addressee.party] = self.counts[addressee.party], -1
            spoken[first.id] = changed[first.id] = self.tell(first, "remind", [addressee], why=why)
            self.counts[addressee.party] = spent
        self._beyond.clear()
        return list(spoken.values())

    def _put_off(self, incident: Incident, addressee: Addressee) -> None:
        self._beyond.setdefault(addressee.party, []).append((incident.id, addressee))
        reason = f"{addressee.party} was told of {self.policy.notices_max - 1} others at this time, and of these in sum"
        self.write("notice.summed", incident, None, {"party": addressee.party, "role": addressee.role}, reason)

    def write(
        self,
        action: str,
        incident: Incident,
        before: dict[str, Json] | None,
        after: dict[str, Json] | None,
        reason: str,
        remark: str = "",
    ) -> None:
        """Record one decision about an incident."""
        self.audits.append(AuditEntry(self.now, self.actor, action, incident.id, before, after, reason, remark))

    def _note_fallback(self, incident: Incident, addressee: Addressee, intent: Intent) -> None:
        if not addressee.fallback or intent != "open":
            return
        self.fallback_used.append(FallbackUsed(incident.id, addressee.role, addressee.party, incident.stream))
        reason = f"nobody is named {addressee.role} for {incident.stream.model}: add one to the ownership table"
        self.write("ownership.fallback_used", incident, None, {"party": addressee.party}, reason)


def deliveries(
    incident: Incident, notice: Notice, addressee: Addressee, now: datetime, not_before: datetime
) -> Iterable[Delivery]:
    """Send a notice to every destination of a party, after its quiet hours where it can wait that long."""
    can_wait = notice.tier in (Tier.OBSERVE, Tier.INVESTIGATE) and bool(addressee.quiet)
    until = quiet_until(now, addressee.tz, parse_quiet(addressee.quiet)) if can_wait else None
    first_at = max(until or now, not_before)
    return [
        Delivery(
            key=key_of(incident.id, target.name, notice.seq), incident_id=incident.id, destination=target.name,
            seq=notice.seq, intent=notice.intent, target=target, payload=notice.to_payload(), next_at=first_at,
        )
        for target in addressee.destinations
    ]  # fmt: skip


def state_of(incident: Incident) -> dict[str, Json]:
    """Say how an incident stands, for the record."""
    return {
        "tier": str(incident.tier), "condition": incident.condition, "handling": incident.handling,
        "members": len(incident.members), "config_sha": incident.route.config_sha if incident.route else "",
    }  # fmt: skip


def _heard(incident: Incident, intent: Intent, parties: Sequence[str], seq: int) -> Incident:
    told, ended = set(incident.told), set(incident.ended)
    if intent == "resolve":
        ended |= set(parties) & told
    elif incident.open or intent != "remind":
        told |= set(parties)
        ended -= set(parties)
    return replace(incident, told=tuple(sorted(told)), ended=tuple(sorted(ended)), notices=seq + 1)
