"""Notices in the log: one line of JSON for machines, then the text for people."""

import json
import logging
from dataclasses import dataclass, field

from alerting.outbox import Delivery, Outcome


def _notices() -> logging.Logger:
    return logging.getLogger("driftwarden.notices")


@dataclass(frozen=True, slots=True)
class LogSink:
    """Writes to a logger, at a level that follows the tier, so that it works with nothing else set up."""

    logger: logging.Logger = field(default_factory=_notices)

    async def send(self, delivery: Delivery) -> Outcome:
        """Write both; the log has it, so it is delivered."""
        about = delivery.payload.get("data")
        about = about if isinstance(about, dict) else {}
        line = {
            "type": delivery.payload.get("type"), "key": delivery.key, "destination": delivery.destination,
            **{name: value for name, value in about.items() if name not in ("text", "evidence")},
        }  # fmt: skip
        level = logging.WARNING if about.get("tier") in ("act", "blind") else logging.INFO
        self.logger.log(level, "%s", json.dumps(line, ensure_ascii=False))
        self.logger.log(level, "%s\n\n%s", about.get("title", ""), about.get("text", ""))
        return Outcome("delivered", note="written to the log")
