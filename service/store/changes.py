"""What one commit changes: the delta of each partition, ready to be applied in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerting.finding import EventKind, Stream
from detectors.baseline import Counts


@dataclass(frozen=True, slots=True, order=True)
class ModelKey:
    """A model version, or a feature view and its version, within one kind of event."""

    kind: EventKind
    model: str
    version: str


@dataclass(slots=True)
class PaneDelta:
    """Counts to add to one stream's pane of one tick; `counts` is empty while the model version is learning."""

    events: int
    last_row: int
    counts: Counts | None
    baseline: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not become an event, and why."""

    offset: int
    reason: str
    detail: str
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(slots=True)
class Outcomes:
    """What became of the records of a range; the six add up to its length."""

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    dead: int = 0
    filtered: int = 0
    gap: int = 0

    def total(self) -> int:
        """Records accounted for."""
        return self.accepted + self.duplicate + self.late + self.dead + self.filtered + self.gap


@dataclass(frozen=True, slots=True)
class PartitionDelta:
    """Everything the offsets lo <= offset < hi of one partition add to the store.

    `baselines` names the baseline that each model version was folded with ("" while learning) and `closed` the clock
    it was folded under; `apply` refuses the delta when either has moved, and the range is then read and folded again.
    """

    source: str
    partition: str
    lo: int
    hi: int
    outcomes: Outcomes
    time_max_ms: int | None
    end: int | None
    closed: int | None
    panes: Mapping[tuple[Stream, int], PaneDelta] = field(default_factory=dict)
    seen: Mapping[int, Sequence[int]] = field(default_factory=dict)
    dead_letters: Sequence[DeadLetter] = ()
    learned: Mapping[ModelKey, Sequence[bytes]] = field(default_factory=dict)
    baselines: Mapping[ModelKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did: partitions whose delta was refused, with the reason, must be read again from the store."""

    refused: Mapping[tuple[str, str], str]
