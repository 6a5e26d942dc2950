"""What the Kafka source counts about itself, for the metrics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KafkaCounts:
    """Events in the life of one worker's Kafka reading, across the consumers that were built for it."""

    rebalances: int = 0
    rebuilds: int = 0
    rewinds: int = 0
    """Partitions read again from the store's position, mostly because a commit of ours was fenced."""
    gaps: int = 0
    """Ranges of offsets that no longer exist and were booked."""
    gap_offsets: int = 0
    """Offsets in those ranges."""
    rereads: int = 0
    """Times a range was fetched a second time because the first answer skipped offsets."""
    dropped: int = 0
    """Records handed over before their partition was ready or a second time; they were or will be read in order."""
    commits: int = 0
    commit_failures: int = 0
