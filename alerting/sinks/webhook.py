"""Notices as signed webhooks: whoever receives them can prove where they came from and ignore repeats."""

from collections.abc import Callable
from dataclasses import dataclass

from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome
from alerting.sinks.body import body
from alerting.sinks.call import Call, address_of
from alerting.sinks.signing import signed_headers


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """POSTs a signed body; addresses and secrets are looked up by `secret_of` at each attempt.

    Only 2xx is success, and the answer's body is not read.
    """

    call: Call
    secret_of: Callable[[str], str]

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt."""
        content = body(delivery.payload)
        try:
            url = address_of(delivery.target.address, self.secret_of)
            secret = self.secret_of(delivery.target.secret)
            headers = signed_headers(f"msg_{delivery.key.replace('-', '')}", self.call.wall(), content, secret)
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        answered = await self.call.post(url, content, {**headers, "content-type": "application/json"})
        return answered if isinstance(answered, Outcome) else answered.outcome()
