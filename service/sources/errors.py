"""What a source raises."""


class SourceFailed(Exception):
    """Only a new source can help: the supervisor stops this one and builds another from the store's offsets."""


class KafkaUnusable(Exception):
    """The settings or the installation rule out reading Kafka; building the source again would not help."""
