"""What people were told and what arrived, held against what may be told to whom in which order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from alerting.audit import AuditEntry
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.outbox import Delivery
from tests.service.machine.places import Arrival

Line: TypeAlias = tuple[str, str]
"""(incident, party or destination)"""


@dataclass(slots=True)
class Composed:
    """Goes by what was composed: who listens to which incident, and how many were told."""

    listening: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    closed: frozenset[str] = frozenset()
    count: int = 0

    def take(self, new: Iterable[Notice], incidents: Mapping[str, Incident]) -> None:
        """Read what was told since, then hold it against what the incidents themselves say."""
        for notice in new:
            self.count += 1
            self._one(notice, incidents[notice.incident])
        for incident in incidents.values():
            mine = self.listening[incident.id]
            assert mine == incident.listening, f"{incident.id} says {incident.listening}, {mine} were told"
            assert incident.open or not mine, f"{incident.id} is over, and {mine} were not told so"
        self.closed = frozenset(i.id for i in incidents.values() if i.handling == "closed")

    def _one(self, notice: Notice, incident: Incident) -> None:
        mine, what = self.listening[notice.incident], f"{notice.intent} of {notice.incident} to {notice.party}"
        assert notice.incident not in self.closed, f"{what}: it is closed"
        if notice.intent == "open":
            assert notice.party not in mine, f"{what}: it has one"
            mine.add(notice.party)
            return
        late = notice.intent == "remind" and not incident.open
        assert notice.party in mine or late, f"{what}: it got no open"
        if notice.intent == "resolve":
            mine.remove(notice.party)


@dataclass(slots=True)
class Arrived:
    """Goes by what got through: at each destination in order, one key one content, an open first and an end last."""

    content: dict[str, Delivery] = field(default_factory=dict)
    newest: dict[Line, int] = field(default_factory=dict)
    begun: set[Line] = field(default_factory=set)
    taken: int = 0

    def take(self, arrived: list[Arrival], lost: Mapping[Line, list[Delivery]]) -> None:
        """Read what arrived since; `lost` is what will never arrive, or whose arrival nobody knows of."""
        for arrival in arrived[self.taken :]:
            self._one(arrival.delivery, lost)
        self.taken = len(arrived)

    def _one(self, delivery: Delivery, lost: Mapping[Line, list[Delivery]]) -> None:
        line, what = (delivery.incident_id, delivery.destination), f"{delivery.intent} {delivery.seq} of {delivery.key}"
        first = self.content.setdefault(delivery.key, delivery)
        assert first.payload == delivery.payload, f"{what} came with other content than before"
        assert delivery.seq >= self.newest.get(line, 0), f"{what} came after {self.newest[line]}"
        self.newest[line] = delivery.seq
        if first is not delivery:
            return
        gone = {earlier.intent for earlier in lost.get(line, ()) if earlier.seq < delivery.seq}
        match delivery.intent:
            case "open":
                assert line not in self.begun or "resolve" in gone, f"{what} came twice to {line}"
                self.begun.add(line)
            case "resolve":
                assert line in self.begun or "open" in gone, f"{what} came to {line} without an open"
                self.begun.discard(line)
            case "raise" | "update":
                assert line in self.begun or "open" in gone, f"{what} came to {line} without an open"
            case "remind":
                pass  # Whoever was told of what is over hears of it until somebody says what it was.

    def ended(self, incidents: Mapping[str, Incident], lost: Mapping[Line, list[Delivery]]) -> None:
        """Hold it against who listens, once everything that could be sent was."""
        for line in self.begun:
            listening = incidents[line[0]].listening
            if not any(line[1].split(":")[1] == party for party in listening):
                assert any(d.intent == "resolve" for d in lost.get(line, ())), f"{line} never got an end"


def recorded(new: Iterable[Notice], entries: Iterable[AuditEntry]) -> None:
    """Every notice is on record, to whom and as what."""
    known = {
        (entry.subject, str(after["party"]), after["seq"], after["intent"])
        for entry in entries
        if entry.action == "notice.composed" and (after := entry.after) is not None
    }
    for notice in new:
        assert (notice.incident, notice.party, notice.seq, notice.intent) in known, f"{notice.id} is not on record"
