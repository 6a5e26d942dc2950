"""What leaves the house: one notice at one destination, tried until it is delivered, refused or too old. Pure rules.

At least once: a delivery is marked sent only after the destination said so, and its key never changes, so that the
receiver can tell a repeat.
"""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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

RINGS: frozenset[Intent] = frozenset({"open", "raise", "remind"})
"""Intents that are to disturb somebody."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `note` is for people and never holds a secret.

    `receipt` is what the destination calls the message, where it must be known to change the message or answer it.
    `lost` is True where it is certain that nothing arrived; a timeout or a 5xx may have come after it did.
    """

    kind: OutcomeKind
    status: int | None = None
    retry_after_seconds: float | None = None
    note: str = ""
    receipt: str = ""
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one destination.

    `seq` numbers what an incident tells, `target` is frozen with it, and `tried_at` is when it was first tried.
    `receipt` is what the destination called it, `thread` what it called the first message of the same incident. `lost`:
    it was tried, and it is certain that no attempt arrived.
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
    lost: bool = False

    @property
    def untried(self) -> bool:
        """True when it certainly never left: no attempt was made, nor begun and cut off."""
        return self.attempts == 0 and self.tried_at is None

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
    """What is left to send, what cancelled itself out before anybody saw it, and what something newer says better."""

    keep: tuple[Delivery, ...] = ()
    dropped: tuple[Delivery, ...] = ()
    superseded: tuple[Delivery, ...] = ()


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
        delivery, attempts=delivery.attempts + 1, tried_at=tried_at, last_error=outcome.note[:NOTE_CHARS_MAX],
        lost=outcome.lost and (delivery.lost or delivery.attempts == 0),
    )  # fmt: skip
    if outcome.kind == "delivered":
        return replace(tried, state="sent", last_error="", receipt=outcome.receipt, lost=False)
    if outcome.kind == "refused" or outcome.status in PERMANENT:
        return replace(tried, state="dead")
    bound = min(rules.seconds_max, rules.first_seconds * 2.0 ** min(delivery.attempts, 60))
    wait = max(rng.uniform(0, bound), outcome.retry_after_seconds or 0.0)
    last_at = tried_at + timedelta(hours=rules.give_up_hours)
    if now >= last_at:
        return replace(tried, state="dead", last_error=f"gave up after {rules.give_up_hours:g} h: {tried.last_error}")
    # A receiver that asks for longer than we are ready to wait gets one last attempt at the end.
    return replace(tried, next_at=min(now + timedelta(seconds=wait), last_at))


def urgency(delivery: Delivery) -> tuple[int, int, datetime, str]:
    """Order deliveries: the gravest tier first, what is to disturb somebody before the rest, then the longest overdue.

    Act goes before blind here: people are affected now.
    """
    about = delivery.payload.get("data")
    tier = about.get("tier") if isinstance(about, dict) else None
    grave = _GRAVITY.index(tier) if tier in _GRAVITY else len(_GRAVITY)
    return grave, int(delivery.intent not in RINGS), delivery.next_at, delivery.key


def due(deliveries: Iterable[Delivery], now: datetime, limit: int = 100) -> list[Delivery]:
    """Give what may be sent now, the most urgent first: per incident and destination only the oldest pending one.

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
    return sorted((head for head in heads.values() if head.next_at <= now), key=urgency)[:limit]


def coalesce(deliveries: Sequence[Delivery]) -> Coalesced:
    """Take out what nobody needs any more, line by line.

    An open that was never tried is dropped with all that follows it up to its resolve. Of what is left, an update that
    was never tried gives way to a newer update or resolve, and a reminder to a newer reminder, raise or resolve: nobody
    is to be woken for what is over. What was tried once may have arrived although the answer was lost; that stays.
    """
    lines: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.state == "pending":
            lines.setdefault((delivery.incident_id, delivery.destination), []).append(delivery)
    dropped: set[str] = set()
    superseded: set[str] = set()
    for waiting in lines.values():
        ordered = sorted(waiting, key=lambda delivery: delivery.seq)
        unseen = _unseen(ordered)
        dropped |= unseen
        superseded |= _superseded([delivery for delivery in ordered if delivery.key not in unseen])
    gone = dropped | superseded
    return Coalesced(
        keep=tuple(d for d in deliveries if d.key not in gone),
        dropped=tuple(d for d in deliveries if d.key in dropped),
        superseded=tuple(d for d in deliveries if d.key in superseded),
    )


def in_vain(later: Delivery, past: Iterable[Delivery]) -> bool:
    """Say whether a resolve or an update has nothing to end or change: all that came before it is certainly lost.

    `past` is what was tried on the line before, oldest first. Where it is not known any more, the end is told.
    """
    if later.intent in RINGS:
        return False
    episode: list[Delivery] = []
    for earlier in past:
        episode = [] if earlier.intent == "resolve" else [*episode, earlier]
    begun = [earlier for earlier in episode if earlier.intent in RINGS]
    return bool(begun) and all(earlier.state == "dead" and earlier.lost for earlier in begun)


_GRAVITY = ("act", "blind", "investigate", "observe")
_NEWER: dict[Intent, frozenset[Intent]] = {
    "update": frozenset({"update", "resolve"}),
    "remind": frozenset({"remind", "raise", "resolve"}),
}


def _unseen(waiting: Sequence[Delivery]) -> set[str]:
    gone: set[str] = set()
    begun: list[Delivery] = []
    for delivery in waiting:
        if delivery.intent == "open" and delivery.untried:
            begun = [delivery]
        elif begun:
            begun.append(delivery)
            if delivery.intent == "resolve":
                gone |= {one.key for one in begun}
                begun = []
    return gone


def _superseded(waiting: Sequence[Delivery]) -> set[str]:
    gone: set[str] = set()
    newer: set[Intent] = set()
    for delivery in reversed(waiting):
        if delivery.untried and newer & _NEWER.get(delivery.intent, frozenset()):
            gone.add(delivery.key)
        newer.add(delivery.intent)
    return gone
