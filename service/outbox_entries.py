"""What is put on record of deliveries."""

from collections.abc import Sequence
from datetime import datetime

from alerting.audit import AuditEntry
from alerting.outbox import Delivery

SERVICE = "driftwarden"


def outbox_entry(delivery: Delivery, now: datetime, became: str, reason: str) -> AuditEntry:
    """Record what became of one delivery."""
    return AuditEntry(
        at=now,
        actor=SERVICE,
        action=f"delivery.{became}",
        subject=delivery.incident_id,
        before=None,
        after={"destination": delivery.destination, "intent": delivery.intent, "attempts": delivery.attempts},
        reason=reason,
    )


def superseded_entries(gone: Sequence[Delivery], now: datetime) -> list[AuditEntry]:
    """Record what something newer says better, in one entry for each line."""
    lines: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in gone:
        lines.setdefault((delivery.incident_id, delivery.destination), []).append(delivery)
    return [
        AuditEntry(
            at=now,
            actor=SERVICE,
            action="delivery.superseded",
            subject=incident,
            before=None,
            after={"destination": destination, "intents": [one.intent for one in line], "count": len(line)},
            reason="something newer was to be sent there before these were",
        )
        for (incident, destination), line in lines.items()
    ]
