"""Notices: what a person reads, kept word for word."""

import json
from dataclasses import replace

import pytest

from alerting.candidate import Candidate
from alerting.escalate import begun
from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.notice import Notice, compose
from alerting.policy import Policy
from alerting.route import Addressee
from alerting.routing import route_for
from tests.alerting.examples import NOON, OWNERS, at, clear, finding, opened, owners
from tests.alerting.golden_file import golden

POLICY = Policy(public_url="https://drift.example/", runbook_url="https://wiki.example/drift")


def told(incident: Incident, intent: Intent, addressee: Addressee | None = None, policy: Policy = POLICY) -> Notice:
    """What the owner is told, two minutes after noon."""
    route = route_for(incident, owners(), policy.lineage)
    running = begun(replace(incident, route=route, handling="notified"), at(2))
    return compose(running, intent, addressee or route.owner, seq=0, at=at(2), policy=policy)


def page(notice: Notice) -> str:
    """A notice as it is read."""
    return f"{notice.title}\n\n{notice.text}"


def many(count: int) -> Incident:
    """An incident with as many members; the effect grows with the number."""
    return opened([finding(subject=f"feature_{n:03}", low=0.2 + n / 1000, high=0.9) for n in range(count)])


def test_the_notice_of_an_open_at_act() -> None:
    notice = page(told(many(17), "open"))

    assert notice == golden("open_act.txt", notice)


def test_the_notice_of_an_open_at_investigate() -> None:
    missing = finding(detector="missing", low=0.108, high=0.122, reason="12.1 % missing, 0.6 % in the reference")
    notice = page(told(opened([missing]), "open", owners().route(missing.stream, "income").data_steward))

    assert notice == golden("open_investigate.txt", notice)


def test_the_notice_of_a_raise() -> None:
    norway = Stream("prediction", "credit-score", "31", "country=NO")
    risen = opened([finding(low=0.12)], [finding(low=0.31, high=0.4, end=5, stream=norway)])

    notice = page(told(risen, "raise"))

    assert notice == golden("raise.txt", notice)


def test_the_notice_of_a_resolve() -> None:
    over = opened(
        [finding(), finding(subject="age")], *[[clear(end=n), clear(end=n, subject="age")] for n in (5, 9, 12)]
    )

    notice = page(told(over, "resolve"))

    assert notice == golden("resolve.txt", notice)


def test_the_notice_of_blindness() -> None:
    lag = finding(detector="lag", subject="events", low=None, high=None, reason="40 minutes behind the newest event")
    blind = opened([replace(lag, n=0, reference_n=0, moves=())])

    notice = page(told(blind, "open", owners().sight_route().owner))

    assert notice == golden("blind.txt", notice)


def test_the_notice_to_a_fallback() -> None:
    unknown = finding(stream=Stream("feature", "orders", "2"))

    notice = page(told(opened([unknown]), "open"))

    assert notice == golden("fallback.txt", notice)


def test_the_line_that_mends_the_table_mends_it() -> None:
    stream = Stream("prediction", 'odd: "name" {x}', "1")
    text = told(opened([finding(stream=stream)]), "open").text
    line = next(line for line in text.splitlines() if line.startswith("  - {id:"))

    mended = owners(OWNERS + line.replace("PARTY", "on-call") + "\n")

    assert mended.resolve("owner", stream, "income").party == "on-call"


@pytest.mark.parametrize("count", [1, 10, 11, 500])
def test_a_text_is_at_most_sixty_lines(count: int) -> None:
    assert len(told(many(count), "open").text.splitlines()) <= 60


def test_the_ten_most_telling_are_evidence_and_the_rest_are_counted() -> None:
    notice = told(many(17), "open")

    assert ([item.subject for item in notice.evidence], notice.members) == (
        [f"feature_{n:03}" for n in range(16, 6, -1)],
        17,
    )


def test_evidence_is_weighed_by_importance() -> None:
    policy = replace(POLICY, importance={"feature_016": 0.1})

    assert told(many(17), "open", policy=policy).evidence[0].subject == "feature_015"


def test_the_title_and_the_first_evidence_are_about_the_same() -> None:
    notice = told(many(17), "open")

    assert (notice.subject, "feature_016" in notice.title) == ("feature_016", True)


def test_broken_data_comes_before_the_drift_it_explains() -> None:
    both = opened([finding(), finding(detector="missing", low=0.21, high=0.22)])

    assert [item.detector for item in told(both, "open").evidence] == ["missing", "psi"]


def test_names_from_events_cannot_forge_lines() -> None:
    forged = finding(subject="income\n\nAll is well.\x1b[2J", reason="x\ny")

    text = told(opened([forged]), "open").text

    assert ("\nAll is well." in text, "\x1b" in text, "\ny" in text) == (False, False, False)


def test_long_names_are_cut() -> None:
    assert max(len(line) for line in told(opened([finding(subject="x" * 5_000)]), "open").text.splitlines()) < 400


def test_without_a_runbook_the_incidents_page_is_linked() -> None:
    links = {link.text: link.url for link in told(many(1), "open", policy=replace(POLICY, runbook_url="")).links}

    assert links["Runbook"] == links["Incident"]


def test_the_picture_is_linked_where_there_are_bins_to_draw() -> None:
    silent = replace(finding(detector="freshness", low=None, high=None), moves=())

    assert [link.text for link in told(many(1), "open").links] == ["Runbook", "Incident", "Picture"]
    assert [link.text for link in told(opened([silent]), "open").links] == ["Runbook", "Incident"]


def test_without_a_public_address_there_is_no_dead_link() -> None:
    assert told(many(1), "open", policy=Policy()).links == ()


def test_the_same_arguments_give_the_same_notice() -> None:
    assert told(many(3), "open") == told(many(3), "open")


def test_text_and_back_gives_the_same_notice() -> None:
    notice = told(many(3), "open")

    assert Notice.from_json(notice.to_json()) == notice


def test_the_payload_is_plain_json_with_the_deadlines() -> None:
    payload = told(many(1), "open").to_payload()

    assert json.loads(json.dumps(payload))["data"]["asks"][0] == {
        "what": "Acknowledge", "by": "2026-11-20T12:17:00+00:00",
    }  # fmt: skip


def test_a_resolve_at_act_asks_only_what_it_was() -> None:
    over = opened([finding()], *[[clear(end=n)] for n in (5, 9, 12)])

    assert [clock.what for clock in told(over, "resolve").asks] == ["Decide"]


def test_the_budget_is_quoted() -> None:
    budget = "Expected at this setting: at most 2.5 false pages in 30 days."
    backed = replace(finding(), budget=budget, e_value=8.2, e_needed=7.4)
    text = told(opened([backed]), "open").text

    assert budget in text
    assert "evidence 10^8.2 that it is no chance; this tier takes 10^7.4" in text


def test_noon_is_a_friday_since_deadlines_depend_on_it() -> None:
    assert f"{NOON:%a}" == "Fri"


def test_the_notice_of_a_change_that_followed_a_rollout() -> None:
    dated = replace(finding(), onset=at(-35))
    rolled_out = Candidate("version", "version 32 was first seen", at(-52), "some of the traffic may have moved to it")
    announced = Candidate(
        "deploy", "scoring 2.3 to all regions", at(-40), "announced by ci", "https://ci.example/runs/4711"
    )
    notice = page(told(replace(opened([dated]), candidates=(announced, rolled_out)), "open"))

    assert notice == golden("rollout.txt", notice)


def test_a_notice_at_its_longest_is_at_most_sixty_lines() -> None:
    unknown = Stream("feature", "orders", "2")
    every = [finding(subject=f"feature_{n:03}", low=0.2 + n / 1000, high=0.9, stream=unknown) for n in range(500)]
    known = tuple(Candidate("deploy", "x" * 5_000, at(-n), "y" * 5_000) for n in range(5))

    lines = told(replace(opened(every), candidates=known), "open").text.splitlines()

    assert (len(lines) <= 60, max(len(line) for line in lines) < 400) == (True, True)


def test_candidates_are_in_the_payload() -> None:
    known = Candidate("baseline", "baseline of version 31", at(-10), "put as a fitted baseline by anna")
    payload = told(replace(opened([finding()]), candidates=(known,)), "open").to_payload()

    assert payload["data"]["candidates"] == [  # type: ignore[index, call-overload]
        {
            "kind": "baseline", "what": "baseline of version 31", "at": "2026-11-20T11:50:00+00:00",
            "reason": "put as a fitted baseline by anna", "link": "",
        }
    ]  # fmt: skip


def test_a_fault_in_the_words_leaves_plain_ones_with_tier_deadlines_and_links() -> None:
    broken = replace(POLICY, confidence="high")  # type: ignore[arg-type]  # What no number can be written of.
    notice = told(opened([finding()]), "open", policy=broken)
    whole = page(notice)

    assert whole == golden("plain.txt", whole)
    assert notice.fault.startswith("ValueError: Unknown format code")
    assert "wording.py:" in notice.fault


def test_words_without_a_fault_say_so() -> None:
    assert told(many(3), "open").fault == ""
