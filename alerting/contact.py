"""From a contact as it is written to a destination with a name that tells nothing secret."""

import hashlib

from alerting.contact_wire import PAGERDUTY_REGIONS, WireContact
from alerting.route import Destination


def destination(party: str, contact: WireContact) -> Destination:
    """Name a contact of a party.

    The address may itself be a secret, so that the name holds only enough of its hash to tell two apart.
    """
    if contact.webhook is not None:
        return Destination(
            _name("webhook", party, contact.webhook.url), "webhook", contact.webhook.url, contact.webhook.secret
        )
    if contact.email is not None:
        return Destination(_name("email", party, contact.email), "email", contact.email)
    if contact.slack is not None:
        return Destination(
            _name("slack", party, contact.slack.channel), "slack", contact.slack.channel, contact.slack.token
        )
    if contact.teams is not None:
        return Destination(_name("teams", party, contact.teams), "teams", contact.teams)
    if contact.pagerduty is not None:
        address = PAGERDUTY_REGIONS[contact.pagerduty.region]
        return Destination(
            _name("pagerduty", party, contact.pagerduty.key), "pagerduty", address, contact.pagerduty.key
        )
    if contact.goalert is not None:
        return Destination(
            _name("goalert", party, contact.goalert.token), "goalert", contact.goalert.url, contact.goalert.token
        )
    if contact.alertmanager is not None:
        return Destination(_name("alertmanager", party, contact.alertmanager), "alertmanager", contact.alertmanager)
    if contact.apprise is not None:
        return Destination(_name("apprise", party, contact.apprise), "apprise", contact.apprise)
    return Destination(f"log:{party}:{contact.log}" if contact.log else f"log:{party}", "log", contact.log or party)


def _name(sink: str, party: str, address: str) -> str:
    return f"{sink}:{party}:{hashlib.sha256(address.encode()).hexdigest()[:8]}"
