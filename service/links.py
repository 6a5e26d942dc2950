"""Signed links put into a message as it is sent, so that no copy of one is ever stored."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from alerting.audit import Json
from alerting.errors import SecretError
from alerting.links import WORDS, key_of, offers, sign
from alerting.outbox import Delivery
from alerting.route import LINKED
from service.settings import ApiSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Links:
    """Adds to `data.links` what a notice's reader may do with one click and a confirmation; `secret_of` finds the key.

    Every attempt at a delivery carries the same ones. Without `api.link_key` and `api.public_url` there are none.
    """

    api: ApiSettings
    secret_of: Callable[[str], str]

    def __call__(self, delivery: Delivery) -> Delivery:
        """Give the delivery with its links; a key that cannot be had is logged, and the alert goes out without."""
        about = delivery.payload.get("data")
        api = self.api
        if api.link_key is None or not api.public_url or delivery.target.sink not in LINKED:
            return delivery
        offered = offers(delivery, api.link_hours)
        if not offered or not isinstance(about, dict):
            return delivery
        try:
            key = key_of(self.secret_of(api.link_key))
        except SecretError as fault:
            log.error("notices go out without links to acknowledge by: %s", fault)
            return delivery
        links = about.get("links")
        every: list[Json] = list(links) if isinstance(links, list) else []
        for offer in offered:
            url = f"{api.public_url.rstrip('/')}/respond/{sign(offer, key)}"
            every.append({"text": WORDS[offer.action], "url": url, "action": offer.action})
        return replace(delivery, payload={**delivery.payload, "data": {**about, "links": every}})
