"""Every kind of destination there is, chosen once."""

import asyncio
from collections.abc import Callable

from alerting.outbox import Delivery
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.apprise import AppriseSink
from alerting.sinks.call import Call
from alerting.sinks.email import EmailSink, MailServer
from alerting.sinks.goalert import GoAlertSink
from alerting.sinks.log import LogSink
from alerting.sinks.loopback import LoopbackSink
from alerting.sinks.pagerduty import PagerDutySink
from alerting.sinks.ringing import Earlier
from alerting.sinks.sink import Sink
from alerting.sinks.slack import SlackSink
from alerting.sinks.teams import TeamsSink
from alerting.sinks.webhook import WebhookSink
from service.canary import arrivals_in
from service.store.engine import Store
from service.store.lines import tried_before


def sinks(
    call: Call, secret_of: Callable[[str], str], server: MailServer, store: Store, alertmanager: AlertmanagerSink
) -> dict[str, Sink]:
    """Give the sink of each kind by its name; `alertmanager` is shared with whoever sends its alerts again."""
    earlier = earlier_in(store)
    return {
        "log": LogSink(),
        "webhook": WebhookSink(call, secret_of),
        "email": EmailSink(server, secret_of, call.wall, call.seconds_max),
        "slack": SlackSink(call, secret_of),
        "teams": TeamsSink(call, secret_of),
        "pagerduty": PagerDutySink(call, secret_of, earlier),
        "goalert": GoAlertSink(call, secret_of, earlier),
        "alertmanager": alertmanager,
        "apprise": AppriseSink(secret_of, call.seconds_max),
        "loopback": LoopbackSink(arrivals_in(store)),
    }


def earlier_in(store: Store) -> Earlier:
    """Look up in a store what was tried on a line before a delivery."""

    def read(delivery: Delivery) -> list[Delivery]:
        with store.read() as connection:
            return tried_before(connection, delivery)

    async def earlier(delivery: Delivery) -> list[Delivery]:
        return await asyncio.to_thread(read, delivery)

    return earlier
