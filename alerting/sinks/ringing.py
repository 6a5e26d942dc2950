"""What rings where: which alert of a paging service a notice opens, and which earlier ones it replaces.

A paging service rings when an alert with a new key is opened, and stays silent when the key of an alert that somebody
has acknowledged is sent again. So every tier of an incident has a key of its own, and every reminder too; the key they
replace is closed right after. At any time one alert per incident is open, and it is the one that was rung for last.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from alerting.outbox import RINGS, Delivery, Outcome
from alerting.sinks.message import message_of

ENDED_MAX = 20
"""Earlier alerts that one notice closes at most, the newest first; more can be open only after as many failures."""

Earlier: TypeAlias = Callable[[Delivery], Awaitable[Sequence[Delivery]]]
"""Gives what was tried at the same destination for the same incident before a delivery, oldest first."""


def alert_key(delivery: Delivery) -> str:
    """Name the alert that a notice opens: at most 64 characters, the same on every attempt.

    Parties are kept apart even where they share a service: the end of one must not close what the other was told.
    """
    whose = hashlib.sha256(delivery.destination.encode()).hexdigest()[:8]
    again = f"/{delivery.seq}" if delivery.intent == "remind" else ""
    return f"{delivery.incident_id}/{message_of(delivery).tier}/{whose}{again}"


def still_open(earlier: Sequence[Delivery]) -> list[Delivery]:
    """Give those earlier notices whose alert may still be open, newest first.

    One that was sent has closed those before it, and so has an end. One that failed may have arrived although its
    answer was lost.
    """
    found: list[Delivery] = []
    for delivery in reversed(earlier):
        if delivery.intent == "resolve" and delivery.state == "sent":
            break
        if delivery.intent in RINGS:
            found.append(delivery)
            if delivery.state == "sent":
                break
    return found[:ENDED_MAX]


async def in_turn(calls: Sequence[Callable[[], Awaitable[Outcome]]], seconds_max: float) -> Outcome:
    """Make calls one after the other until one is not delivered; together they take as long as one attempt may."""
    outcome = Outcome("delivered", note="nothing there changes with this notice")
    try:
        async with asyncio.timeout(seconds_max):
            for place, call in enumerate(calls):
                outcome = await call()
                if outcome.kind != "delivered":
                    # Where one before it arrived, the notice is not lost.
                    outcome = replace(outcome, lost=outcome.lost and place == 0)
                    break
    except TimeoutError:
        return Outcome("retry", note=f"no answer within {seconds_max:g} s")
    return outcome
