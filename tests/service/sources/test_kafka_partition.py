"""The rule of contiguity, without a broker."""

import pytest
from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition

from service.events.record import Batch
from service.sources.kafka_partition import Answer, Partition, hear, lost, take, topic_partition


def partition_at(offset: int) -> Partition:
    return Partition(TopicPartition("t", 0), offset)


def given(offset: int, **changed: object) -> ConsumerRecord:
    plain: dict[str, object] = {
        "topic": "t", "partition": 0, "offset": offset, "timestamp": 1_700_000_000_000, "timestamp_type": 0,
        "key": None, "value": b"v", "checksum": None, "serialized_key_size": -1, "serialized_value_size": 1,
        "headers": (),
    }  # fmt: skip
    return ConsumerRecord(**{**plain, **changed})


def answer(partition: Partition, offsets: list[int], position: int, *, end: int = 100, asked_ms: int = 1) -> Answer:
    return Answer(partition, [given(offset) for offset in offsets], position, end, end, asked_ms)


def shape(batch: Batch | None) -> tuple[int, int, int, list[int]] | None:
    return None if batch is None else (batch.lo, batch.hi, batch.gap, [record.offset for record in batch.records])


def test_records_that_follow_on_make_a_batch() -> None:
    assert shape(take("kafka", answer(partition_at(5), [5, 6], 7))) == (5, 7, 0, [5, 6])


def test_offsets_missing_inside_an_answer_are_booked() -> None:
    assert shape(take("kafka", answer(partition_at(5), [5, 8], 10))) == (5, 10, 3, [5, 8])


def test_offsets_missing_at_the_front_are_doubted_once() -> None:
    partition = partition_at(5)
    assert (take("kafka", answer(partition, [8], 9)), partition.next, partition.doubted) == (None, 5, 5)


def test_offsets_missing_at_the_front_twice_are_booked() -> None:
    partition = partition_at(5)
    take("kafka", answer(partition, [8], 9))
    assert shape(take("kafka", answer(partition, [8], 9))) == (5, 9, 3, [8])


def test_records_that_come_back_after_a_doubt_are_not_lost() -> None:
    partition = partition_at(5)
    take("kafka", answer(partition, [8], 9))
    assert shape(take("kafka", answer(partition, [5, 6, 7, 8], 9))) == (5, 9, 0, [5, 6, 7, 8])


def test_a_position_that_moved_without_records_is_doubted_too() -> None:
    partition = partition_at(5)
    take("kafka", answer(partition, [], 7))
    assert (partition.doubted, shape(take("kafka", answer(partition, [], 7)))) == (5, (5, 7, 2, []))


def test_a_later_gap_is_doubted_again() -> None:
    partition = partition_at(5)
    take("kafka", answer(partition, [8], 9))
    take("kafka", answer(partition, [8], 9))
    assert take("kafka", answer(partition, [12], 13)) is None


def test_records_seen_before_are_dropped() -> None:
    assert shape(take("kafka", answer(partition_at(5), [3, 4, 5], 6))) == (5, 6, 0, [5])


def test_an_answer_that_moves_nothing_makes_no_batch() -> None:
    assert take("kafka", answer(partition_at(5), [], 5)) is None


def test_lost_offsets_are_booked_without_records() -> None:
    assert shape(lost("kafka", partition_at(5), 60)) == (5, 60, 55, [])


def test_the_known_end_goes_with_the_batch() -> None:
    batch = take("kafka", answer(partition_at(5), [5], 6, end=42))
    assert batch is not None
    assert batch.end == 42


def test_a_header_without_a_value_is_empty() -> None:
    one = Answer(partition_at(0), [given(0, headers=(("a", None), ("b", b"x")))], 1, 1, 1, 1)
    batch = take("kafka", one)
    assert batch is not None
    assert batch.records[0].headers == (("a", b""), ("b", b"x"))


@pytest.mark.parametrize(("timestamp", "time_ms"), [(1_700_000_000_000, 1_700_000_000_000), (-1, None), (None, None)])
def test_a_time_the_broker_does_not_know_is_none(timestamp: int | None, time_ms: int | None) -> None:
    batch = take("kafka", Answer(partition_at(0), [given(0, timestamp=timestamp)], 1, 1, 1, 1))
    assert batch is not None
    assert batch.records[0].time_ms == time_ms


def test_a_new_answer_at_the_end_is_a_sign_of_life() -> None:
    partition = partition_at(100)
    partition.still_seconds = 9.0
    hear(answer(partition, [], 100, asked_ms=2), moved=False)
    assert partition.still_seconds == 0.0


def test_the_same_answer_again_is_no_sign_of_life() -> None:
    partition = partition_at(100)
    hear(answer(partition, [], 100, asked_ms=2), moved=False)
    partition.still_seconds = 9.0
    hear(answer(partition, [], 100, asked_ms=2), moved=False)
    assert partition.still_seconds == 9.0


def test_a_new_answer_short_of_the_end_is_no_sign_of_life() -> None:
    partition = partition_at(50)
    partition.still_seconds = 9.0
    hear(answer(partition, [], 50, asked_ms=2), moved=False)
    assert partition.still_seconds == 9.0


def test_an_open_transaction_does_not_look_like_a_stall() -> None:
    partition = partition_at(50)
    partition.still_seconds = 9.0
    hear(Answer(partition, [], 50, 100, 50, 2), moved=False)
    assert partition.still_seconds == 0.0


def test_a_partition_is_read_to_its_end_only_on_the_brokers_word() -> None:
    partition = partition_at(0)
    assert not partition.read_to_end


def test_a_partitions_name_is_undone() -> None:
    assert topic_partition("model.events/12") == TopicPartition("model.events", 12)
