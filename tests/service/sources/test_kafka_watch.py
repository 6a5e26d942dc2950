"""The watch over silence, without a broker."""

import pytest
from aiokafka.structs import TopicPartition

from service.sources.errors import SourceFailed
from service.sources.kafka_partition import Partition
from service.sources.kafka_watch import Watch


def test_a_partition_without_a_sign_of_life_fails() -> None:
    watch, partition = Watch(60), Partition(TopicPartition("t", 3), 40, end=50)
    watch.polled(60, answered=True, partitions=[partition], gone=[])
    with pytest.raises(SourceFailed) as raised:
        watch.polled(1, answered=True, partitions=[partition], gone=[])
    assert str(raised.value) == (
        "t/3: at offset 40 of 50 without progress or an answer for 61 s; kafka.stall_seconds_max is 60"
    )


def test_a_rebalance_may_take_its_time() -> None:
    watch = Watch(60)
    watch.polled(120, answered=False, partitions=[], gone=[])
    with pytest.raises(SourceFailed, match="client has not answered for 121 s"):
        watch.polled(1, answered=False, partitions=[], gone=[])


def test_an_answer_ends_the_clients_silence() -> None:
    watch = Watch(60)
    watch.polled(120, answered=False, partitions=[], gone=[])
    watch.polled(1, answered=True, partitions=[], gone=[])
    watch.polled(120, answered=False, partitions=[], gone=[])


def test_a_topic_that_comes_back_in_time_is_no_failure() -> None:
    watch = Watch(60)
    watch.polled(50, answered=True, partitions=[], gone=["t"])
    watch.polled(1, answered=True, partitions=[], gone=[])
    watch.polled(50, answered=True, partitions=[], gone=["t"])


def test_topics_that_stay_away_are_named() -> None:
    with pytest.raises(SourceFailed, match="a, b is no longer there"):
        Watch(60).polled(61, answered=True, partitions=[], gone=["b", "a"])
