"""Ten thousand notices that wait, and one destination of fifty that hangs."""

import random
import resource
import time
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.audit import Json
from alerting.outbox import Delivery, Outcome, RetryRules, key_of
from alerting.route import Destination
from service.deliver import Deliver
from service.progress import Progress
from service.store.engine import open_store
from service.store.outbox import EACH_MAX
from service.store.records import put_delivery
from tests.alerting.examples import NOON

DESTINATIONS = 50
INCIDENTS = 200
PAYLOAD_CHARS = 5_000


class _Town:
    """Takes what it is sent everywhere but at one destination, which is silent until its time is over."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.hung = 0

    async def send(self, delivery: Delivery) -> Outcome:
        """Answer at once: the wait itself is for the tests of real connections."""
        if delivery.destination == "webhook:0":
            self.hung += 1
            return Outcome("retry", note="no answer within 15 s")
        self.taken.append(delivery.key)
        return Outcome("delivered")


@pytest.mark.slow
async def test_a_turn_over_ten_thousand_is_bounded_and_all_but_the_one_that_hangs_get_theirs(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60, durable=False)
    payload: dict[str, Json] = {"data": {"tier": "investigate", "text": "x" * PAYLOAD_CHARS}}
    with store.write() as connection:
        for number in range(DESTINATIONS):
            target = Destination(f"webhook:{number}", "webhook", "http://127.0.0.1:9/")
            for incident in (f"inc_{n:03}" for n in range(INCIDENTS)):
                key = key_of(incident, target.name, 0)
                put_delivery(connection, Delivery(key, incident, target.name, 0, "open", target, payload, NOON), 0)
    now = [NOON]
    town = _Town()
    worker = Deliver(
        store, {"webhook": town}, RetryRules(), "w", lambda: now[0], random.Random(1), Progress(),
        monotonic=lambda: now[0].timestamp(),
    )  # fmt: skip
    begun_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = []
    while len(town.taken) < (DESTINATIONS - 1) * INCIDENTS:
        began = time.monotonic()
        count = await worker.once()
        took.append(time.monotonic() - began)
        assert count <= DESTINATIONS * EACH_MAX
        now[0] += timedelta(seconds=1)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun_kb) / 1024

    assert len(set(town.taken)) == len(town.taken)
    assert len(took) <= INCIDENTS // EACH_MAX + 2, "every destination gets its whole share of each turn"
    assert town.hung <= len(took), "the one that hangs is tried once a turn at most"
    assert max(took) < 60
    assert grown_mb < 150
    store.close()
