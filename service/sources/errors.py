"""What a source raises."""


class SourceFailed(Exception):  # noqa: N818  # it says what happened
    """Only a new source can help: the supervisor stops this one and builds another from the store's offsets."""
