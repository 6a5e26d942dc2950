"""Where reading a Kafka partition begins: at the store's offset, and what to do when the store has none."""

from collections.abc import Awaitable, Collection
from typing import TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from service.settings import KafkaSettings
from service.sources.errors import SourceFailed
from service.sources.kafka_consumer import words
from service.sources.kafka_partition import Partition, partition_name
from service.sources.source import Positions

_T = TypeVar("_T")


async def begin(
    consumer: AIOKafkaConsumer,
    tp: TopicPartition,
    *,
    positions: Positions,
    settings: KafkaSettings,
    known: Collection[TopicPartition],
    source: str,
) -> Partition:
    """Give the partition at the offset it continues from; raises SourceFailed when the broker cannot be asked.

    `known` are the partitions there were when this source started. One that is newer, or that the store does not know
    while it knows another of the same topic, was added after we began to read the topic: all of its records are ours.
    """
    stored = await positions(source, partition_name(tp))
    if stored is not None:
        return Partition(tp, stored)
    if settings.begin == "earliest" or tp not in known:
        return Partition(tp, await log_start(consumer, tp))
    for sibling in of_topic(consumer, tp.topic):
        if sibling != tp and await positions(source, partition_name(sibling)) is not None:
            return Partition(tp, await log_start(consumer, tp))
    return Partition(tp, await _asked(_anchored_end(consumer, tp), tp))


async def log_start(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int:
    """Ask the broker for the first offset it still has."""
    return int((await _asked(consumer.beginning_offsets([tp]), tp))[tp])


def of_topic(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """List the partitions of a topic that the client knows of, in order."""
    return [TopicPartition(topic, partition) for partition in sorted(consumer.partitions_for_topic(topic) or ())]


async def _anchored_end(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int:
    """Give the end of the log at our very first start.

    It is put down in the consumer group: without it, a restart before the first record was stored would choose a
    later end and lose what was written in between.
    """
    anchored = await consumer.committed(tp)
    if anchored is not None:
        return int(anchored)
    end = int((await consumer.end_offsets([tp]))[tp])
    await consumer.commit({tp: end})
    return end


async def _asked(answer: Awaitable[_T], tp: TopicPartition) -> _T:
    try:
        return await answer
    except (KafkaError, OSError, TimeoutError) as error:
        raise SourceFailed(f"asking kafka where {partition_name(tp)} begins: {words(error)}") from error
