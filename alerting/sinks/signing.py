"""Standard Webhooks 1.0: how a receiver knows that a message is ours, fresh, and not one it had before."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from alerting.errors import SecretError

SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64


def signed_headers(message_id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """Give the three headers for one attempt at `at`; the id stays the same over retries, the signature does not.

    `secret` is base64, with or without the prefix `whsec_`, of 24 to 64 bytes. Raises SecretError otherwise.
    """
    key = _key(secret)
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    advice = "make one with: echo whsec_$(openssl rand -base64 32)"
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise SecretError(f"the webhook's secret is not base64: {advice}") from fault
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise SecretError(
            f"the webhook's secret has {len(key)} bytes, not {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}: {advice}"
        )
    return key
