"""Brokers that stop, die and hang: reading resumes by itself, or the source says that it cannot."""

import itertools
import signal
import time
from collections.abc import Callable

import pytest

from service.sources.errors import SourceFailed
from service.sources.kafka import KafkaSource
from tests.components.need import lacking
from tests.kafka.cluster import Cluster
from tests.kafka.topic import Topic, new_topic, read_to, read_until, values

pytestmark = pytest.mark.kafka


def hasty(topic: Topic, step_seconds: float) -> KafkaSource:
    """Give a source for which every look at the clock finds this much time gone by."""
    ticks: Callable[[], float] = itertools.count(0, step_seconds).__next__
    return KafkaSource(topic.settings(), password=None, monotonic=ticks, worker="hasty")


async def test_reading_resumes_within_30_seconds_of_a_broker_restart(kafka: Cluster) -> None:
    if not kafka.brokers:
        lacking("restarting a broker needs one of our own")
    async with new_topic(kafka) as topic, topic.reading() as source:
        await topic.write([b"before"])
        await read_to(source, 1)
        kafka.brokers[0].stop()
        kafka.brokers[0].start()
        await kafka.ready(1)
        began = time.monotonic()
        await topic.write([b"after"])
        batches = await read_to(source, 2)
        assert (values(batches), time.monotonic() - began < 30) == ([b"after"], True)


async def test_a_dead_leader_is_survived_without_loss_or_repeats(kafka_cluster: Cluster) -> None:
    async with new_topic(kafka_cluster, replicas=3, configs={"min.insync.replicas": "2"}) as topic:
        async with topic.reading() as source:
            await topic.write([b"%d" % n for n in range(100)])
            read = await read_to(source, 100)
            leader = kafka_cluster.brokers[await topic.leader() - 1]
            leader.kill()
            await topic.write([b"%d" % n for n in range(100, 200)])
            read += await read_to(source, 200)
        leader.start()
        await kafka_cluster.ready(3)
        assert values(read) == [b"%d" % n for n in range(200)]


async def test_a_broker_that_hangs_fails_the_source(kafka: Cluster) -> None:
    if not kafka.brokers or kafka.brokers[0].process is None:
        lacking("freezing a broker needs one of our own")
    async with new_topic(kafka) as topic:
        source = hasty(topic, step_seconds=7)
        await source.start(topic.position)
        try:
            await read_until(source, lambda _: bool(source.assigned()) and all(source.assigned().values()))
            kafka.brokers[0].process.send_signal(signal.SIGSTOP)
            with pytest.raises(
                SourceFailed, match=r"without progress or an answer for 6\d s; kafka\.stall_seconds_max is 60"
            ):
                await read_until(source, bool, poll_seconds=0.05)
        finally:
            kafka.brokers[0].process.send_signal(signal.SIGCONT)
            await source.stop()


async def test_a_healthy_partition_without_traffic_never_fails(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        source = hasty(topic, step_seconds=30)
        await source.start(topic.position)
        try:
            await read_until(source, lambda _: bool(source.assigned()) and all(source.assigned().values()))
            assert [list(await source.poll(0.7)) for _ in range(4)] == [[]] * 4
        finally:
            await source.stop()


async def test_a_topic_that_is_deleted_under_us_fails_the_source(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic, topic.reading(stall_seconds_max=1) as source:
        await topic.write([b"a"])
        await read_to(source, 1)
        await kafka.delete(topic.name)
        with pytest.raises(SourceFailed, match="is no longer there"):
            await read_until(source, bool)


async def test_a_cluster_that_is_not_there_is_named() -> None:
    topic = Topic(Cluster.at("127.0.0.1:1"), "any")
    with pytest.raises(
        SourceFailed, match=r"kafka\.bootstrap 127\.0\.0\.1:1: no broker took us in with kafka\.security PLAINTEXT"
    ):
        async with topic.reading():
            pass
