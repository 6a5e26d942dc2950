"""A worker in a process of its own, to be killed: `python -m tests.kafka.worker BOOTSTRAP TOPIC SESSION_SECONDS`."""

import asyncio
import sys

from tests.kafka.cluster import Cluster
from tests.kafka.topic import Topic


async def main(bootstrap: str, topic: str, session_seconds: str) -> None:
    """Read the topic for ever and say on each change which partitions are ours."""
    said: list[str] = []
    async with Topic(Cluster.at(bootstrap), topic).reading("victim", session_timeout_seconds=session_seconds) as source:
        while True:
            await source.poll(0.1)
            held = sorted(source.assigned())
            if held != said:
                said = held
                sys.stdout.write(" ".join(held) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
