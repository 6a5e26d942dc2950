"""Acting on an incident in one transaction."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.errors import ResponseRefused
from alerting.incident import Incident
from alerting.policy import Policy
from alerting.respond import Actor, Response, ack, note
from service.responding import IncidentUnknown, remark_of, respond
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.records import audit_rows, incident_now
from service.store.views import told_of
from tests.alerting.examples import NOON, at, finding
from tests.alerting.responding import decisions

POLICY = Policy()


def drifting(url: str = "sqlite://") -> tuple[Store, str]:
    """A store with one incident that people were told of at noon."""
    store = open_store(url, tick_seconds=60, durable=False)
    decided = decisions([finding(low=0.3, high=0.5)])
    with store.write() as connection:
        put_decisions(connection, decided, NOON)
    return store, decided.incidents[0].id


def acked_by(name: str, minutes: float = 5) -> Callable[[Incident], Response]:
    return lambda incident: ack(incident, Actor(name, at(minutes)), POLICY)


def test_what_follows_from_an_act_is_kept_whole() -> None:
    store, incident_id = drifting()
    before = told_of(store, incident_id)
    response = respond(store, incident_id, acked_by("anna"), at(5))

    told = told_of(store, incident_id)
    assert told is not None
    assert before is not None
    assert told.incident == response.incident
    assert len(told.notices) - len(before.notices) == len(response.notices) == 2
    assert len(told.deliveries) - len(before.deliveries) == len(response.deliveries)
    with store.read() as connection:
        assert [row.entry.actor for row in audit_rows(connection)][-1] == "anna"


def test_whoever_comes_second_finds_what_the_first_did(tmp_path: Path) -> None:
    store, incident_id = drifting(f"sqlite:///{tmp_path / 'store.db'}")
    found: list[tuple[str, str]] = []
    inside = threading.Event()

    def slowly(name: str) -> Callable[[Incident], Response]:
        def act(incident: Incident) -> Response:
            found.append((name, incident.hold.by if incident.hold else "nobody"))
            # The first holds the store while the second is already asking for it.
            if name == "anna":
                inside.set()
                second.start()
                second.join(0.2)
            return ack(incident, Actor(name, at(5)), POLICY)

        return act

    second = threading.Thread(target=respond, args=(store, incident_id, slowly("bert"), at(5)))
    respond(store, incident_id, slowly("anna"), at(5))
    second.join(20)

    assert inside.is_set()
    assert found == [("anna", "nobody"), ("bert", "anna")]


def test_what_is_refused_leaves_nothing_behind() -> None:
    store, incident_id = drifting()
    with store.read() as connection:
        before = incident_now(connection, incident_id), len(audit_rows(connection))

    with pytest.raises(ResponseRefused):
        respond(store, incident_id, lambda i: ack(i, Actor("anna", at(5)), POLICY, NOON - timedelta(1)), at(5))

    with store.read() as connection:
        assert (incident_now(connection, incident_id), len(audit_rows(connection))) == before


def test_an_incident_that_is_not_there_is_said() -> None:
    store, _ = drifting()
    with pytest.raises(IncidentUnknown, match="no incident 'inc_0'"):
        respond(store, "inc_0", acked_by("anna"), at(5))


def test_nobody_acts_on_what_has_moved_on_since_they_looked() -> None:
    store, incident_id = drifting()
    told = told_of(store, incident_id)
    assert told is not None
    seen = len(told.notices)
    respond(store, incident_id, acked_by("anna"), at(5), expect_notices=seen)

    with pytest.raises(ResponseRefused, match=rf"has {seen + 2} notices by now, and you saw {seen}: it is acked"):
        respond(store, incident_id, acked_by("bert"), at(6), expect_notices=seen)


def test_what_somebody_wrote_is_proved_by_the_audit() -> None:
    store, incident_id = drifting()
    remark = remark_of(bytes, incident_id, at=at(5), text="Cents, not euros.", author="anna")
    respond(store, incident_id, lambda i: note(i, Actor("anna", at(5), remark), POLICY, "findings"), at(5))

    told = told_of(store, incident_id)
    assert told is not None
    assert [row.remark() for row in told.remarks] == [remark]
    with store.read() as connection:
        assert audit_rows(connection)[-1].entry.remark == remark.reference()
