"""What a change leaves for the person who is told: dated, with all its bins and what happened shortly before."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerting.evidence import MOVES_MAX
from alerting.incident import Incident
from alerting.sinks.body import body
from benchmarks.simulated import MODEL, VERSION, records
from service.store.deployments import Deployment, add_deployment
from service.store.records import ms
from service.store.schema import finding, incident
from tests.service.lines import BEGIN, BEGIN_MS, Played, play, prepare

MINUTE = 60_000
CHANGED = BEGIN + timedelta(minutes=40)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A deployment two minutes before amounts are one standard deviation higher."""
    played = prepare(tmp_path_factory.mktemp("told") / "s")
    at_ms = ms(CHANGED - timedelta(minutes=2))
    with played.store.write() as connection:
        add_deployment(connection, Deployment("1", MODEL, VERSION, at_ms, "intake 2.3", "", "ci", at_ms))
    calm = list(records(40 * 240, 21, begin_ms=BEGIN_MS, events_per_second=4.0))
    moved = records(10 * 240, 22, begin_ms=BEGIN_MS + 40 * MINUTE, events_per_second=4.0, shift=1.0)
    return play(played, {"0": [*calm, *moved]})


def test_the_notice_dates_the_change_and_names_what_was_deployed_before_it(told: Played) -> None:
    (notice,) = told.notices

    assert f"It began at about {CHANGED:%Y-%m-%d %H:%M} UTC, going back through the evidence" in notice.text
    assert notice.candidates[0].what == f"version {VERSION}: intake 2.3"
    assert f"{CHANGED - timedelta(minutes=2):%H:%M} UTC, 2 min before: version {VERSION}: intake 2.3" in notice.text


def test_the_baseline_of_that_day_is_a_candidate_too(told: Played) -> None:
    assert {one.kind for one in told.notices[0].candidates} == {"deploy", "version", "baseline"}


def test_the_lead_carries_all_its_bins_and_they_add_up(told: Played) -> None:
    lead = next(item for item in told.notices[0].evidence if item.detector == "psi")

    assert len(lead.moves) > MOVES_MAX
    assert sorted(move.place for move in lead.moves) == list(range(len(lead.moves)))
    assert (sum(m.expected for m in lead.moves), sum(m.observed for m in lead.moves)) == pytest.approx((1, 1))


def test_a_finding_s_row_keeps_the_bins_that_moved_most_and_the_incident_all(told: Played) -> None:
    with told.store.read() as connection:
        rows = [json.loads(text) for text in connection.execute(select(finding.c.content)).scalars()]
        kept = Incident.from_json(connection.execute(select(incident.c.content)).scalar_one())

    assert max(len(row["moves"]) for row in rows) == MOVES_MAX
    assert max(len(member.peak.moves) for member in kept.members) > MOVES_MAX
    assert kept.candidates == told.notices[0].candidates


def test_a_message_of_it_is_not_cut(told: Played) -> None:
    sent = body(told.notices[0].to_payload())

    assert (len(sent) < 20_000, "truncated" in json.loads(sent)["data"]) == (True, False)
