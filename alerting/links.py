"""Signed links: what whoever holds one may do about an incident, once and until a time, without a token. Pure.

A link is base64url(offer).base64url(HMAC-SHA256 of that under a key), as JSON Web Signatures are built (RFC 7515), with
one algorithm and nothing to choose. It is bearer authority: it is made for one message to one party and never stored.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, get_args

from alerting.audit import Json
from alerting.errors import LinkRefused, SecretError
from alerting.outbox import Delivery

LinkAction: TypeAlias = Literal["ack", "release", "close"]

WORDS: dict[LinkAction, str] = {"ack": "Acknowledge", "release": "Release", "close": "Close"}
"""What a link is called where it is shown."""

OFFERED = frozenset({"open", "raise", "remind"})
"""Intents that ask somebody to do something; the others ask for nothing, so they carry no links."""

KEY_BYTES_MIN = 32
TOKEN_CHARS_MAX = 2_000
"""Longer ones are refused unread; ours have some 400."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """What one link is for. `tier` and `seq` are those of the notice it came with, `nonce` makes it a single one."""

    incident: str
    action: LinkAction
    tier: str
    party: str
    destination: str
    seq: int
    expires: datetime
    nonce: str


def key_of(secret: str) -> bytes:
    """Give the key that a secret is; raises SecretError where it is too short to keep anybody out."""
    key = secret.encode()
    if len(key) < KEY_BYTES_MIN:
        raise SecretError(
            f"the key of links has {len(key)} bytes and needs {KEY_BYTES_MIN}: make one with: openssl rand -base64 32"
        )
    return key


def offers(delivery: Delivery, hours: float) -> Sequence[Offer]:
    """Say what a delivery's reader is offered: the same on every attempt, and nothing where nothing is asked.

    Of what somebody holds already, to give it back; of what has recovered, only to close it. The hours count from the
    first attempt, since quiet hours may hold a notice back for days.
    """
    about = delivery.payload.get("data")
    if delivery.intent not in OFFERED or not isinstance(about, dict):
        return ()
    standing = about.get("standing")
    actions = _actions(standing if isinstance(standing, dict) else {})
    begun = delivery.tried_at or datetime.fromisoformat(str(delivery.payload["timestamp"]))
    expires = (begun + timedelta(hours=hours)).replace(microsecond=0)
    return [
        Offer(
            delivery.incident_id, action, str(about["tier"]), str(about["party"]), delivery.destination, delivery.seq,
            expires, _nonce(delivery.key, action),
        )
        for action in actions
    ]  # fmt: skip


def sign(offer: Offer, key: bytes) -> str:
    """Write an offer as the token of its link."""
    fields = [
        _VERSION, offer.incident, offer.action, offer.tier, offer.party, offer.destination, offer.seq,
        int(offer.expires.timestamp()), offer.nonce,
    ]  # fmt: skip
    content = _encoded(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{content}.{_signature(content, key)}"


def read(token: str, key: bytes, now: datetime) -> Offer:
    """Read a token; raises LinkRefused where it is not ours ("forged") or its time is over ("expired")."""
    content, _, signature = token[:TOKEN_CHARS_MAX].partition(".")
    # Bytes are compared, since text that is not ASCII cannot be; the signature is made whatever was sent.
    if not hmac.compare_digest(_signature(content, key).encode(), signature.encode("utf-8", "replace")):
        raise LinkRefused("forged", "This link is not one of ours, or only a part of one")
    offer = _offer(content)
    if now >= offer.expires:
        raise LinkRefused("expired", f"This link has expired at {offer.expires:%Y-%m-%d %H:%M} UTC", offer.incident)
    return offer


def _offer(content: str) -> Offer:
    """Read what was signed: only a key that another release used too can have signed anything else."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
        version, incident, action, tier, party, destination, seq, expires, nonce = fields
        if version != _VERSION or action not in get_args(LinkAction):
            raise ValueError(version)
        until = datetime.fromtimestamp(int(expires), UTC)
        return Offer(str(incident), action, str(tier), str(party), str(destination), int(seq), until, str(nonce))
    except (binascii.Error, ValueError, TypeError, OverflowError) as fault:
        raise LinkRefused("forged", "This link was made by another release of this service") from fault


def _actions(standing: dict[str, Json]) -> Sequence[LinkAction]:
    if standing.get("condition") == "ok":
        return ("close",)
    return ("release", "close") if standing.get("handling") in ("acked", "silenced") else ("ack", "close")


def _nonce(delivery_key: str, action: LinkAction) -> str:
    return hashlib.sha256(f"{delivery_key}|{action}".encode()).hexdigest()[:32]


def _signature(content: str, key: bytes) -> str:
    return _encoded(hmac.new(key, b"driftwarden link\n" + content.encode("utf-8", "replace"), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
