"""What producers do wrong ends in its documented place, and costs the healthy events beside it nothing."""

import signal
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from service.store.changes import Outcomes
from service.store.partitions import dead_reasons
from service.store.verify import verify_ledger
from tests.e2e.bad_input import HEALTHY, Values, books, buried, counted, events, mixed, values, watch
from tests.e2e.serving import ended, serving
from tests.e2e.workers import records_read, site, until, worker
from tests.kafka.cluster import Cluster


async def _send(cluster: Cluster, topic: str, records: list[bytes | None]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap, max_request_size=8_000_000, linger_ms=50
    ) as producer:
        for value in records:
            await producer.send(topic, value, key=b"k", partition=0)
        await producer.flush()


@pytest.mark.kafka
async def test_bad_records_from_kafka_end_in_their_places(kafka: Cluster, tmp_path: Path) -> None:
    await kafka.create("bad-input", 1, configs={"max.message.bytes": "8000000"})
    now = round(time.time() * 1000)
    records = [*mixed(now), None]
    await _send(kafka, "bad-input", records)
    made = site(
        tmp_path,
        {"kafka": {"bootstrap": kafka.bootstrap, "topics": ["bad-input"]}, "baseline": {"learn": False}},
    )
    watch(made.store)

    with worker(made, "worker"):
        until(lambda: records_read(made.store) == len(records), 60, "everything is read")

    dead = dict.fromkeys(buried(now), 1) | {"tombstone": 1}
    accepted = HEALTHY + len(counted(now))
    assert dead_reasons(made.store) == dead
    assert books(made.store) == Outcomes(accepted=accepted, duplicate=1, late=1, dead=len(dead))
    assert [verdict.faults for verdict in verify_ledger(made.store)] == [()]
    assert events(made.store) == accepted
    assert values(made.store, "amount") == Values(missing=1, not_finite=1, wrong_type=1)


def test_bad_events_by_http_end_in_their_places(tmp_path: Path) -> None:
    now = round(time.time() * 1000)
    sent = mixed(now)
    at = serving(tmp_path, baseline={"learn": False})
    watch(at.site.store)

    with worker(at.site, "worker") as process:
        until(at.answers, 60, "the worker is ready")
        taken = [at.post(body).status_code for body in _bodies(sent)]
        refused = [at.post(b"x" * 5_242_881).status_code, at.post(b"").status_code]
        until(lambda: records_read(at.site.store) == len(sent), 30, "everything is read")
        process.send_signal(signal.SIGTERM)
        code = ended(process, 30)

    dead = dict.fromkeys(buried(now), 1)
    accepted = HEALTHY + len(counted(now))
    assert (set(taken), refused, code) == ({200}, [413, 400], 0)
    assert dead_reasons(at.site.store) == dead
    assert books(at.site.store) == Outcomes(accepted=accepted, duplicate=1, late=1, dead=len(dead))
    assert [verdict.faults for verdict in verify_ledger(at.site.store)] == [()]
    assert values(at.site.store, "amount") == Values(missing=1, not_finite=1, wrong_type=1)


def _bodies(sent: list[bytes]) -> list[bytes]:
    """Requests of many events each; the largest event needs one of its own."""
    small = [value for value in sent if len(value) < 1_000_000]
    large = [value for value in sent if len(value) >= 1_000_000]
    return [b"\n".join(small[begin : begin + 200]) for begin in range(0, len(small), 200)] + large
