"""One topic of a test: writing to it, and reading it through a KafkaSource as the pipeline would."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from service.events.record import Batch, Record
from service.settings import KafkaSettings
from service.sources.kafka import KafkaSource
from service.sources.source import Source
from tests.kafka.cluster import Cluster


@dataclass(slots=True)
class Topic:
    """A topic with a name of its own, and the positions a store would hold for it."""

    cluster: Cluster
    name: str
    positions: dict[str, int] = field(default_factory=dict)

    async def write(self, values: Sequence[bytes | None], partition: int = 0, compression: str | None = None) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.cluster.bootstrap, compression_type=compression, enable_idempotence=True
        ) as producer:
            for value in values:
                await producer.send(self.name, value, partition=partition, key=b"k")
            await producer.flush()

    async def write_transaction(self, values: Sequence[bytes], *, commit: bool) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.cluster.bootstrap, transactional_id=f"tx-{uuid.uuid4().hex}"
        ) as producer:
            await producer.begin_transaction()
            for value in values:
                await producer.send_and_wait(self.name, value, partition=0)
            await (producer.commit_transaction() if commit else producer.abort_transaction())

    async def leader(self) -> int:
        """Give the node that leads partition 0."""
        async with self.cluster.admin() as admin:
            return int((await admin.describe_topics([self.name]))[0]["partitions"][0]["leader"])

    async def position(self, source: str, partition: str) -> int | None:
        """Answer a source as the store would."""
        return self.positions.get(partition)

    def store(self, batches: Sequence[Batch]) -> None:
        """Commit batches as the store would: what was read once is not given out again."""
        self.positions.update({batch.partition: batch.hi for batch in batches})

    def settings(self, **changed: object) -> KafkaSettings:
        plain: Mapping[str, object] = {
            "bootstrap": self.cluster.bootstrap,
            "topics": (self.name,),
            "group": f"group-{self.name}",
            "session_timeout_seconds": 6,
        }
        return KafkaSettings.model_validate({**plain, **changed})

    def source(self, worker: str = "w1", **changed: object) -> KafkaSource:
        return KafkaSource(
            self.settings(**changed), password=None, monotonic=time.monotonic, worker=worker, metadata_seconds=1.0
        )

    @asynccontextmanager
    async def reading(self, worker: str = "w1", **changed: object) -> AsyncIterator[KafkaSource]:
        """Give a started source and stop it afterwards."""
        source = self.source(worker, **changed)
        try:
            await source.start(self.position)
            yield source
        finally:
            await source.stop()


@asynccontextmanager
async def new_topic(
    cluster: Cluster, partitions: int = 1, replicas: int = 1, configs: Mapping[str, str] | None = None
) -> AsyncIterator[Topic]:
    """Create a topic and delete it at the end."""
    topic = Topic(cluster, f"t-{uuid.uuid4().hex[:12]}")
    await cluster.create(topic.name, partitions, replicas, configs)
    yield topic
    await cluster.delete(topic.name)


async def read_until(
    source: Source, enough: Callable[[list[Batch]], bool], *, poll_seconds: float = 0.2, seconds_max: float = 30
) -> list[Batch]:
    """Poll until the batches are enough; fails with what had come when that takes too long."""
    batches: list[Batch] = []
    give_up = time.monotonic() + seconds_max
    while not enough(batches):
        if time.monotonic() > give_up:
            raise AssertionError(f"not enough after {seconds_max} s: {summary(batches)}")
        batches.extend(await source.poll(poll_seconds))
        await asyncio.sleep(0)
    return batches


async def read_to(source: Source, offset: int, partition: str | None = None, **limits: float) -> list[Batch]:
    """Poll until one partition (the only one, if unnamed) has been delivered up to this offset."""

    def there(batches: list[Batch]) -> bool:
        return any(batch.hi >= offset for batch in batches if partition in (None, batch.partition))

    return await read_until(source, there, **limits)


def records(batches: Sequence[Batch]) -> list[Record]:
    """All records in the order they were delivered."""
    return list(itertools.chain.from_iterable(batch.records for batch in batches))


def values(batches: Sequence[Batch]) -> list[bytes | None]:
    """The values of all records in the order they were delivered."""
    return [record.value for record in records(batches)]


def summary(batches: Sequence[Batch]) -> list[tuple[str, int, int, int, int]]:
    """Say of each batch its partition, lo, hi, gap and number of records."""
    return [(batch.partition, batch.lo, batch.hi, batch.gap, len(batch.records)) for batch in batches]
