"""What PagerDuty tells by its webhooks (v3): whether it is its own word, and which of our incidents it means. Pure.

Source: PagerDuty developer documentation, "Webhooks: Overview", "Behavior" and "Verifying Signatures".
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

Text = Annotated[str, StringConstraints(max_length=4_096)]

SIGNATURES_MAX = 20
NAMES_MAX = 10

_KEY = re.compile(r"(inc_[0-9a-f]{16})/")
_PAGE = re.compile(r"/incidents/(inc_[0-9a-f]{16})$")
_CLIENT = "Driftwarden"
"""What our own events name as their client, with the incident's page as its address."""


class Reference(BaseModel):
    """Whom or what PagerDuty names; `summary` is the name of a person where the type is `user_reference`."""

    id: Text
    type: Text
    summary: Text | None = None


class Client(BaseModel):
    """Where the event came about."""

    name: Text | None = None
    url: Text | None = None


class Event(BaseModel):
    """One event; `data` is an incident where the type begins with `incident.` and has a type `incident`."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    event_type: Text
    agent: Reference | None = None
    client: Client | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def person(self) -> Reference | None:
        """Who did it, where that was a person: what our own events brought about comes back as an integration's."""
        return self.agent if self.agent is not None and self.agent.type == "user_reference" else None

    @property
    def ours(self) -> bool:
        """True when an integration brought it about, which is how our own events come back."""
        return self.agent is not None and self.agent.type.endswith("inbound_integration_reference")

    @property
    def pagerduty_incident(self) -> str:
        """PagerDuty's own id of its incident, "" where the event is about something else."""
        about = self.data.get("id") if self.data.get("type") == "incident" else ""
        return about[:256] if isinstance(about, str) else ""

    @property
    def incident(self) -> str:
        """The id of our incident as far as the event itself says it, else "".

        The key is often null for alerts of the Events API v2; the client's address is told when one is triggered.
        """
        key = self.data.get("incident_key")
        found = _KEY.match(key) if isinstance(key, str) else None
        if found is None and self.client is not None and self.client.name == _CLIENT:
            found = _PAGE.search(self.client.url or "")
        return found[1] if found else ""

    @property
    def assignees(self) -> str:
        """The names of those it is assigned to now, in a list for people."""
        given = self.data.get("assignees")
        listed = given[:NAMES_MAX] if isinstance(given, list) else []
        named = [one.get("summary") for one in listed if isinstance(one, dict)]
        return ", ".join(name[:200] for name in named if isinstance(name, str)) or "nobody"


class Payload(BaseModel):
    """The body of one webhook."""

    event: Event


def signed(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Say whether one of the signatures in the header (`v1=HEX[,v1=HEX]`) is one of ours, compared in constant time."""
    given = [part.strip() for part in header.split(",")[:SIGNATURES_MAX]]
    found = False
    for secret in secrets:
        mine = f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}".encode()
        for one in given:
            found |= hmac.compare_digest(mine, one.encode("utf-8", "replace"))
    return found
