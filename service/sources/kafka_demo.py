"""Sending the demo's events to Kafka as a model service would: one JSON event per record, keyed by model."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError


async def open_producer(bootstrap: str, topic: str) -> Callable[[list[dict[str, Any]]], Awaitable[None]]:
    """Create the topic when it is not there and give a function that sends a batch and waits for the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    except TopicAlreadyExistsError:
        pass
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="lz4", linger_ms=20)
    await producer.start()

    async def send(batch: list[dict[str, Any]]) -> None:
        for event in batch:
            value = msgspec.json.encode(event)
            await producer.send(topic, value, key=event["event_id"].encode(), timestamp_ms=event["time"])
        await producer.flush()

    return send
