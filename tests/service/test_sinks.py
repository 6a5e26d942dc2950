"""The kinds of destination: each that a table may name can be sent to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import httpx2

from alerting.route import SinkName
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.call import Call
from service.mail_server import mail_server
from service.settings import SmtpSettings
from service.sinks import earlier_in, sinks
from service.store.engine import open_store
from service.store.records import ms, put_delivery
from tests.alerting.sinks.story import line, risen
from tests.alerting.sinks.test_pagerduty import TARGET


async def test_every_kind_that_a_table_may_name_has_a_sink(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    async with httpx2.AsyncClient(trust_env=False) as client:
        call = Call(client, lambda: datetime.now(UTC))
        alertmanager = AlertmanagerSink(call, str, earlier_in(store))

        assert set(sinks(call, str, mail_server(SmtpSettings()), store, alertmanager)) == set(get_args(SinkName))


async def test_what_was_told_before_is_what_was_tried_on_the_same_line(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    told = line(risen(), TARGET)
    waiting = line(risen(), TARGET, state="pending")
    with store.write() as connection:
        for delivery in (*told[:2], *waiting[2:]):
            put_delivery(connection, delivery, ms(delivery.next_at))

    assert list(await earlier_in(store)(waiting[4])) == told[:2]
