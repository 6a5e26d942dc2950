"""Telling the group, over a client that is slow or refuses."""

import asyncio
from collections.abc import Mapping

from aiokafka.errors import CommitFailedError
from aiokafka.structs import TopicPartition

from service.sources.kafka_group import GroupOffsets

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class Client:
    """Takes commits one at a time, as long as it is told to, for partition A only."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.go = asyncio.Event()
        self.told: list[Mapping[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        return {A}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.told.append(offsets)
        await self.go.wait()
        if self.failures:
            self.failures -= 1
            raise CommitFailedError


async def test_what_comes_during_a_commit_is_merged_into_the_next() -> None:
    client, group = Client(), GroupOffsets()
    for offset in (1, 2, 3):
        group.tell(client, {A: offset})
        await asyncio.sleep(0)
    client.go.set()
    await group.settle(5)
    assert client.told == [{A: 1}, {A: 3}]


async def test_a_refused_commit_is_counted() -> None:
    client, group = Client(failures=1), GroupOffsets()
    client.go.set()
    group.tell(client, {A: 1})
    await group.settle(5)
    assert (group.commits, group.failures) == (0, 1)


async def test_the_commit_after_a_refused_one_is_sent() -> None:
    client, group = Client(failures=1), GroupOffsets()
    client.go.set()
    for offset in (1, 2):
        group.tell(client, {A: offset})
        await asyncio.sleep(0)
    await group.settle(5)
    assert (client.told, group.commits) == ([{A: 1}, {A: 2}], 1)


async def test_partitions_we_do_not_hold_are_left_out() -> None:
    client, group = Client(), GroupOffsets()
    client.go.set()
    group.tell(client, {A: 1, B: 2})
    await group.settle(5)
    assert client.told == [{A: 1}]


async def test_nothing_is_sent_for_partitions_of_others_alone() -> None:
    client, group = Client(), GroupOffsets()
    group.tell(client, {B: 2})
    await group.settle(5)
    assert client.told == []


async def test_settling_gives_up_on_a_client_that_hangs() -> None:
    client, group = Client(), GroupOffsets()
    group.tell(client, {A: 1})
    await group.settle(0.01)
    assert (group.commits, group.failures) == (0, 0)
