"""Noticing that Kafka is silent: a client that hangs and a cluster that is down both look like no records."""

from collections.abc import Collection

from service.sources.errors import SourceFailed
from service.sources.kafka_consumer import REBALANCE_SECONDS
from service.sources.kafka_partition import Partition


class Watch:
    """Adds up seconds of polling without a sign of life; time in which nobody polled does not count.

    Raises SourceFailed when a partition neither moved nor was answered for, when the client did not come back from a
    drain (a rebalance may take REBALANCE_SECONDS by right), or when a topic is gone, for longer than the limit.
    """

    def __init__(self, stall_seconds_max: float) -> None:
        self._limit = stall_seconds_max
        self._unanswered_seconds = 0.0
        self._gone_seconds = 0.0

    def polled(
        self, seconds: float, *, answered: bool, partitions: Collection[Partition], gone: Collection[str]
    ) -> None:
        """Account for one poll that took this long."""
        limit = f"kafka.stall_seconds_max is {self._limit:g}"
        self._unanswered_seconds = 0.0 if answered else self._unanswered_seconds + seconds
        if self._unanswered_seconds > self._limit + REBALANCE_SECONDS:
            raise SourceFailed(f"the Kafka client has not answered for {self._unanswered_seconds:.0f} s; {limit}")
        self._gone_seconds = self._gone_seconds + seconds if gone else 0.0
        if self._gone_seconds > self._limit:
            raise SourceFailed(f"kafka.topics: {', '.join(sorted(gone))} is no longer there; {limit}")
        for partition in partitions:
            partition.still_seconds += seconds
            if partition.still_seconds > self._limit:
                raise SourceFailed(
                    f"{partition.name}: at offset {partition.next} of {partition.end} without progress or an answer "
                    f"for {partition.still_seconds:.0f} s; {limit}"
                )
