"""What one incident tells one destination from its open to its end, as deliveries that sinks are tested with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting.audit import Json
from alerting.clocks import Clock
from alerting.evidence import Evidence
from alerting.finding import Move
from alerting.incident import Intent
from alerting.notice import Link, Notice, Standing
from alerting.outbox import Delivery, DeliveryState, key_of
from alerting.route import Destination
from alerting.sinks.ringing import Earlier
from alerting.tiers import Tier
from tests.alerting.examples import NOON, at

PAGE = "https://drift.example/incidents/inc_0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing told: at which tier, and by whom the incident is held if anybody holds it."""

    intent: Intent
    tier: Tier
    handling: str = "notified"


def investigated() -> list[Step]:
    """An incident that never rises above investigate."""
    tier = Tier.INVESTIGATE
    return [Step("open", tier), Step("update", tier, "acked"), Step("remind", tier), Step("resolve", tier, "closed")]


def risen() -> list[Step]:
    """An incident that opens at investigate and rises to act."""
    return [
        Step("open", Tier.INVESTIGATE),
        Step("raise", Tier.ACT),
        Step("update", Tier.ACT, "acked"),
        Step("remind", Tier.ACT),
        Step("resolve", Tier.ACT, "closed"),
    ]


def line(
    steps: Sequence[Step], target: Destination, *, state: DeliveryState = "sent", begin: datetime = NOON
) -> list[Delivery]:
    """The deliveries of a story, ten minutes apart, all of them tried unless they are pending."""
    return [_delivery(step, seq, target, state, begin) for seq, step in enumerate(steps)]


def remembering(deliveries: Sequence[Delivery]) -> Earlier:
    """What a store answers that holds these deliveries."""

    async def earlier(delivery: Delivery) -> list[Delivery]:
        return [past for past in deliveries if past.seq < delivery.seq]

    return earlier


def changed(delivery: Delivery, **fields: Json) -> Delivery:
    """The same delivery with other fields in its payload's data."""
    told = delivery.payload["data"]
    assert isinstance(told, dict)
    return replace(delivery, payload={**delivery.payload, "data": {**told, **fields}})


def pages(of: Callable[[Delivery, Sequence[Delivery]], Json], deliveries: Sequence[Delivery]) -> str:
    """What each delivery of a line becomes at a destination, for a golden file."""
    written = [
        {"intent": delivery.intent, "becomes": of(delivery, deliveries[:number])}
        for number, delivery in enumerate(deliveries)
    ]
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def _delivery(step: Step, seq: int, target: Destination, state: DeliveryState, begin: datetime) -> Delivery:
    now = begin + timedelta(minutes=10 * seq)
    over = step.intent == "resolve"
    held = step.handling == "acked"
    standing = Standing(
        cause="version:prediction/credit-score@31", episode=1, opened_at=begin, condition="ok" if over else "firing",
        handling=step.handling, by="ann" if held else "", until=now + timedelta(hours=1) if held else None,
        ending="recovered" if over else "",
    )  # fmt: skip
    asks = (Clock("Acknowledge", now + timedelta(minutes=15)), Clock("Decide", now + timedelta(days=1)))
    notice = Notice(
        id=f"ntc_{seq:016}", incident="inc_0123456789abcdef", seq=seq, intent=step.intent, tier=step.tier,
        party="credit-ds", role="owner",
        title=f"[{'RESOLVED' if over else str(step.tier).upper()}] credit-score 31: income (psi)",
        text=f"The words of notice {seq}.\n", model="credit-score", version="31", segment="", subject="income",
        detector="psi", row=4_711, at=now, evidence=(_evidence(step.tier),), members=3,
        asks=() if over else asks,
        links=(Link("Runbook", "https://wiki.example/drift"), Link("Incident", PAGE)), standing=standing,
    )  # fmt: skip
    return Delivery(
        key=key_of(notice.incident, target.name, seq), incident_id=notice.incident, destination=target.name, seq=seq,
        intent=step.intent, target=target, payload=notice.to_payload(), next_at=now, state=state,
        attempts=0 if state == "pending" else 1,
    )  # fmt: skip


def _evidence(tier: Tier) -> Evidence:
    return Evidence(
        segment="", subject="income", detector="psi", window="5m", tier=tier, value=0.35, low=0.3, high=0.4, n=12_000,
        reference_n=50_000, since=at(-5), at=at(0), row=4_711, reason="PSI 0.35 (0.3 to 0.4): location up",
        moves=(Move("<= 0.31", 0.05, 0.121),), cleared_at=None, e_value=9.13, e_needed=6.71,
        budget="At most 1 false page in 30 days for credit-ds.",
    )  # fmt: skip
