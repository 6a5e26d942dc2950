"""Some nodes of a real Apache Kafka as one cluster, and what tests do to its topics."""

import asyncio
import base64
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.structs import TopicPartition

from tests.kafka.broker import Broker, free_ports


class Cluster:
    """`nodes` brokers that are also the controllers; `bootstrap` is where clients begin.

    A cluster made by `at` is one that somebody else runs: it has no brokers to stop or restart.
    """

    def __init__(self, jars: Path, nodes: int = 1) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="driftwarden-kafka-"))
        ports = free_ports(2 * nodes)
        voters = ",".join(f"{node + 1}@127.0.0.1:{ports[nodes + node]}" for node in range(nodes))
        self.brokers = [
            Broker(
                jars,
                self.folder / f"node-{node + 1}",
                node + 1,
                f"127.0.0.1:{ports[node]}",
                _properties(node + 1, nodes, ports[node], ports[nodes + node], voters),
            )
            for node in range(nodes)
        ]
        self.bootstrap = ",".join(broker.listener for broker in self.brokers)

    @classmethod
    def at(cls, bootstrap: str) -> "Cluster":
        """A cluster that is already running somewhere."""
        cluster = cls.__new__(cls)
        cluster.bootstrap = bootstrap
        cluster.brokers = []
        return cluster

    def start(self, *format_options: str) -> None:
        """Format and start every node; returns once the cluster answers."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for broker in self.brokers:
            broker.format(cluster_id, *format_options)
        for broker in self.brokers:
            broker.start()
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(self.ready(len(self.brokers)))

    def stop(self) -> None:
        for broker in self.brokers:
            broker.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self, nodes: int, seconds_max: float = 60) -> None:
        """Wait until this many brokers are registered and a topic could be created, by asking the cluster itself."""
        give_up = time.monotonic() + seconds_max
        while True:
            # A bare connection first: the client logs an error for each refused one.
            with suppress(KafkaError, OSError):
                for broker in self.brokers:
                    host, port = broker.listener.split(":")
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                async with self.admin() as admin:
                    if len((await admin.describe_cluster())["brokers"]) >= nodes:
                        return
            if time.monotonic() > give_up:
                raise RuntimeError("no cluster:\n" + "\n".join(broker.said() for broker in self.brokers))
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=10_000)
        await client.start()
        try:
            yield client
        finally:
            await client.close()

    async def create(
        self, topic: str, partitions: int = 1, replicas: int = 1, configs: Mapping[str, str] | None = None
    ) -> None:
        wanted = NewTopic(topic, partitions, replicas, topic_configs=dict(configs or {}))
        async with self.admin() as admin:
            answer = await admin.create_topics([wanted])
            for _, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(topic)
            await _until_led(admin, topic, partitions)

    async def delete(self, topic: str) -> None:
        async with self.admin() as admin:
            await admin.delete_topics([topic])

    async def grow(self, topic: str, partitions: int) -> None:
        """Add partitions to a topic until it has this many."""
        async with self.admin() as admin:
            await admin.create_partitions({topic: NewPartitions(partitions)})
            await _until_led(admin, topic, partitions)

    async def forget(self, topic: str, partition: int, before: int) -> None:
        """Delete the records before this offset, as retention would."""
        async with self.admin() as admin:
            await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before_offset=before)})


async def _until_led(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> None:
    for _ in range(300):
        described = (await admin.describe_topics([topic]))[0]
        led = [one for one in described["partitions"] if one["leader"] >= 0 and not one["error_code"]]
        if len(led) == partitions:
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"topic {topic} has no leaders: {described}")


def _properties(node: int, nodes: int, port: int, controller_port: int, voters: str) -> dict[str, str | int]:
    replicas, in_sync = min(3, nodes), 1 if nodes == 1 else 2
    return {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": "data",
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,
        # Sessions shorter than Kafka's own minimum let a test wait two seconds, not six, for a dead consumer.
        "group.min.session.timeout.ms": 500,
        # A dead node is noticed after two seconds instead of nine.
        "broker.session.timeout.ms": 2_000,
        "broker.heartbeat.interval.ms": 300,
        "auto.create.topics.enable": "false",
        "log.cleaner.backoff.ms": 100,
        "log.message.timestamp.type": "CreateTime",
        "num.io.threads": 2,
        "num.network.threads": 2,
        "background.threads": 2,
        "log.cleaner.dedupe.buffer.size": 4_194_304,
    }
