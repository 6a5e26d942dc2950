"""What holds of every incident at any moment, and of what one evaluation made of the findings."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alerting.cause import is_view
from alerting.escalate import DISPOSED
from alerting.finding import Finding
from alerting.incident import Incident, Place
from alerting.member import key_of
from alerting.tell import SERVICE
from alerting.tiers import Ladder, Tier


def each(incident: Incident, put_off: frozenset[str]) -> None:
    """Hold one incident against what must be so; `put_off` are parties told of it only in sum."""
    name = incident.id
    if incident.owed:
        assert incident.timers, f"{name} is {incident.handling}, and nothing happens next"
    else:
        assert not incident.timers, f"{name} is {incident.handling}, and clocks run"
    if incident.open and incident.tier.reaches(Tier.INVESTIGATE):
        assert incident.owed, f"{name} is at {incident.tier} and nobody was told"
        assert incident.listening or put_off, f"{name} is at {incident.tier} and nobody listens"
    if incident.handling == "silenced":
        assert incident.hold is not None, f"{name} is silenced for ever"
        if incident.tier is Tier.ACT:
            assert incident.hold.until - incident.hold.at <= timedelta(hours=24), f"{name} is silenced too long"
    if incident.handling == "closed":
        assert not incident.open, f"{name} is closed and open"
        assert incident.closing is not None, f"{name} is closed by nobody"
        if incident.told and incident.tier in DISPOSED:
            assert incident.closing.disposition is not None, f"{name} is closed and nobody said what it was"
    _climbed(incident, put_off)


def _climbed(incident: Incident, put_off: frozenset[str]) -> None:
    """Every step that was taken told somebody who still has the role."""
    if not incident.open or not incident.owed or incident.route is None:
        return
    expected = incident.route.expected(incident.tier)
    for role in (expected.steps if expected else ())[: incident.climbed]:
        party = incident.route.of(role).party
        assert party in incident.listening | put_off, f"{incident.id} went past {role}, and {party} was not told"


def together(incidents: Iterable[Incident]) -> None:
    """One open incident per cause, and every monitor held by one open incident."""
    found = [incident for incident in incidents if incident.open]
    assert len({incident.cause for incident in found}) == len(found), "a cause has two open incidents"
    keys = [member.key for incident in found for member in incident.held]
    assert len(keys) == len(set(keys)), "two open incidents hold one monitor"


def decided(findings: Iterable[Finding], was: Mapping[str, Incident], now: Mapping[str, Incident]) -> None:
    """Nothing that was found is lost: it is held, accepted or older than what cleared; what gave way is followed."""
    ladder, accepted = Ladder(), _accepted(now.values())
    held = {member.key for incident in now.values() for member in incident.held}
    cleared = [
        (member.peak.stream, member.subject, member.cleared_at)
        for incident in now.values()
        for member in incident.members
        if member.cleared_at is not None
    ]
    for finding in findings:
        tier, place = ladder.tier(finding), (finding.stream, finding.subject)
        if tier is None or key_of(finding) in held or tier.rank <= accepted.get(place, -1):
            continue
        assert any(c[:2] == place and finding.since <= c[2] for c in cleared), f"{finding} is held by nobody"
    for incident in now.values():
        before, closing = was.get(incident.id), incident.closing
        if before is None or not before.owed or closing is None or closing.by != SERVICE:
            continue
        if closing.disposition == "duplicate":
            followers = [o for o in now.values() if o.owed and (is_view(o.cause) or o.cause == incident.cause)]
            asked = [o for o in followers if o.tier in DISPOSED or before.tier not in DISPOSED]
            assert asked, f"{incident.id} gave way to nothing that people are asked about"


def _accepted(incidents: Iterable[Incident]) -> dict[Place, int]:
    """How grave each place was that people accepted and that is watched on, although nothing is open any more."""
    newest = {incident.cause: incident for incident in sorted(incidents, key=lambda i: i.opened_at)}
    accepted: dict[Place, int] = {}
    for member in (m for incident in newest.values() for m in incident.held if m.accepted is not None):
        place = (member.peak.stream, member.subject)
        accepted[place] = max(accepted.get(place, -1), member.accepted.rank if member.accepted else -1)
    return accepted


def ahead(incident: Incident, now: datetime) -> None:
    """What the clocks have just looked at has nothing overdue left, and nobody holds it whose time is up."""
    assert all(timer.due_at > now for timer in incident.timers), f"{incident.id} is looked at again and again"
    assert incident.hold is None or incident.hold.until > now, f"{incident.id} is held for longer than was said"


def climbed(was: Incident, now: Incident) -> None:
    """Who was told by one turn of the clocks: the next role of which nobody was told, and nobody else."""
    if was.route is None:
        return
    opened = sorted(now.listening - was.listening)
    expected = was.route.expected(was.tier)
    assert len(opened) <= 1, f"{was.id} went up to {opened} at once"
    for party in opened:
        steps = (expected.steps if expected else ())[was.climbed :]
        unheard = [p for p in (was.route.of(role).party for role in steps) if p not in was.listening]
        assert party == (unheard[0] if unheard else was.route.last.party), f"{was.id} went to {party}, not {unheard}"
