"""Sending simulated events to Kafka as a model service would: one JSON event per record, lz4, in batches."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError


async def make_topic(bootstrap: str, topic: str, *, partitions: int) -> None:
    """Make a topic, unless it is there, that keeps events however far back they are dated."""
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, topic_configs={"retention.ms": "-1"})
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        with suppress(TopicAlreadyExistsError):
            await admin.create_topics([new])
    finally:
        await admin.close()


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of batches, stopped at the end."""
    made = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="lz4", linger_ms=20, max_batch_size=262_144)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def send(to: AIOKafkaProducer, topic: str, batch: Sequence[dict[str, Any]]) -> None:
    """Send events keyed by their id and wait until the broker has them."""
    for event in batch:
        await to.send(topic, msgspec.json.encode(event), key=event["event_id"].encode(), timestamp_ms=event["time"])
    await to.flush()


async def fill(bootstrap: str, topic: str, values: Sequence[bytes], *, partitions: int) -> None:
    """Fill a topic with events as they are, dealt to its partitions in turn."""
    await make_topic(bootstrap, topic, partitions=partitions)
    async with producer(bootstrap) as to:
        for index, value in enumerate(values):
            await to.send(topic, value, partition=index % partitions, timestamp_ms=1_704_067_200_000 + index)
        await to.flush()
