"""Canaries: decided and told like a change of a model, to a place that no person and no table can name."""

from datetime import timedelta

import pytest

from alerting import canary
from alerting.errors import OwnershipError
from alerting.incident import Incident
from alerting.ownership_file import parse_ownership
from tests.alerting.examples import NOON


def test_a_canary_is_told_once_to_the_loopback_and_asks_nobody_for_anything() -> None:
    sent = canary.opened(NOON)

    assert (sent.delivery.target, sent.delivery.intent, sent.delivery.seq) == (canary.LOOPBACK, "open", 0)
    assert (sent.incident.open, sent.incident.timers) == (True, ())


def test_its_end_is_told_next_and_closes_it_without_anybody_saying_what_it_was() -> None:
    begun = Incident.from_json(canary.opened(NOON).incident.to_json())

    ended = canary.cleared(begun, NOON + timedelta(seconds=1))

    assert (ended.delivery.target, ended.delivery.intent, ended.delivery.seq) == (canary.LOOPBACK, "resolve", 1)
    assert (ended.incident.handling, ended.incident.timers) == ("closed", ())


def test_a_clock_that_was_set_back_meanwhile_does_not_keep_it_from_ending() -> None:
    begun = canary.opened(NOON).incident

    assert not canary.cleared(begun, NOON - timedelta(hours=1)).incident.open


def test_two_canaries_are_two_incidents_with_deliveries_of_their_own() -> None:
    first, second = canary.opened(NOON), canary.opened(NOON + timedelta(milliseconds=1))

    assert first.incident.id != second.incident.id
    assert first.delivery.key != second.delivery.key


@pytest.mark.parametrize("contact", ["loopback", "{loopback: canary}", '{loopback: ""}'])
def test_no_contact_of_a_table_can_name_the_loopback(contact: str) -> None:
    table = f"version: 1\nparties:\n  ops: {{contacts: [{contact}]}}\nfallback: {{owner: ops}}\nrules: []\n"

    with pytest.raises(OwnershipError):
        parse_ownership(table, "owners.yaml")
