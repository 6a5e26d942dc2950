"""The token of a signed link: what it holds, and what nobody can make of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.errors import LinkRefused, SecretError
from alerting.links import Offer, key_of, offers, read, sign
from alerting.route import Destination
from tests.alerting.examples import NOON
from tests.alerting.sinks.notices import NOW, act, delivery

KEY = b"k" * 32
OFFER = Offer("inc_1", "ack", "act", "crédit-ds", "email:crédit-ds:1", 3, NOON, "n" * 32)
BEFORE = NOON - timedelta(seconds=1)


def refused(token: str, key: bytes = KEY) -> str:
    """Why a token is not taken."""
    with pytest.raises(LinkRefused) as raised:
        read(token, key, BEFORE)
    return raised.value.outcome


def test_what_was_signed_is_read_back_until_its_time_is_over() -> None:
    token = sign(OFFER, KEY)

    assert read(token, KEY, BEFORE) == OFFER
    with pytest.raises(LinkRefused, match="has expired at 2026-11-20 12:00 UTC"):
        read(token, KEY, NOON)


@given(st.integers(0, len(sign(OFFER, KEY)) - 1), st.characters())
def test_no_other_character_anywhere_is_taken(place: int, other: str) -> None:
    token = sign(OFFER, KEY)
    changed = token[:place] + other + token[place + 1 :]

    assert changed == token or refused(changed) == "forged"


@given(st.text())
def test_no_text_that_is_sent_is_more_than_refused(token: str) -> None:
    assert refused(token) == "forged"


def test_another_key_takes_nothing() -> None:
    assert refused(sign(OFFER, KEY), b"l" * 32) == "forged"


def test_what_another_release_signed_is_refused() -> None:
    other: Literal["ack"] = "reopen"  # type: ignore[assignment]  # An action that this release does not know.

    assert refused(sign(replace(OFFER, action=other), KEY)) == "forged"


def test_a_short_key_is_refused_with_the_way_to_make_one() -> None:
    with pytest.raises(SecretError, match="has 31 bytes and needs 32: make one with: openssl rand -base64 32"):
        key_of("k" * 31)


def test_every_action_of_every_delivery_is_a_link_of_its_own() -> None:
    places = [Destination(f"email:x:{n}", "email", "a@b.example") for n in range(2)]
    made = [
        offer for place in places for seq in range(2) for offer in offers(delivery(act(), "open", place, seq=seq), 24)
    ]

    assert len({offer.nonce for offer in made}) == len(made) == 8
    assert {offer.expires for offer in made} == {NOW + timedelta(hours=24)}
