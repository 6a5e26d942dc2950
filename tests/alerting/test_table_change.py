"""What another ownership table changes is said before and after it is in force, and moves no open incident."""

from dataclasses import replace

from alerting.incident import Incident
from alerting.table_change import LISTED_MAX, change_between
from tests.alerting.examples import OWNERS, finding, opened, owners

TABLE = owners()


def _routed() -> Incident:
    incident = opened([finding()])
    return replace(incident, route=TABLE.route(incident.stream, incident.lead.subject))


def test_the_same_table_changes_nothing_and_says_so() -> None:
    change = change_between(TABLE, owners(), [_routed()])

    assert change.lines() == ["nothing that anybody would be told differently by"]


def test_new_gone_and_other_parties_and_rules_are_named() -> None:
    text = OWNERS.replace(
        "  platform: {contacts: [log]}\n", "  platform: {contacts: [{log: other}]}\n  risk: {contacts: [log]}\n"
    )
    text = text.replace("id: credit,", "id: lending,").replace("responder: platform}", "responder: on-call}")
    change = change_between(TABLE, owners(text), [])

    assert change.parties == ("+risk", "~platform")
    assert change.rules == ("+lending", "-credit")
    assert change.fallback == ("~responder",)
    assert change.lines() == [
        "parties: +risk, ~platform", "rules: +lending, -credit", "fallback: ~responder",
    ]  # fmt: skip


def test_an_open_incident_that_would_concern_others_keeps_whom_it_has() -> None:
    incident = _routed()
    text = OWNERS.replace("assign: {owner: credit-ds,", "assign: {owner: on-call,")
    change = change_between(TABLE, owners(text), [incident])

    assert [(one.incident, one.role, one.was, one.now) for one in change.moved] == [
        (incident.id, "owner", "credit-ds", "on-call")
    ]
    assert change.lines()[-1].startswith(f"open incident {incident.id} (credit-score 31 income)")
    assert change.lines()[-1].endswith("owner would be on-call, stays credit-ds")


def test_resolved_incidents_and_those_without_a_route_concern_nobody() -> None:
    text = OWNERS.replace("assign: {owner: credit-ds,", "assign: {owner: on-call,")
    incident = _routed()
    resolved = replace(incident, resolved_at=incident.evaluated_at)

    assert change_between(TABLE, owners(text), [resolved, replace(incident, route=None)]).moved == ()


def test_a_thousand_moved_incidents_are_a_page_and_a_number() -> None:
    text = OWNERS.replace("assign: {owner: credit-ds,", "assign: {owner: on-call,")
    lines = change_between(TABLE, owners(text), [_routed()] * 1_000).lines()

    assert len(lines) == 1 + LISTED_MAX + 1
    assert lines[-1] == "open and 980 more"
