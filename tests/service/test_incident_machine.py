"""Whatever happens in whatever order: findings, people, clocks, reloads, crashes and destinations that fail."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerting.audit import AuditEntry, verify
from alerting.errors import ResponseRefused
from alerting.finding import Finding
from alerting.handling import Disposition
from alerting.incident import Incident
from alerting.notice import Notice
from alerting.outbox import Delivery
from alerting.ownership import ROLES
from alerting.respond import Actor, NoteKind, Response, ack, close, note, reassign, release, silence
from alerting.route import Role
from service.store.records import audit_rows
from tests.service.machine import held
from tests.service.machine.places import Mood
from tests.service.machine.shown import Shown, breaches, evaluation, recovery
from tests.service.machine.tables import NAMES, TABLES, policy
from tests.service.machine.told import Arrived, Composed, Line, recorded
from tests.service.machine.world import WORKERS, World

LONG = int(os.environ.get("DRIFTWARDEN_TEST_MACHINE", "0"))
"""How many examples a long run takes, 0 for the short one that is the same each time."""

HOURS = (0.05, 0.3, 1.0, 5.0, 20.0, 26.0, 75.0, 200.0)
DISPOSITIONS: tuple[Disposition | None, ...] = ("real_drift", "data_bug", "duplicate", None)
PLACES = ("log:ds", "pagerduty:ds", "log:fraud", "webhook:desk", "pagerduty:on-call", "log:lead", "log:platform")
MOODS: tuple[Mood | None, ...] = ("away", "busy", "refusing", "forgetful", None)
TEXTS = ("", "the feed sends cents")
people = st.sampled_from(("anna", "ben"))
picks = st.integers(0, 1_000)
workers = st.sampled_from(WORKERS)


class Machine(RuleBasedStateMachine):
    """Two workers, a few people, and a world that fails; what must hold is looked at after every rule."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.composed, self.arrived = Composed(), Arrived()
        self.entries: list[AuditEntry] = []
        self.last_hash, self.put_off = "0" * 64, defaultdict[str, set[str]](set)

    @initialize(notices_max=st.sampled_from((50, 50, 3)))
    def begin(self, notices_max: int) -> None:
        self.world.policy = policy(notices_max)
        self.world.restart()

    @rule(found=evaluation(), breaks=st.sampled_from((0, 0, 0, 1, 3, 7)))
    def evaluate(self, found: list[Shown], breaks: int) -> None:
        self._data_comes(breaches(found, self.world.data_at + timedelta(minutes=5)), breaks)

    @rule(found=evaluation())
    def evaluate_more(self, found: list[Shown]) -> None:
        """The same again: most of what happens is data."""
        self._data_comes(breaches(found, self.world.data_at + timedelta(minutes=5)), 0)

    @rule(pick=picks, times=st.integers(1, 2))
    @precondition(lambda self: any(i.held for i in self.world.incidents().values()))
    def recover(self, pick: int, times: int) -> None:
        spoken = [i for i in self.world.incidents().values() if i.held]
        members = spoken[pick % len(spoken)].held
        for _ in range(times):
            self._data_comes(recovery(members, self.world.data_at + timedelta(minutes=5)), 0)

    def _data_comes(self, findings: list[Finding], breaks: int) -> None:
        """Evaluate; where the process ends in the midst of it, the same is read and evaluated again."""
        world = self.world
        world.data_at += timedelta(minutes=5)
        world.now += timedelta(minutes=5)
        was = world.incidents()
        world.breaks.statements_left = breaks
        if world.surviving(lambda: world.evaluate(findings)):
            assert world.incidents() == was
            world.now += timedelta(minutes=1)
            world.evaluate(findings)
        world.breaks.statements_left = 0
        held.decided(findings, was, world.incidents())

    @rule(
        pick=picks, who=people, text=st.sampled_from(TEXTS), hours=st.sampled_from(HOURS),
        breaks=st.sampled_from((0, 2)), what=st.sampled_from(("ack", "ack", "release", "silence")),
    )  # fmt: skip
    def hold(self, pick: int, who: str, text: str, hours: float, breaks: int, what: str) -> None:
        until = self.world.now + timedelta(hours=hours)

        def act(incident: Incident, actor: Actor) -> Response:
            match what:
                case "ack":
                    return ack(incident, actor, self.world.policy, until if text else None)
                case "silence":
                    return silence(incident, actor, self.world.policy, until)
                case _:
                    return release(incident, actor, self.world.policy)

        self._respond(pick, who, text, act, breaks)

    def _respond(
        self, pick: int, who: str, text: str, act: Callable[[Incident, Actor], Response], breaks: int = 0
    ) -> None:
        known = list(self.world.incidents())
        if not known:
            return
        self.world.breaks.statements_left = breaks
        with contextlib.suppress(ResponseRefused):
            name = known[-1 - pick % min(3, len(known))]
            self.world.surviving(lambda: self.world.respond(name, who, text, act))
        self.world.breaks.statements_left = 0

    @rule(pick=picks, who=people, text=st.sampled_from(TEXTS), kind=st.sampled_from(("note", "findings", "decision")))
    def write(self, pick: int, who: str, text: str, kind: NoteKind) -> None:
        self._respond(pick, who, text, lambda i, actor: note(i, actor, self.world.policy, kind))

    @rule(pick=picks, who=people, role=st.sampled_from(ROLES), party=st.sampled_from(NAMES))
    def hand_on(self, pick: int, who: str, role: Role, party: str) -> None:
        world = self.world
        self._respond(pick, who, "", lambda i, actor: reassign(i, actor, world.policy, world.table, role, party))

    @rule(pick=picks, who=people, text=st.sampled_from(TEXTS), what=st.sampled_from(DISPOSITIONS))
    def close(self, pick: int, who: str, text: str, what: Disposition | None) -> None:
        self._respond(pick, who, text, lambda i, actor: close(i, actor, self.world.policy, what))

    @rule(what=st.sampled_from(("reload", "restart", "clock is set back")), number=st.integers(0, 30))
    def something_else_happens(self, what: str, number: int) -> None:
        match what:
            case "reload":
                self.world.table = TABLES[number % len(TABLES)]
            case "restart":
                self.world.restart()
            case _:
                self.world.now -= timedelta(seconds=number)

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: float) -> None:
        self.world.now += timedelta(hours=hours)

    @rule(worker=workers, hours=st.sampled_from((0.0, 0.3, 0.3, 26.0)), breaks=st.sampled_from((0, 0, 0, 2, 4)))
    def clocks_run_out(self, worker: str, hours: float, breaks: int) -> None:
        world = self.world
        world.now += timedelta(hours=hours)
        was = world.incidents()
        world.breaks.statements_left = breaks
        if world.surviving(lambda: world.fire(worker)):
            assert world.incidents() == was
        for name, incident in world.incidents().items():
            if incident != was[name]:
                held.climbed(was[name], incident)
                held.ahead(incident, world.now)
        if not breaks and hours:
            # Whoever held the lease has lost it by now, so this worker has looked at everything.
            assert all(t.due_at > world.now for i in world.incidents().values() for t in i.timers), (
                "a clock stands still"
            )

    @rule(place=st.sampled_from(PLACES), mood=st.sampled_from(MOODS))
    def destination(self, place: str, mood: Mood | None) -> None:
        names = {d.destination for d in self.world.deliveries() if d.destination.startswith(place)} or {place}
        for name in names:
            self.world.places.moods.pop(name, None)
            if mood is not None:
                self.world.places.moods[name] = mood

    @rule(worker=workers, turns=st.integers(1, 3))
    def send(self, worker: str, turns: int) -> None:
        for _ in range(turns):
            self.world.now += timedelta(seconds=40)
            self.world.send(worker)

    @rule(worker=workers, breaks=st.integers(0, 4))
    def send_and_crash(self, worker: str, breaks: int) -> None:
        """Something gets through and is not recorded, or only some of it; then the other worker may take over."""
        self.world.now += timedelta(seconds=40)
        self.world.places.crashing, self.world.breaks.statements_left = not breaks, breaks
        self.world.surviving(lambda: self.world.send(worker))

    @invariant()
    def people_were_told_what_they_should_be(self) -> None:
        incidents = self.world.incidents()
        new = [Notice.from_json(text) for text in self.world.contents("notice", self.composed.count)]
        entries = self._new_entries()
        recorded(new, entries)
        self.composed.take(new, incidents)
        self.arrived.take(self.world.places.arrived, self._lost())
        held.together(incidents.values())
        for incident in incidents.values():
            held.each(incident, frozenset(self.put_off[incident.id]))

    def _new_entries(self) -> list[AuditEntry]:
        """Read the chain on from where it ended, and hold it against that."""
        with self.world.store.read() as connection:
            rows = audit_rows(connection)[len(self.entries) :]
        assert verify(rows, self.last_hash, len(self.entries)) is None
        new = [row.entry for row in rows]
        self.last_hash = rows[-1].hash if rows else self.last_hash
        self.entries += new
        for entry in new:
            assert entry.actor in ("driftwarden", "anna", "ben")
            if entry.action == "notice.summed" and entry.after is not None:
                self.put_off[entry.subject].add(str(entry.after["party"]))
        return new

    def _lost(self) -> dict[Line, list[Delivery]]:
        lost: dict[Line, list[Delivery]] = defaultdict(list)
        for delivery in self.world.deliveries():
            if delivery.state == "dead":
                lost[delivery.incident_id, delivery.destination].append(delivery)
        return lost

    def teardown(self) -> None:
        """Heal everything and send what is left, then close everything and send that."""
        try:
            self._all_is_said()
            for name in self.world.incidents():
                with contextlib.suppress(ResponseRefused):
                    self.world.respond(name, "anna", "end", lambda i, a: close(i, a, self.world.policy, "data_bug"))
            self._all_is_said()
            assert all(i.handling == "closed" and not i.listening for i in self.world.incidents().values())
        finally:
            self.world.end()

    def _all_is_said(self) -> None:
        self.world.drain()
        self.people_were_told_what_they_should_be()
        self.arrived.ended(self.world.incidents(), self._lost())


Machine.TestCase.settings = settings(
    max_examples=LONG or 60, stateful_step_count=40 if LONG else 30, deadline=None, derandomize=not LONG,
    suppress_health_check=list(HealthCheck), database=None,
    phases=(Phase.generate,),
)  # fmt: skip
TestIncidentMachine = Machine.TestCase
