"""Telling people: notices, their deliveries and the record of both, collected for one transaction. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerting.audit import AuditEntry, Json
from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.notice import Notice, compose
from alerting.outbox import Delivery, key_of
from alerting.policy import Policy
from alerting.route import Addressee, Role

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
    """What is told at one moment, and what is recorded of it; `actor` is whoever brought it about."""

    policy: Policy
    now: datetime
    actor: str = SERVICE
    notices: list[Notice] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    audits: list[AuditEntry] = field(default_factory=list)
    fallback_used: list[FallbackUsed] = field(default_factory=list)

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
        for addressee in addressees:
            heard = addressee.party in listening or (intent == "remind" and not incident.open)
            mine: Intent = intent if heard or intent == "resolve" else "open"
            notice = compose(
                incident, mine, addressee, seq=seq, at=self.now, policy=self.policy, why=why, ending=ending
            )
            self.notices.append(notice)
            self.deliveries += deliveries(incident, notice, addressee, self.now)
            self._note_fallback(incident, addressee, mine)
            after: dict[str, Json] = {"intent": mine, "party": addressee.party, "role": addressee.role, "seq": seq}
            self.write("notice.composed", incident, None, after, notice.title)
        return _heard(incident, intent, [addressee.party for addressee in addressees], seq)

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


def deliveries(incident: Incident, notice: Notice, addressee: Addressee, now: datetime) -> Iterable[Delivery]:
    """Send a notice to every destination of a party."""
    return [
        Delivery(
            key=key_of(incident.id, target.name, notice.seq), incident_id=incident.id, destination=target.name,
            seq=notice.seq, intent=notice.intent, target=target, payload=notice.to_payload(), next_at=now,
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
