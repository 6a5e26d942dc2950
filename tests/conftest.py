"""What every test may ask for; the code is in the folders that the names come from."""

from tests.kafka.fixtures import kafka, kafka_cluster

__all__ = ["kafka", "kafka_cluster"]
