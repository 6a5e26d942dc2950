"""One tick's findings: who is told what, once, and everything is on record."""

from collections.abc import Sequence
from dataclasses import replace

from alerting.audit import GENESIS, AuditEntry, chain, verify
from alerting.decide import Decisions, Policy, decide
from alerting.finding import Finding, Stream
from alerting.incident import Incident
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from tests.alerting.examples import CREDIT, OWNERS, at, clear, finding, owners

UNKNOWN = Stream("prediction", "unknown", "1")


def ticks(
    *evaluations: Sequence[Finding], ownership: Ownership | None = None, policy: Policy | None = None
) -> list[Decisions]:
    """Decide tick after tick, keeping the newest incident of each cause as the store does."""
    incidents: dict[str, Incident] = {}
    decided = []
    for evaluation in evaluations:
        now = max((f.at for f in evaluation), default=at(0))
        decisions = decide(evaluation, incidents, ownership or owners(), policy or Policy(), now)
        incidents |= {incident.cause: incident for incident in decisions.incidents}
        decided.append(decisions)
    return decided


def said(decisions: Decisions) -> list[tuple[str, str, str]]:
    """(intent, role, party) of each notice."""
    return [(notice.intent, notice.role, notice.party) for notice in decisions.notices]


def test_drift_at_investigate_is_told_to_the_owner() -> None:
    [decisions] = ticks([finding(low=0.15)])

    assert said(decisions) == [("open", "owner", "credit-ds")]


def test_drift_at_act_is_told_to_the_responder_too() -> None:
    [decisions] = ticks([finding()])

    assert said(decisions) == [("open", "owner", "credit-ds"), ("open", "responder", "on-call")]


def test_a_responder_that_no_rule_names_is_not_called() -> None:
    table = parse_ownership(OWNERS.replace(", responder: on-call}", "}"))

    [decisions] = ticks([finding()], ownership=table)

    assert said(decisions) == [("open", "owner", "credit-ds")]


def test_broken_data_is_told_to_the_data_steward() -> None:
    [decisions] = ticks([finding(detector="missing", low=0.15)])

    assert said(decisions) == [("open", "data_steward", "data-desk")]


def test_a_stream_that_stopped_is_told_to_the_owner() -> None:
    [decisions] = ticks([finding(detector="freshness", low=None, high=None)])

    assert said(decisions) == [("open", "owner", "credit-ds")]


def test_blindness_is_told_to_whoever_looks_after_the_service() -> None:
    [decisions] = ticks([finding(detector="lag", low=None, high=None)])

    assert said(decisions) == [("open", "responder", "platform")]


def test_observe_is_recorded_and_not_sent() -> None:
    [decisions] = ticks([finding(low=0.03)])

    assert ([c.type for c in decisions.changes], decisions.notices, decisions.deliveries) == (["opened"], (), ())


def test_observe_is_sent_when_the_policy_says_so() -> None:
    [decisions] = ticks([finding(low=0.03)], policy=Policy(notify_from="observe"))

    assert said(decisions) == [("open", "owner", "credit-ds")]


def test_a_recorded_incident_that_rises_is_told_as_an_open() -> None:
    [_, risen] = ticks([finding(low=0.03)], [finding(low=0.15, end=5)])

    assert said(risen) == [("open", "owner", "credit-ds")]


def test_a_raise_to_act_is_a_raise_for_the_owner_and_an_open_for_the_responder() -> None:
    [_, risen] = ticks([finding(low=0.15)], [finding(low=0.3, end=5)])

    assert said(risen) == [("raise", "owner", "credit-ds"), ("open", "responder", "on-call")]


def test_whoever_was_told_hears_of_the_raise_although_another_role_leads_now() -> None:
    [_, risen] = ticks([finding(detector="missing", low=0.15)], [finding(low=0.3, end=5)])

    assert said(risen) == [
        ("open", "owner", "credit-ds"),
        ("open", "responder", "on-call"),
        ("raise", "data_steward", "data-desk"),
    ]


def test_a_resolve_goes_to_everybody_who_got_the_open() -> None:
    *_, over = ticks([finding()], [clear(end=5)], [clear(end=10)], [clear(end=15)])

    assert said(over) == [("resolve", "owner", "credit-ds"), ("resolve", "responder", "on-call")]


def test_the_route_stays_frozen_when_the_table_changes() -> None:
    [first] = ticks([finding()])
    open_incidents = {incident.cause: incident for incident in first.incidents}
    moved = parse_ownership(OWNERS.replace("owner: credit-ds", "owner: data-desk"))

    later = decide([finding(low=0.3, end=5, subject="x")], open_incidents, moved, Policy(), at(5))

    assert [incident.route.owner.party for incident in later.incidents if incident.route] == ["credit-ds"]


def test_each_notice_becomes_a_delivery_per_destination() -> None:
    [decisions] = ticks([finding()])

    assert [d.destination.rsplit(":", 1)[0] for d in decisions.deliveries] == ["log", "log", "webhook:on-call"]


def test_one_party_in_two_roles_is_told_once() -> None:
    table = parse_ownership(OWNERS.replace("responder: on-call", "responder: credit-ds"))

    [decisions] = ticks([finding()], ownership=table)

    assert said(decisions) == [("open", "owner", "credit-ds")]


def test_the_fallback_is_told_and_its_use_reported() -> None:
    [decisions] = ticks([finding(stream=UNKNOWN)])

    assert [(used.role, used.party, used.stream.model) for used in decisions.fallback_used] == [
        ("owner", "platform", "unknown")
    ]


def test_the_use_of_the_fallback_is_audited() -> None:
    [decisions] = ticks([finding(stream=UNKNOWN)])

    assert "ownership.fallback_used" in [entry.action for entry in decisions.audits]


def test_findings_of_two_models_are_two_incidents() -> None:
    [decisions] = ticks([finding(), finding(stream=UNKNOWN)])

    assert len(decisions.incidents) == 2


def test_members_that_join_change_the_incident_and_tell_nobody() -> None:
    [_, joined] = ticks([finding()], [finding(subject="age", end=5)])

    assert ([c.type for c in joined.changes], joined.notices) == (["joined"], ())


def test_a_thousand_members_that_join_at_once_are_one_audit_entry() -> None:
    [_, joined] = ticks([finding()], [finding(subject=f"f{n}", end=5) for n in range(1_000)])

    assert [entry.action for entry in joined.audits] == ["incident.joined"]


def test_findings_of_several_ticks_at_once_decide_the_same_as_tick_by_tick() -> None:
    evaluations = [[finding()], [clear(end=5)], [clear(end=10)], [clear(end=15)], [finding(end=25)]]
    one_by_one = ticks(*evaluations)

    at_once = decide([f for e in evaluations for f in e], {}, owners(), Policy(), at(0))

    assert [(c.type, c.incident.id) for c in at_once.changes] == [
        (c.type, c.incident.id) for decisions in one_by_one for c in decisions.changes
    ]


def test_the_same_findings_again_decide_nothing() -> None:
    [_, again] = ticks([finding()], [finding()])

    assert again == Decisions()


def test_an_incident_that_only_notes_good_news_is_written_and_nothing_else() -> None:
    [_, quiet] = ticks([finding()], [clear(end=5)])

    assert (len(quiet.incidents), quiet.changes, quiet.audits) == (1, (), ())


def test_a_change_names_subject_detector_and_source_row() -> None:
    [decisions] = ticks([finding(row=99)])

    assert [(c.subject, c.detector, c.row, str(c.tier)) for c in decisions.changes] == [("income", "psi", 99, "act")]


def test_audit_entries_form_a_chain() -> None:
    entries = [e for d in ticks([finding()], [clear(end=5)], [clear(end=10)], [clear(end=15)]) for e in d.audits]
    rows, previous = [], GENESIS
    for seq, entry in enumerate(entries, start=1):
        rows.append(chain(previous, seq, AuditEntry.from_json_object(entry.to_json_object())))
        previous = rows[-1].hash

    assert verify(rows) is None


def test_an_opening_is_audited_before_its_notices() -> None:
    [decisions] = ticks([finding()])

    assert [entry.action for entry in decisions.audits] == [
        "incident.opened", "notice.composed", "notice.composed",
    ]  # fmt: skip


def test_the_hash_of_the_table_is_kept_with_the_incident() -> None:
    [decisions] = ticks([finding()])

    assert [i.route.config_sha for i in decisions.incidents if i.route] == [owners().config_sha]


def test_deliveries_of_one_incident_at_one_destination_are_numbered_upwards() -> None:
    decided = ticks([finding(low=0.15)], [finding(low=0.3, end=5)], *[[clear(end=n)] for n in (10, 15, 20)])

    assert [d.seq for one in decided for d in one.deliveries if d.destination == "log:credit-ds"] == [0, 1, 2]


def test_keys_of_deliveries_are_unique_over_incidents_destinations_and_numbers() -> None:
    norway = replace(CREDIT, model="credit-limit")
    decided = ticks([finding(low=0.15), finding(stream=norway)], [finding(low=0.3, end=5)])
    keys = [d.key for one in decided for d in one.deliveries]

    assert len(keys) == len(set(keys))
