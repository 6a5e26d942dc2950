"""Notices in Microsoft Teams, by the address of a workflow that posts them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from alerting.errors import SecretError
from alerting.outbox import Delivery, Outcome
from alerting.sinks.call import Call, address_of
from alerting.sinks.teams_card import message
from alerting.sinks.told import told


@dataclass(frozen=True, slots=True)
class TeamsSink:
    """POSTs an Adaptive Card to a workflow's address, which is a secret as a whole: `delivery.target.address` names it.

    Its host is not looked at: it has changed before. A post cannot be changed, so an update sends nothing.
    """

    call: Call
    secret_of: Callable[[str], str]

    async def send(self, delivery: Delivery) -> Outcome:
        """Make one attempt."""
        if delivery.intent == "update":
            return Outcome("delivered", note="not posted: an update disturbs nobody, and a post cannot be changed")
        try:
            url = address_of(delivery.target.address, self.secret_of)
        except SecretError as fault:
            return Outcome("retry", note=str(fault), lost=True)
        content = message(told(delivery))
        answered = await self.call.post(url, content, {"content-type": "application/json"})
        if isinstance(answered, Outcome):
            return answered
        outcome = answered.outcome()
        if outcome.kind != "refused":
            return outcome
        # A workflow belongs to a person: when they leave, or switch it off, its address answers so.
        return replace(
            outcome, note=f"{outcome.note}: check that the workflow is on and who owns it, or make a new one"
        )
