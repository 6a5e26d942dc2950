"""Records from Kafka: a consumer group shares the partitions, the store alone says where each one continues."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaConnectionError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from service.events.record import Batch
from service.settings import KafkaSettings
from service.sources.errors import SourceFailed
from service.sources.kafka_begin import begin, log_start, of_topic
from service.sources.kafka_consumer import make_consumer, words
from service.sources.kafka_counts import KafkaCounts
from service.sources.kafka_group import GroupOffsets
from service.sources.kafka_partition import Answer, Partition, hear, lost, partition_name, take, topic_partition
from service.sources.kafka_watch import Watch
from service.sources.source import Positions

log = logging.getLogger(__name__)

RECORDS_MAX = 1_000
"""Records of one poll."""

_START_SECONDS_MAX = 90.0
_STOP_SECONDS_MAX = 15.0
_GRACE_SECONDS = 0.25


class KafkaSource:
    """Reads the topics of `settings` as one member of its consumer group; see `Source` for the life of it.

    What the client does on its own is never trusted: records of a partition are dropped until it has been placed at
    the store's position, every batch must begin where the last one ended, offsets that are gone are booked as a gap,
    and a partition that gives no sign of life for `stall_seconds_max` of polling fails the source. One drain of the
    client may outlast a poll (during a rebalance it does); it is left running, because a cancelled one would switch
    off the client's own poll-interval check for good.

    `monotonic` gives seconds; `earlier` carries the counts over from the source that this one replaces.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        password: str | None,
        monotonic: Callable[[], float],
        worker: str,
        earlier: KafkaCounts | None = None,
        metadata_seconds: float = 30.0,
    ) -> None:
        self._settings = settings
        self._password = password
        self._monotonic = monotonic
        self._worker = worker
        self._metadata_seconds = metadata_seconds
        self._counts = KafkaCounts() if earlier is None else replace(earlier, rebuilds=earlier.rebuilds + 1)
        self._group = GroupOffsets(self._counts.commits, self._counts.commit_failures)
        self._consumer: AIOKafkaConsumer | None = None
        self._positions: Positions | None = None
        self._partitions: dict[TopicPartition, Partition] = {}
        self._known: frozenset[TopicPartition] = frozenset()
        self._rebalancing = False
        self._deal = 0
        self._draining: asyncio.Task[list[Answer]] | None = None
        self._watch = Watch(settings.stall_seconds_max)

    @property
    def name(self) -> str:
        return "kafka"

    def counts(self) -> KafkaCounts:
        """What has happened so far, as one consistent value."""
        return replace(self._counts, commits=self._group.commits, commit_failures=self._group.failures)

    async def start(self, positions: Positions) -> None:
        """Join the group; raises KafkaUnusable for settings that cannot work, SourceFailed for a cluster that does not.

        The topics must exist: a wrong name would otherwise read as a model without traffic.
        """
        settings = self._settings
        consumer = make_consumer(
            settings, password=self._password, worker=self._worker, metadata_seconds=self._metadata_seconds
        )
        self._consumer, self._positions = consumer, positions
        try:
            async with asyncio.timeout(_START_SECONDS_MAX):
                await self._join(consumer)
        except SourceFailed:
            raise
        except KafkaConnectionError as error:
            raise SourceFailed(
                f"kafka.bootstrap {settings.bootstrap}: no broker took us in with kafka.security {settings.security}; "
                "the line that aiokafka logged for each broker says whether it is the address, the certificate or the "
                "password"
            ) from error
        except Exception as error:
            raise SourceFailed(f"kafka.bootstrap {settings.bootstrap}: {words(error)}") from error

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        consumer, positions = self._running()
        began = self._monotonic()
        await self._place_new(consumer, positions)
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(consumer, timeout_seconds))
        await asyncio.wait({self._draining}, timeout=timeout_seconds + _GRACE_SECONDS)
        batches = await self._collect(consumer)
        self._watch.polled(
            self._monotonic() - began,
            answered=self._draining is None,
            partitions=self._partitions.values(),
            gone=[topic for topic in self._settings.topics if not consumer.partitions_for_topic(topic)],
        )
        return batches

    async def rewind(self, partition: str) -> None:
        self._count(rewinds=1)
        self._partitions.pop(topic_partition(partition), None)

    async def committed(self, positions: Mapping[str, int]) -> None:
        """Tell the group, for the lag tools that look there; one request at a time, later positions replace earlier."""
        if self._consumer is not None:
            self._group.tell(self._consumer, {topic_partition(name): offset for name, offset in positions.items()})

    def assigned(self) -> Mapping[str, bool]:
        """Say of each partition whether we stand at the broker's last known end (its high watermark)."""
        held = () if self._consumer is None else self._consumer.assignment()
        placed = {tp: self._partitions.get(tp) for tp in held}
        return {partition_name(tp): partition is not None and partition.read_to_end for tp, partition in placed.items()}

    def exhausted(self) -> bool:
        return False

    async def stop(self) -> None:
        """Leave the group; gives up on a broker that does not answer after 15 seconds."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        self._partitions.clear()
        await self._group.settle(_STOP_SECONDS_MAX)
        try:
            async with asyncio.timeout(_STOP_SECONDS_MAX):
                await consumer.stop()
        except Exception as error:
            log.warning("leaving kafka at %s: %s", self._settings.bootstrap, words(error))
        if self._draining is not None:
            # The consumer is closed, so that the one thing a cancelled drain would break is no longer there.
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)

    async def _join(self, consumer: AIOKafkaConsumer) -> None:
        topics = self._settings.topics
        await consumer.start()
        missing = sorted(set(topics) - await consumer.topics())
        if missing:
            raise SourceFailed(
                f"kafka.topics: {', '.join(missing)} is not at {self._settings.bootstrap}, or may not be read: "
                "create the topic or correct its name"
            )
        consumer.subscribe(topics=topics, listener=_Listener(self._revoked, self._given))
        while not all(consumer.partitions_for_topic(topic) for topic in topics):  # noqa: ASYNC110  # aiokafka has no event for it
            await asyncio.sleep(0.02)
        self._known = frozenset(tp for topic in topics for tp in of_topic(consumer, topic))

    async def _place_new(self, consumer: AIOKafkaConsumer, positions: Positions) -> None:
        """Put every partition we hold but have not placed at the store's position."""
        for tp in sorted(consumer.assignment() - self._partitions.keys()):
            if self._rebalancing:
                return
            deal = self._deal
            partition = await begin(
                consumer, tp, positions=positions, settings=self._settings, known=self._known, source=self.name
            )
            if self._deal != deal:
                # The partitions were dealt again while we asked: what we hold now is placed by the next poll.
                return
            consumer.seek(tp, partition.next)
            self._partitions[tp] = partition

    async def _drain(self, consumer: AIOKafkaConsumer, timeout_seconds: float) -> list[Answer]:
        try:
            given = await consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=RECORDS_MAX)
        except Exception:
            # aiokafka counts a fetch that raised as running for ever, and then never leaves a group it no longer polls.
            consumer._subscription._fetch_count -= 1
            raise
        # Nothing below suspends (a placed partition has a position), so that records and positions belong together.
        self._count(dropped=sum(len(records) for tp, records in given.items() if tp not in self._partitions))
        return [
            Answer(
                partition,
                given.get(tp, ()),
                await consumer.position(tp),
                consumer.highwater(tp),
                consumer.last_stable_offset(tp),
                consumer.last_poll_timestamp(tp),
            )
            for tp, partition in self._partitions.items()
        ]

    async def _collect(self, consumer: AIOKafkaConsumer) -> list[Batch]:
        """Turn the drain into batches when it is done; an answer for a partition that was placed anew is dropped."""
        if self._draining is None or not self._draining.done():
            return []
        drained, self._draining = self._draining, None
        try:
            answers = drained.result()
        except OffsetOutOfRangeError as error:
            return await self._book_lost(consumer, error.args[0])
        except NoOffsetForPartitionError:
            # The group has no offset for a partition that we were just about to place: ours is what counts.
            return []
        except Exception as error:
            raise SourceFailed(f"reading kafka at {self._settings.bootstrap}: {words(error)}") from error
        batches = []
        for answer in answers:
            if self._partitions.get(answer.partition.tp) is not answer.partition:
                self._count(dropped=len(answer.records))
            elif (batch := self._take(consumer, answer)) is not None:
                batches.append(batch)
        return batches

    def _take(self, consumer: AIOKafkaConsumer, answer: Answer) -> Batch | None:
        partition = answer.partition
        batch = take(self.name, answer)
        hear(answer, moved=batch is not None)
        if batch is not None:
            self._count(
                gaps=int(batch.gap > 0), gap_offsets=batch.gap, dropped=len(answer.records) - len(batch.records)
            )
        elif partition.doubted == partition.next:
            consumer.seek(partition.tp, partition.next)
            self._count(rereads=1)
        return batch

    async def _book_lost(self, consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> list[Batch]:
        batches = []
        for tp, offset in offsets.items():
            partition = self._partitions.get(tp)
            if partition is None or partition.next != offset:
                continue
            start = await log_start(consumer, tp)
            if self._partitions.get(tp) is not partition:
                continue
            if start <= offset:
                raise SourceFailed(
                    f"{partition.name}: the store continues at offset {offset}, which the broker does not have, and "
                    f"its log begins at {start}: the topic was made anew or its end was lost; read it under a new "
                    "topic name, or remove the partition's position from the store"
                )
            batch = lost(self.name, partition, start)
            consumer.seek(tp, start)
            self._count(gaps=1, gap_offsets=batch.gap)
            log.warning("%s: offsets %d to %d are gone from the broker unread", partition.name, offset, start - 1)
            batches.append(batch)
        return batches

    def _running(self) -> tuple[AIOKafkaConsumer, Positions]:
        if self._consumer is None or self._positions is None:
            raise RuntimeError("this source was not started, or was stopped: build another one")
        return self._consumer, self._positions

    def _revoked(self) -> None:
        self._rebalancing = True
        self._deal += 1
        self._partitions.clear()

    def _given(self) -> None:
        self._rebalancing = False
        self._deal += 1
        self._partitions.clear()
        self._count(rebalances=1)

    def _count(self, **more: int) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()})


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, revoked: Callable[[], None], given: Callable[[], None]) -> None:
        self._revoked, self._given = revoked, given

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._revoked()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._given()
