"""Telling the consumer group how far the store is: for lag tools only, nothing here ever decides what is read."""

import asyncio
import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from service.sources.kafka_consumer import REQUEST_SECONDS, words

log = logging.getLogger(__name__)


class GroupOffsets:
    """Commits in the background, one request at a time; what comes meanwhile is merged, so that nothing queues up."""

    def __init__(self, commits: int = 0, failures: int = 0) -> None:
        self.commits = commits
        self.failures = failures
        self._waiting: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None

    def tell(self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
        """Take {partition: next offset} and return at once."""
        self._waiting.update(positions)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit(consumer))

    async def settle(self, seconds_max: float) -> None:
        """Wait for the last commit, but not for ever."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds_max)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        while self._waiting:
            told, self._waiting = self._waiting, {}
            held = consumer.assignment()
            offsets = {tp: offset for tp, offset in told.items() if tp in held}
            if not offsets:
                continue
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    await consumer.commit(offsets)
                self.commits += 1
            except Exception as error:
                # Whatever the client says here must not stop the reading; the next commit carries the newer offsets.
                self.failures += 1
                log.info("offsets were not told to kafka: %s", words(error))
