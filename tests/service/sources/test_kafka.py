"""Reading one real broker: begin, continue, gaps, transactions, codecs, bad bytes."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from service.sources.errors import SourceFailed
from service.sources.kafka import KafkaSource
from tests.components.need import lacking
from tests.kafka.cluster import Cluster
from tests.kafka.topic import Topic, new_topic, read_to, read_until, records, summary, values

pytestmark = pytest.mark.kafka


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


async def commit_to_group(topic: Topic, offset: int) -> None:
    """Put an offset into the consumer group that our store knows nothing of."""
    tp = TopicPartition(topic.name, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=topic.cluster.bootstrap, group_id=topic.settings().group)
    await consumer.start()
    consumer.assign([tp])
    await consumer.commit({tp: offset})
    await consumer.stop()


def running_fetches(source: KafkaSource) -> int:
    """Look at the client's count of running fetches: while it is above zero, the client believes that it is polled."""
    assert source._consumer is not None
    return int(source._consumer._subscription._fetch_count)


async def test_a_record_keeps_its_bytes_key_and_time(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write([b"\xff\x00not utf-8"])
        record = records(await read_to(source, 1))[0]
        assert (record.offset, record.value, record.key, record.time_ms is not None) == (
            0,
            b"\xff\x00not utf-8",
            b"k",
            True,
        )


async def test_a_tombstone_is_a_record_without_a_value(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write([None, b"", b"x"])
        assert values(await read_to(source, 3)) == [None, b"", b"x"]


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_read(kafka: Cluster, compression: str) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write(numbered(500), compression=compression)
        assert values(await read_to(source, 500)) == numbered(500)


async def test_a_record_larger_than_the_fetch_limit_is_not_stepped_over(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading(record_bytes_max=1024) as source:
        large = b"x" * 900_000
        await topic.write([b"a", large, b"b"])
        assert values(await read_to(source, 3)) == [b"a", large, b"b"]


async def test_the_stores_position_wins_over_the_groups(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(100))
        await commit_to_group(topic, 60)
        topic.positions[f"{topic.name}/0"] = 10
        async with topic.reading() as source:
            batches = await read_to(source, 100)
            assert (batches[0].lo, values(batches)) == (10, numbered(90, first=10))


async def test_nothing_is_delivered_before_the_partition_is_placed(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(100))
        await commit_to_group(topic, 60)
        source = topic.source()

        async def slow(_source: str, _partition: str) -> int | None:
            # The client fetches from the group's offset on its own; the store answers only after it has done so.
            consumer = source._consumer
            assert consumer is not None
            while consumer.highwater(TopicPartition(topic.name, 0)) is None:  # noqa: ASYNC110  # aiokafka has no event for it
                await asyncio.sleep(0.01)
            return 10

        await source.start(slow)
        try:
            assert values(await read_to(source, 100)) == numbered(90, first=10)
        finally:
            await source.stop()


async def test_a_cancelled_poll_loses_nothing(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await read_until(source, lambda _: bool(source.assigned()) and all(source.assigned().values()))
        poll = asyncio.create_task(source.poll(30))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await topic.write(numbered(50))
        assert values(await read_to(source, 50)) == numbered(50)


async def test_a_cancelled_poll_leaves_the_clients_poll_interval_check_alive(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await read_until(source, lambda _: bool(source.assigned()) and all(source.assigned().values()))
        poll = asyncio.create_task(source.poll(0.3))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await read_until(source, lambda _: source._draining is None)
        assert running_fetches(source) == 0


async def test_an_error_of_the_client_leaves_its_poll_interval_check_alive(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(10))
        await kafka.forget(topic.name, 0, before=5)
        topic.positions[f"{topic.name}/0"] = 0
        async with topic.reading() as source:
            await read_to(source, 10)
            await read_until(source, lambda _: source._draining is None)
            assert running_fetches(source) == 0


async def test_what_was_fetched_before_a_rewind_is_not_delivered_after_it(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await read_until(source, lambda _: bool(source.assigned()) and all(source.assigned().values()))
        poll = asyncio.create_task(source.poll(30))
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await topic.write(numbered(50))
        assert source._draining is not None
        await asyncio.wait({source._draining}, timeout=30)
        topic.positions[f"{topic.name}/0"] = 20
        await source.rewind(f"{topic.name}/0")
        assert values(await read_to(source, 50)) == numbered(30, first=20)


async def test_a_fenced_worker_goes_on_where_the_store_is(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(100))
        async with topic.reading() as source:
            await read_to(source, 100)
            topic.positions[f"{topic.name}/0"] = 70
            await source.rewind(f"{topic.name}/0")
            assert (values(await read_to(source, 100)), source.counts().rewinds) == (numbered(30, first=70), 1)


async def test_records_that_retention_took_are_booked_as_a_gap(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(100))
        topic.positions[f"{topic.name}/0"] = 20
        await kafka.forget(topic.name, 0, before=60)
        async with topic.reading() as source:
            batches = await read_to(source, 100)
            assert summary(batches)[:1] == [(f"{topic.name}/0", 20, 60, 40, 0)]
            assert values(batches) == numbered(40, first=60)
            assert (source.counts().gaps, source.counts().gap_offsets) == (1, 40)


async def test_a_log_that_no_longer_starts_at_zero_is_begun_without_a_gap(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(100))
        await kafka.forget(topic.name, 0, before=60)
        async with topic.reading() as source:
            batches = await read_to(source, 100)
            assert (batches[0].lo, sum(batch.gap for batch in batches)) == (60, 0)


async def test_a_position_beyond_the_end_fails_with_the_way_out(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write(numbered(5))
        topic.positions[f"{topic.name}/0"] = 500
        async with topic.reading() as source:
            with pytest.raises(SourceFailed, match="continues at offset 500, which the broker does not have"):
                await read_to(source, 501)


async def test_a_topic_that_does_not_exist_is_named(kafka: Cluster) -> None:
    topic = Topic(kafka, "no-such-topic")
    with pytest.raises(SourceFailed, match="no-such-topic is not at"):
        async with topic.reading():
            pass


async def test_a_transactions_marker_is_booked(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write_transaction([b"a", b"b"], commit=True)
        await topic.write([b"c"])
        batches = await read_to(source, 4)
        assert (values(batches), sum(batch.gap for batch in batches)) == ([b"a", b"b", b"c"], 1)


async def test_records_of_an_aborted_transaction_are_booked_and_not_delivered(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write_transaction([b"a", b"b"], commit=False)
        await topic.write([b"c"])
        batches = await read_to(source, 4)
        assert (values(batches), sum(batch.gap for batch in batches)) == ([b"c"], 3)


async def test_a_partition_that_ends_in_a_marker_is_read_to_its_end(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write_transaction([b"a"], commit=True)
        await read_to(source, 2)
        assert dict(source.assigned()) == {f"{topic.name}/0": True}


async def test_offsets_that_compaction_removed_are_booked(kafka: Cluster) -> None:
    compact = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001"}
    async with new_topic(kafka, configs={**compact, "max.compaction.lag.ms": "200"}) as topic:
        await topic.write(numbered(50))
        await until_compacted(topic)
        async with topic.reading() as source:
            batches = await read_until(source, lambda got: b"last" in values(got))
            delivered, gaps = len(records(batches)), sum(batch.gap for batch in batches)
            assert (gaps > 0, delivered + gaps) == (True, batches[-1].hi - batches[0].lo)


async def until_compacted(topic: Topic) -> None:
    """Write until the broker has removed the first record: a segment is rolled only by a write after its time."""
    for round_ in range(100):
        await topic.write([b"last" if round_ else b"roll"])
        probe = Topic(topic.cluster, topic.name)
        async with probe.reading("probe", group=f"probe-{topic.name}-{round_}") as source:
            if records(await read_until(source, lambda got: bool(records(got))))[0].offset > 0:
                return
    raise AssertionError("the broker does not compact")


async def test_a_corrupt_batch_costs_its_neighbours_nothing(kafka: Cluster) -> None:
    if not kafka.brokers:
        lacking("corrupting a log file needs a broker of our own")
    async with new_topic(kafka, partitions=2) as topic:
        await topic.write(numbered(3_000), partition=0)
        await topic.write(numbered(10), partition=1)
        [log] = kafka.brokers[0].folder.glob(f"data/{topic.name}-1/*.log")
        corrupt = bytearray(log.read_bytes())
        corrupt[-1] ^= 0xFF
        log.write_bytes(corrupt)
        healthy: list[bytes | None] = []
        failures = 0
        while (len(healthy) < 3_000 or not failures) and failures < 10:
            async with topic.reading() as source:
                try:
                    for batch in await read_until(source, bool):
                        topic.positions[batch.partition] = batch.hi
                        healthy += values([batch]) if batch.partition.endswith("/0") else []
                except SourceFailed:
                    failures += 1
        assert (healthy, failures > 0) == (numbered(3_000), True)
