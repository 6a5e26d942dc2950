"""Several workers and changing partitions: everything is read by somebody, and from where the store is."""

import asyncio
import sys
from collections.abc import Sequence

import pytest

from service.events.record import Batch
from service.sources.kafka import KafkaSource
from tests.kafka.cluster import Cluster
from tests.kafka.topic import Topic, new_topic, read_to, values

pytestmark = pytest.mark.kafka


def held(source: KafkaSource) -> list[int]:
    return sorted(int(name.rsplit("/", 1)[1]) for name in source.assigned())


async def settle(sources: Sequence[KafkaSource], shares: Sequence[int]) -> list[Batch]:
    """Poll all until they hold this many partitions each, all of them placed and read to the end."""
    batches: list[Batch] = []
    for _ in range(300):
        for got in await asyncio.gather(*(source.poll(0.05) for source in sources)):
            batches.extend(got)
        ends = [source.assigned() for source in sources]
        if [len(end) for end in ends] == list(shares) and all(all(end.values()) for end in ends):
            return batches
    raise AssertionError(f"shares are {[held(source) for source in sources]}")


async def test_two_workers_share_the_partitions(kafka: Cluster) -> None:
    async with new_topic(kafka, partitions=4) as topic, topic.reading("w1") as one, topic.reading("w2") as two:
        await settle([one, two], [2, 2])
        assert sorted(held(one) + held(two)) == [0, 1, 2, 3]


async def test_a_second_worker_continues_from_the_store(kafka: Cluster) -> None:
    async with new_topic(kafka, partitions=2) as topic, topic.reading("w1") as one:
        for partition in (0, 1):
            await topic.write([b"%d" % n for n in range(10)], partition)
        topic.store(await settle([one], [2]))
        async with topic.reading("w2") as two:
            await settle([one, two], [1, 1])
            for partition in (0, 1):
                await topic.write([b"new"], partition)
            later = [batch for source in (one, two) for batch in await read_to(source, 11)]
            assert [(batch.lo, values([batch])) for batch in later] == [(10, [b"new"]), (10, [b"new"])]


async def test_a_killed_workers_partitions_move_to_the_other(kafka: Cluster) -> None:
    async with new_topic(kafka, partitions=4) as topic:
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kafka.worker", kafka.bootstrap, topic.name, "2", stdout=asyncio.subprocess.PIPE
        )
        assert victim.stdout is not None
        first = await victim.stdout.readline()
        async with topic.reading("w1", session_timeout_seconds=2) as survivor:
            await settle([survivor], [2])
            victim.kill()
            for partition in range(4):
                await topic.write([b"x"], partition)
            batches: list[Batch] = []
            while len({batch.partition for batch in batches}) < 4:
                batches += await survivor.poll(0.2)
                topic.store(batches)
            assert (len(first.split()), held(survivor), values(batches)) == (4, [0, 1, 2, 3], [b"x"] * 4)


@pytest.mark.parametrize("begin", ["earliest", "latest"])
async def test_a_partition_added_live_is_read_from_its_first_record(kafka: Cluster, begin: str) -> None:
    async with new_topic(kafka) as topic, topic.reading(begin=begin) as source:
        await settle([source], [1])
        await kafka.grow(topic.name, 2)
        await topic.write([b"a", b"b"], partition=1)
        batches = await read_to(source, 2, partition=f"{topic.name}/1")
        assert (batches[0].lo, values(batches)) == (0, [b"a", b"b"])


async def test_a_partition_added_while_we_were_down_is_read_from_its_first_record(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        topic.positions[f"{topic.name}/0"] = 0
        await kafka.grow(topic.name, 2)
        await topic.write([b"a", b"b"], partition=1)
        async with topic.reading(begin="latest") as source:
            assert values(await read_to(source, 2, partition=f"{topic.name}/1")) == [b"a", b"b"]


async def test_latest_begins_at_the_end(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write([b"old"])
        async with topic.reading(begin="latest") as source:
            await settle([source], [1])
            await topic.write([b"new"])
            assert values(await read_to(source, 2)) == [b"new"]


async def test_latest_keeps_its_beginning_over_a_restart_before_the_first_record(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write([b"old"])
        async with topic.reading(begin="latest") as source:
            await settle([source], [1])
        await topic.write([b"new"])
        async with topic.reading(begin="latest") as source:
            assert values(await read_to(source, 2)) == [b"new"]


async def test_the_group_is_told_what_the_store_committed(kafka: Cluster) -> None:
    async with new_topic(kafka) as topic:
        await topic.write([b"a", b"b", b"c"])
        async with topic.reading() as source:
            await read_to(source, 3)
            await source.committed({f"{topic.name}/0": 2})
        assert (await told(topic), source.counts().commits) == (2, 1)


async def told(topic: Topic) -> int:
    """Ask the broker for the group's offset of the only partition."""
    async with topic.cluster.admin() as admin:
        offsets = await admin.list_consumer_group_offsets(topic.settings().group)
    [offset] = [one.offset for one in offsets.values()]
    return int(offset)
