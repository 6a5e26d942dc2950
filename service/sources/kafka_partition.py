"""Where one Kafka partition stands, and the rule that turns what the client handed over into a contiguous batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition

from service.events.record import Batch, Record


@dataclass(slots=True, eq=False)
class Partition:
    """A partition that has been placed at the store's position; a rebalance or a rewind makes a new one."""

    tp: TopicPartition
    next: int
    end: int | None = None
    asked_ms: int | None = None
    """The client's time stamp of the broker's last answer; only ever compared with itself."""
    doubted: int | None = None
    """The offset at which a gap was seen once and is now being read again."""
    still_seconds: float = 0.0
    """Seconds of polling without a sign of life from this partition."""

    @property
    def name(self) -> str:
        return partition_name(self.tp)

    @property
    def read_to_end(self) -> bool:
        return self.end is not None and self.next >= self.end


@dataclass(frozen=True, slots=True)
class Answer:
    """What one drain of the client gave for one partition: its records, its new position, the broker's ends."""

    partition: Partition
    records: Sequence[ConsumerRecord]
    position: int
    end: int | None
    stable_end: int | None
    asked_ms: int | None


def take(source: str, answer: Answer) -> Batch | None:
    """Move the partition on by one answer; None when nothing moved or when the range must be read again.

    An answer that skips offsets at its front is believed only the second time it is seen at the same offset: offsets
    go missing for good reasons (compaction, aborted transactions, transaction markers), and also when a client loses
    records it had buffered. The caller seeks back to `partition.next` when `doubted` has been set to it.
    """
    partition = answer.partition
    partition.end = answer.end
    lo, hi = partition.next, answer.position
    fresh = [record for record in answer.records if record.offset >= lo]
    if hi <= lo:
        return None
    skips = not fresh or fresh[0].offset > lo
    if skips and partition.doubted != lo:
        partition.doubted = lo
        return None
    partition.doubted = None
    partition.next = hi
    records = tuple(map(_record, fresh))
    return Batch(source, partition.name, lo, hi, records, hi - lo - len(records), answer.end)


def hear(answer: Answer, *, moved: bool) -> None:
    """Reset the partition's stillness when it moved, or when the broker answered anew that there is nothing to read.

    "Nothing to read" ends at the last stable offset: an open transaction holds us up and is no fault of ours.
    """
    partition = answer.partition
    readable = answer.end if answer.stable_end is None else answer.stable_end
    at_end = readable is not None and partition.next >= readable
    if moved or (at_end and answer.asked_ms != partition.asked_ms):
        partition.still_seconds = 0.0
    partition.asked_ms = answer.asked_ms


def partition_name(tp: TopicPartition) -> str:
    """Name a partition as the store and the metrics do.

    >>> partition_name(TopicPartition("model-events", 3))
    'model-events/3'
    """
    return f"{tp.topic}/{tp.partition}"


def topic_partition(name: str) -> TopicPartition:
    """Undo `partition_name`; a topic's name holds no slash."""
    topic, partition = name.rsplit("/", 1)
    return TopicPartition(topic, int(partition))


def lost(source: str, partition: Partition, start: int) -> Batch:
    """Book the offsets before `start`, which the broker no longer has, and move the partition on to it."""
    lo = partition.next
    partition.next = start
    return Batch(source, partition.name, lo, start, (), start - lo, partition.end)


def _record(given: ConsumerRecord) -> Record:
    headers = tuple((name, value or b"") for name, value in given.headers) if given.headers else ()
    time_ms = given.timestamp if given.timestamp is not None and given.timestamp >= 0 else None
    return Record(given.offset, given.value, headers, given.key, time_ms)
