"""Deliveries of real notices, to be set out by a sink."""

from dataclasses import replace
from datetime import timedelta

from alerting.audit import Json
from alerting.escalate import begun
from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.notice import compose
from alerting.outbox import Delivery, key_of
from alerting.policy import Policy
from alerting.route import Destination
from alerting.routing import route_for
from tests.alerting.examples import at, clear, finding, opened, owners

POLICY = Policy(public_url="https://drift.example", runbook_url="https://wiki.example/drift?a=1&b=2")

NOW = at(2)
"""When these notices are written."""

NORWAY = Stream("prediction", "credit-score", "31", "country=NO")


def act() -> Incident:
    """Two monitors in full, and what goes with them."""
    quiet = finding(detector="missing", low=0.21, high=0.22, subject="age", reason="21.4 % missing, 0.6 % before")
    return opened([finding(), quiet, finding(subject="postcode", stream=NORWAY, reason="new values: 7010, 7011")])


def investigate() -> Incident:
    """One rate that changed."""
    return opened([finding(detector="missing", low=0.108, high=0.122, reason="12.1 % missing, 0.6 % before")])


def resolved() -> Incident:
    """The first, over."""
    return opened([finding()], *[[clear(end=n)] for n in (5, 9, 12)])


def many(count: int, *, name: str = "feature") -> Incident:
    """As many monitors."""
    stream = Stream("prediction", "credit-score", "31")
    return opened(
        [finding(subject=f"{name}_{n:03}", low=0.3 + n / 1000, high=0.9, stream=stream) for n in range(count)]
    )


def delivery(incident: Incident, intent: Intent, target: Destination, *, seq: int = 0, **standing: Json) -> Delivery:
    """A notice to the owner of an incident on its way; `standing` says what people did about it."""
    route = route_for(incident, owners(), POLICY.lineage)
    told = incident if intent == "resolve" else begun(replace(incident, route=route, handling="notified"), NOW)
    payload = compose(told, intent, route.owner, seq=seq, at=NOW, policy=POLICY).to_payload()
    about = payload["data"]
    assert isinstance(about, dict), "a payload has data"
    stands = about["standing"]
    assert isinstance(stands, dict), "and the data say where it stands"
    payload["data"] = {**about, "standing": {**stands, **standing}}
    return Delivery(
        key=key_of(incident.id, target.name, seq), incident_id=incident.id, destination=target.name, seq=seq,
        intent=intent, target=target, payload=payload, next_at=NOW - timedelta(minutes=1),
    )  # fmt: skip
