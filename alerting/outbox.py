"""What leaves the house: one notice at one destination, tried until it is delivered, refused or too old. Pure rules.

At least once: a delivery is marked sent only after the destination said so, and its key never changes, so that the
receiver can tell a repeat.
"""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from alerting.audit import Json
from alerting.incident import Intent
from alerting.route import Destination
from alerting.stored import read, written

DeliveryState: TypeAlias = Literal["pending", "sent", "dead"]
OutcomeKind: TypeAlias = Literal["delivered", "retry", "refused"]

PERMANENT = frozenset({400, 401, 403, 404, 410, 413})
"""HTTP statuses that another attempt cannot change."""

_NAMESPACE = uuid.UUID("6f6f24f1-5d0e-5c5e-9a3b-6a0d3c2b7e11")
NOTE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `note` is for people and never holds a secret.

    `receipt` is what the destination calls the message, where it must be known to change the message or answer it.
    """

    kind: OutcomeKind
    status: int | None = None
    retry_after_seconds: float | None = None
    note: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one destination.

    `seq` numbers what an incident tells, `target` is frozen with it, and `tried_at` is when it was first tried.
    `receipt` is what the destination called it, `thread` what it called the first message of the same incident.
    """

    key: str
    incident_id: str
    destination: str
    seq: int
    intent: Intent
    target: Destination
    payload: dict[str, Json]
    next_at: datetime
    state: DeliveryState = "pending"
    attempts: int = 0
    tried_at: datetime | None = None
    last_error: str = ""
    receipt: str = ""
    thread: str = ""

    def to_json(self) -> str:
        """Write it for the store."""
        return written(self)

    @classmethod
    def from_json(cls, text: str) -> "Delivery":
        """Read what `to_json` wrote; raises StoredStateError."""
        return read(cls, text)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How long and how often: full jitter between 0 and a bound that doubles from `first_seconds` to `seconds_max`."""

    first_seconds: float = 1.0
    seconds_max: float = 900.0
    give_up_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class Coalesced:
    """What is left to send, and what cancelled itself out before anybody saw it."""

    keep: tuple[Delivery, ...] = field(default_factory=tuple)
    dropped: tuple[Delivery, ...] = field(default_factory=tuple)


def key_of(incident_id: str, destination: str, seq: int) -> str:
    """Name a delivery: the same notice at the same destination has the same key on every worker and every replay."""
    return str(uuid.uuid5(_NAMESPACE, f"{incident_id}|{destination}|{seq}"))


def after(delivery: Delivery, outcome: Outcome, now: datetime, rng: random.Random, rules: RetryRules) -> Delivery:
    """Say what a delivery is after one attempt.

    Refused, a permanent status, or `give_up_hours` since it was first tried: dead. Anything else is tried again after
    full jitter, and never before the receiver's Retry-After has passed. The hours count from the first attempt, so that
    a service that was itself away for a day still tries what it finds.
    """
    tried_at = delivery.tried_at or now
    tried = replace(
        delivery, attempts=delivery.attempts + 1, tried_at=tried_at, last_error=outcome.note[:NOTE_CHARS_MAX]
    )
    if outcome.kind == "delivered":
        return replace(tried, state="sent", last_error="", receipt=outcome.receipt)
    if outcome.kind == "refused" or outcome.status in PERMANENT:
        return replace(tried, state="dead")
    bound = min(rules.seconds_max, rules.first_seconds * 2.0 ** min(delivery.attempts, 60))
    wait = max(rng.uniform(0, bound), outcome.retry_after_seconds or 0.0)
    last_at = tried_at + timedelta(hours=rules.give_up_hours)
    if now >= last_at:
        return replace(tried, state="dead", last_error=f"gave up after {rules.give_up_hours:g} h: {tried.last_error}")
    # A receiver that asks for longer than we are ready to wait gets one last attempt at the end.
    return replace(tried, next_at=min(now + timedelta(seconds=wait), last_at))


def due(deliveries: Iterable[Delivery], now: datetime, limit: int = 100) -> list[Delivery]:
    """Give what may be sent now, the longest overdue first: per incident and destination only the oldest pending one.

    A later notice waits for an earlier one, so a resolve never overtakes its open; other destinations are not held up.
    """
    heads: dict[tuple[str, str], Delivery] = {}
    for delivery in deliveries:
        if delivery.state != "pending":
            continue
        line = (delivery.incident_id, delivery.destination)
        head = heads.get(line)
        if head is None or delivery.seq < head.seq:
            heads[line] = delivery
    ready = [delivery for delivery in heads.values() if delivery.next_at <= now]
    return sorted(ready, key=lambda d: (d.next_at, d.key))[:limit]


def coalesce(deliveries: Sequence[Delivery]) -> Coalesced:
    """Drop what nobody needs any more: an open that was never tried, its raises, and its resolve.

    An open that was tried once may have arrived although the answer was lost; then everything stays.
    """
    lines: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.state == "pending":
            lines.setdefault((delivery.incident_id, delivery.destination), []).append(delivery)
    over = {line for line, waiting in lines.items() if _unseen(waiting)}
    dropped = {d.key for line in over for d in lines[line]}
    return Coalesced(
        keep=tuple(d for d in deliveries if d.key not in dropped),
        dropped=tuple(d for d in deliveries if d.key in dropped),
    )


def _unseen(waiting: Sequence[Delivery]) -> bool:
    intents = {delivery.intent for delivery in waiting}
    untried = any(delivery.intent == "open" and delivery.attempts == 0 for delivery in waiting)
    return untried and "resolve" in intents
