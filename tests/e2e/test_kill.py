"""Two real workers, a real broker, one `kill -9`: the books balance and the panes are those of an undisturbed run."""

import os
import signal
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from benchmarks.simulated import MODEL, VERSION, baseline, records
from service.store.changes import ModelKey
from service.store.learning import put_baseline
from service.store.verify import verify_ledger
from tests.e2e.workers import Site, pane_rows, records_read, site, until, worker
from tests.kafka.cluster import Cluster

EVENTS = 200_000
PARTITIONS = 4
BEGIN_MS = 1_704_067_200_000


async def _fill(cluster: Cluster, topic: str) -> None:
    # The events are dated years back, and without this the broker would soon delete them as expired.
    await cluster.create(topic, PARTITIONS, configs={"retention.ms": "-1"})
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap, compression_type="lz4", linger_ms=50, max_batch_size=262_144
    )
    await producer.start()
    try:
        played = records(EVENTS, seed=5, begin_ms=BEGIN_MS, events_per_second=200)
        for index, value in enumerate(played):
            await producer.send(topic, value, partition=index % PARTITIONS, timestamp_ms=BEGIN_MS + index * 5)
        await producer.flush()
    finally:
        await producer.stop()


def _site(folder: Path, cluster: Cluster, topic: str, group: str) -> Site:
    kafka = {"bootstrap": cluster.bootstrap, "topics": [topic], "group": group, "session_timeout_seconds": 6}
    made = site(folder, {"kafka": kafka, "time": {"lateness_seconds": 3600}})
    with made.store.write() as connection:
        put_baseline(connection, ModelKey("prediction", MODEL, VERSION), baseline(), "test", BEGIN_MS)
    return made


@pytest.mark.kafka
@pytest.mark.slow
async def test_a_kill_in_the_middle_changes_not_one_bit(kafka: Cluster, tmp_path: Path) -> None:
    await _fill(kafka, "kill")
    calm = _site(tmp_path / "calm", kafka, "kill", "calm")
    struck = _site(tmp_path / "struck", kafka, "kill", "struck")

    with worker(calm, "only"):
        until(lambda: records_read(calm.store) == EVENTS, 120, "the undisturbed run reads everything")
    with worker(struck, "first") as first, worker(struck, "second"):
        until(lambda: records_read(struck.store) > EVENTS // 5, 60, "a fifth is read")
        os.kill(first.pid, signal.SIGKILL)
        assert records_read(struck.store) < EVENTS, "the kill came before the end"
        until(lambda: records_read(struck.store) == EVENTS, 120, "the second worker takes over and reads the rest")

    assert [verdict.faults for verdict in verify_ledger(struck.store)] == [()] * PARTITIONS
    assert pane_rows(struck.store) == pane_rows(calm.store)
    assert sum(events for events, _, _ in pane_rows(struck.store).values()) == EVENTS
