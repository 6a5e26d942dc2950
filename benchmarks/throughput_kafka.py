"""The same events read from a Kafka broker: client, decode, fold and store together."""

import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from benchmarks.prepared import owners, prepared
from service.build import line
from service.sources.kafka import KafkaSource
from service.sources.kafka_demo import fill
from service.store.engine import Store
from service.store.partitions import partitions
from service.store.verify import verify_ledger

PARTITIONS = 4
SECONDS_MAX = 300.0


def kafka_to_store(
    values: Sequence[bytes], bootstrap: str, runs: int, folder: Path | None
) -> list[tuple[float, float]]:
    """(CPU seconds, wall seconds) per run, from the group's first poll to the last record's commit."""
    topic = f"benchmark-{uuid.uuid4().hex[:8]}"
    asyncio.run(fill(bootstrap, topic, values, partitions=PARTITIONS))
    measured = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            measured.append(asyncio.run(_run(bootstrap, topic, len(values), Path(place))))
    return measured


async def _run(bootstrap: str, topic: str, events: int, folder: Path) -> tuple[float, float]:
    settings, store = prepared(
        folder,
        kafka={"bootstrap": bootstrap, "topics": [topic], "group": f"benchmark-{uuid.uuid4().hex[:8]}"},
        time={"lateness_seconds": 3_600},
    )
    ownership = owners()
    parts = line(
        settings, store, lambda: ownership, wall_ms=lambda: round(time.time() * 1000), monotonic=time.monotonic
    )
    stop = asyncio.Event()
    source = KafkaSource(settings.kafka, password=None, monotonic=time.monotonic, worker="benchmark")
    reading = asyncio.create_task(parts.watch(lambda: source).run(stop))
    # Joining the group takes the broker's time, not ours: the clock starts with the first record.
    while not parts.progress.records and not reading.done():  # noqa: ASYNC110  # Progress is numbers, not events.
        await asyncio.sleep(0.005)
    cpu, wall = time.process_time(), time.perf_counter()
    while not reading.done() and time.perf_counter() - wall < SECONDS_MAX:
        if parts.progress.records >= events and _stored(store) >= events:
            break
        await asyncio.sleep(0.02)
    spent = time.process_time() - cpu, time.perf_counter() - wall
    stop.set()
    await reading
    verdicts = verify_ledger(store)
    assert sum(verdict.records for verdict in verdicts) == events, "every record was read, or the figure is void"
    assert all(not verdict.faults for verdict in verdicts), "the books must balance, or the figure is void"
    return spent


def _stored(store: Store) -> int:
    return sum(partition.next - partition.begin for partition in partitions(store))
